// What can be scored as a forecast, and the two forecasts that need no network: floors for anything trained.

import { frameFromEnd } from "../data/components.ts";
import type { Sample } from "../data/dataset.ts";

/** Continues a sample by frames: of each, the fields that vary, `[..points, ..components]`. */
export type Forecaster = (start: Sample, steps: number) => AsyncIterable<readonly Float32Array[]>;

/**
 * The last frame, kept.
 *
 * @param start at least one frame
 * @param steps frames to predict
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const start = await (await data.split()).trajectory(0).sample([0, 1]);
 * for await (const [A] of persistence(start, 2)) assert.deepEqual(A, start.values[0]!.subarray(64 * 64));
 * ```
 */
export async function* persistence(start: Sample, steps: number): AsyncGenerator<Float32Array[], void, void> {
  for (let step = 1; step <= steps; step++) yield frameFromEnd(start, 0);
}

/**
 * The last increment, repeated; a single frame is kept.
 *
 * @param start at least one frame
 * @param steps frames to predict
 */
export async function* linearExtrapolation(
  start: Sample,
  steps: number,
): AsyncGenerator<Float32Array[], void, void> {
  const last = frameFromEnd(start, 0);
  const before = start.times.length > 1 ? frameFromEnd(start, 1) : last;
  for (let step = 1; step <= steps; step++) {
    yield last.map((values, f) => values.map((v, i) => v + step * (v - before[f]![i]!)));
  }
}
