// What the tests of windows and answers share: samples of every kind, and frames made of them without a network.

import type { Sample } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { type Frame, frameAfter } from "../../lib/forecast/frame.ts";
import { LIMITS, type Limits } from "../../lib/serve/limits.ts";
import { varyingCount } from "../../lib/data/components.ts";

/** A shipped simulation: two scalars on 64 x 64 points. */
export async function grayScott(frames = [0, 1, 2, 3, 4, 5]): Promise<Sample> {
  using data = await openData("examples/data/gray_scott_mini.hdf5");
  return await (await data.split()).trajectory(0).sample(frames);
}

/** A small sample with a vector, a constant scalar and a mask. */
export function small(frames = 3): Sample {
  const info: Sample["info"] = {
    dataset: "cavity",
    grid: {
      system: "cartesian",
      axes: ["x", "y"],
      shape: [8, 9],
      coordinates: [
        Float64Array.from({ length: 8 }, (_, i) => i / 7),
        Float64Array.from({ length: 9 }, (_, i) => 0.1 * i),
      ],
    },
    boundaries: [["wall", "wall"], ["periodic", "periodic"]],
    fields: [
      { name: "pressure", order: 0, constant: false },
      { name: "velocity", order: 1, constant: false },
      { name: "height", order: 0, constant: true },
      { name: "mask", order: 0, constant: true, mask: "hidden" },
    ],
    masked: true,
    scalars: { viscosity: 0.1 },
  };
  const wave = (length: number, phase: number) =>
    Float32Array.from({ length }, (_, i) => Math.sin(0.1 * i + phase));
  const mask = Float32Array.from({ length: 72 }, (_, i) => i % 10 === 3 ? 1 : 0);
  return {
    info,
    times: Float64Array.from({ length: frames }, (_, i) => 0.1 * i),
    values: [wave(72 * frames, 0), wave(144 * frames, 1), wave(72, 2), mask],
    hidden: Uint8Array.from(mask),
  };
}

/** Frames after a window, made without a network: its last frame, a little larger each time. */
export async function* following(
  start: Sample,
  steps: number,
  onFrame = (_: number) => {},
): AsyncGenerator<Frame> {
  const last = start.values.slice(0, varyingCount(start.info)).map((field) =>
    field.subarray(field.length - field.length / start.times.length)
  );
  for (let step = 1; step <= steps; step++) {
    await Promise.resolve();
    onFrame(step);
    const values = last.map((field) => field.map((value) => value * (1 + step / 16)));
    yield frameAfter(start, values, step, start.times.at(-1)! + step / 8);
  }
}

/** Some limits in place of the usual ones. */
export function limits(some: Partial<Limits> = {}): Limits {
  return { ...LIMITS, ...some };
}

/** Chunks of JSON as its text. */
export function jsonText(chunks: Iterable<Uint8Array>): string {
  return new TextDecoder().decode(Uint8Array.from([...chunks].flatMap((chunk) => [...chunk])));
}
