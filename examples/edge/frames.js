// Frames as JSON: `{ info, times, values }` of a sample in, a list of forecast frames out.

/** A sample of what a request holds. */
export function sampleOf({ info, times, values }) {
  return {
    info,
    times: Float64Array.from(times),
    values: values.map((field) => Float32Array.from(field)),
    hidden: null,
  };
}

/** The next frame: its time and its fields. */
export async function framesOf(model, start, steps = 1) {
  const frames = [];
  for await (const { time, values } of model.rollout(start, { steps, seed: 1 })) {
    frames.push({ time, values: values.map((field) => [...field]) });
  }
  return frames;
}
