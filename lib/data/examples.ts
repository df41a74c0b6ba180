// Which frames of which trajectories make a training example or a forecast (data.md section 2). Places are listed
// trajectory after trajectory, and in each from its first frame on: seeded shuffles depend on this order.

import type { Sample, Split } from "./dataset.ts";

/** An example at the smallest stride. */
export interface Place {
  /** Which trajectory of the split. */
  readonly trajectory: number;
  /** Its frames; places of equally long trajectories share them. */
  readonly frames: readonly number[];
}

/** The examples of a trajectory of some length, at stride 1. */
export type ExampleRule = (steps: number) => readonly (readonly number[])[];

/**
 * Examples of consecutive frames.
 *
 * @param length frames of each
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(consecutive(3)(4), [[0, 1, 2], [1, 2, 3]]);
 * ```
 */
export function consecutive(length: number): ExampleRule {
  return (steps) =>
    Array.from(
      { length: Math.max(0, steps - length + 1) },
      (_, from) => Array.from({ length }, (_, k) => from + k),
    );
}

/**
 * Frames of an example with larger steps between them; the first stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(stretch([2, 3, 4], 5), [2, 7, 12]);
 * ```
 */
export function stretch(frames: readonly number[], stride: number): number[] {
  return frames.map((frame) => frames[0]! + (frame - frames[0]!) * stride);
}

/**
 * Largest stride an example can have; Infinity for one whose frames are one and the same.
 *
 * @param frames at stride 1
 * @param steps frames of the trajectory
 */
export function largestStride(frames: readonly number[], steps: number): number {
  const span = frames.at(-1)! - frames[0]!;
  return span === 0 ? Infinity : Math.floor((steps - frames[0]! - 1) / span);
}

/**
 * Places of all examples of a split.
 *
 * @param split whose trajectories are cut
 * @param rule the examples of each
 * @param stride smallest that is drawn: what does not fit with it is left out
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const split = await data.split();
 * const places = placesOf(split, consecutive(7));
 * assert.deepEqual(places[1], { trajectory: 0, frames: [1, 2, 3, 4, 5, 6, 7] });
 * ```
 */
export function placesOf(split: Split, rule: ExampleRule, stride = 1): Place[] {
  const byLength = new Map<number, readonly (readonly number[])[]>();
  return Array.from({ length: split.trajectories }, (_, trajectory) => {
    const { steps } = split.trajectory(trajectory);
    const fitting = byLength.get(steps) ??
      rule(steps).filter((frames) => frames.length > 0 && largestStride(frames, steps) >= stride);
    byLength.set(steps, fitting);
    return fitting.map((frames): Place => ({ trajectory, frames }));
  }).flat();
}

/** Reads the example at a place. */
export function readPlace(split: Split, { trajectory, frames }: Place, stride = 1): Promise<Sample> {
  return split.trajectory(trajectory).sample(stretch(frames, stride));
}

/** A place in words: file, trajectory, first frame. */
export function describePlace(split: Split, { trajectory, frames }: Place): string {
  return `${split.trajectory(trajectory).name}, frame ${frames[0]}`;
}

/** How a trajectory is cut into the start of a rollout and the frames that it predicts. */
export interface RolloutCut {
  /** Input frames. */
  readonly inputs: readonly number[];
  /** Frames to predict. */
  readonly targets: readonly number[];
}

/** How rollouts are cut. */
export interface RolloutCutOptions {
  /** Frames from one to the next, 1 unless given. */
  readonly stride?: number;
  /** Inputs end just before this frame, so that models of different context predict the same; else they start at 0. */
  readonly startAt?: number;
  /** Most frames to predict. */
  readonly limit?: number;
}

/**
 * Cuts a trajectory for a rollout.
 *
 * @param steps frames of the trajectory; of the shortest one where all are to be cut alike
 * @param inputs input frames
 * @throws RangeError when the inputs would start before the first frame
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(cutRollout(6, 3), { inputs: [0, 1, 2], targets: [3, 4, 5] });
 * assert.deepEqual(cutRollout(9, 2, { startAt: 5, limit: 2 }), { inputs: [3, 4], targets: [5, 6] });
 * ```
 */
export function cutRollout(
  steps: number,
  inputs: number,
  { stride = 1, startAt = 0, limit = Infinity }: RolloutCutOptions = {},
): RolloutCut {
  const from = startAt > 0 ? startAt - inputs * stride : 0;
  if (from < 0) {
    throw new RangeError(
      `Outputs can not start at frame ${startAt}: ${inputs} inputs with stride ${stride} come before`,
    );
  }
  const outputs = Math.floor((steps - Math.max(inputs * stride, startAt)) / stride);
  const frames = (first: number, length: number) =>
    Array.from({ length: Math.max(0, length) }, (_, k) => first + k * stride);
  return {
    inputs: frames(from, inputs),
    targets: frames(from + inputs * stride, Math.min(limit, outputs)),
  };
}
