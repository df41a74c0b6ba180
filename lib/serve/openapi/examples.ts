// Requests that can be sent as they stand: the document has them, tests send them.

const [FRAMES, POINTS] = [2, 8];

/** A wave that moves by a point from frame to frame, to two decimals. */
function wave(phase: number): number[] {
  const numbers: number[] = [];
  for (let t = 0; t < FRAMES; t++) {
    for (let x = 0; x < POINTS; x++) {
      for (let y = 0; y < POINTS; y++) {
        numbers.push(Number((0.5 + 0.25 * Math.sin(2 * Math.PI * (x + y - t) / POINTS + phase)).toFixed(2)));
      }
    }
  }
  return numbers;
}

/** A request with its window, of two fields of a reaction. */
export function windowExample(): object {
  const shape = [FRAMES, POINTS, POINTS];
  return {
    steps: 1,
    seed: 1,
    window: {
      name: "waves",
      grid: { axes: ["x", "y"], spacing: 0.125 },
      boundaries: { x: "periodic", y: "periodic" },
      time: 0.5,
      fields: { A: { shape, values: wave(0) }, B: { shape, values: wave(1) } },
    },
  };
}

/** A request for a window of a data set. */
export function dataExample(dataset: string): object {
  return { steps: 2, seed: 1, data: { dataset, trajectory: 0, start: 0 } };
}

/** A problem. */
export function problemExample(): object {
  return {
    type: "urn:walrus:problem:busy",
    title: "Service Unavailable",
    status: 503,
    detail: "2 requests run and 64 wait, at most 64 may",
    reason: "busy",
    instance: "5f8d0c1e-3a52-4c6f-9d53-6a8f0d1b2c3d",
    retryAfter: 4,
  };
}
