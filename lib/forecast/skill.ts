// Skill on held-out data: the VRMSE of every field, one step ahead of many windows and along rollouts
// (evaluation.md sections 1 and 4). Anything that continues a window can be scored, also the trivial forecasts.

import type { Split } from "../data/split.ts";
import type { Window, WindowPlace } from "../data/window.ts";
import { frameMetric } from "../metrics/frame.ts";
import { type ForecastModel, rollout, type RolloutOptions } from "./rollout.ts";

/** Continues a window by frames `[X, Y, Z, C]`. */
export type Forecaster = (start: Window, steps: number) => AsyncIterable<Float32Array>;

/** A model as a forecaster. */
export function modelForecast(model: ForecastModel, options: Omit<RolloutOptions, "steps">): Forecaster {
  return async function* (start, steps) {
    for await (const frame of rollout(model, start, { ...options, steps })) yield frame.values;
  };
}

/** The last frame, `back` frames before the end. */
function frameOf({ frames, times }: Window, back: number): Float32Array {
  const size = frames.length / times.length;
  const from = frames.length - size * (back + 1);
  return frames.subarray(from, from + size);
}

/**
 * The last frame, kept.
 *
 * @param start window
 * @param steps frames to predict
 */
export async function* persistence(start: Window, steps: number): AsyncGenerator<Float32Array, void, void> {
  for (let step = 1; step <= steps; step++) yield frameOf(start, 0);
}

/**
 * The last increment, repeated; a window of one frame is kept.
 *
 * @param start window
 * @param steps frames to predict
 */
export async function* linearExtrapolation(
  start: Window,
  steps: number,
): AsyncGenerator<Float32Array, void, void> {
  const last = frameOf(start, 0);
  const before = start.times.length > 1 ? frameOf(start, 1) : last;
  for (let step = 1; step <= steps; step++) yield last.map((v, i) => v + step * (v - before[i]!));
}

/** VRMSE of a window's real channels; hidden cells count as zero in both. */
function score(window: Window, predicted: Float32Array, truth: Float32Array): Record<string, number> {
  const channels = window.channels.length;
  const { hidden } = window;
  const masked = (values: Float32Array) =>
    hidden ? values.map((v, i) => hidden[Math.floor(i / channels)] ? 0 : v) : values;
  const values = frameMetric("VRMSE", masked(predicted), masked(truth), channels);
  const real = [...window.channels.keys()].filter((c) => window.channelMask[c] === 1);
  return Object.fromEntries(real.map((c) => [window.channels[c]!, values[c]!]));
}

/**
 * VRMSE of every field one step after some windows.
 *
 * @param forecast what is scored
 * @param split held-out data
 * @param frames input frames
 * @param places first frames of the windows
 * @returns one record a window
 */
export async function scoreWindows(
  forecast: Forecaster,
  split: Split,
  frames: number,
  places: readonly WindowPlace[],
): Promise<Record<string, number>[]> {
  const scores: Record<string, number>[] = [];
  for (const place of places) {
    const start = await split.window(place, frames, 1);
    const truth = await split.trajectory(place.file, place.trajectory).frame(place.from + frames);
    for await (const values of forecast(start, 1)) scores.push(score(start, values, truth.values));
  }
  return scores;
}

/**
 * VRMSE, mean over fields, of every step of rollouts from the first frames of some trajectories.
 *
 * @param forecast what is scored
 * @param split held-out data
 * @param frames input frames
 * @param trajectories by file and index
 * @param steps most steps; fewer where a trajectory ends
 * @returns one curve a trajectory that has a step
 */
export async function scoreRollouts(
  forecast: Forecaster,
  split: Split,
  frames: number,
  trajectories: readonly Pick<WindowPlace, "file" | "trajectory">[],
  steps: number,
): Promise<number[][]> {
  const curves: number[][] = [];
  for (const { file, trajectory: index } of trajectories) {
    const trajectory = split.trajectory(file, index);
    const possible = Math.min(steps, trajectory.steps - frames);
    if (possible < 1) continue;
    const start = await trajectory.window({ from: 0, length: frames });
    const curve: number[] = [];
    for await (const values of forecast(start, possible)) {
      const truth = await trajectory.frame(frames + curve.length);
      curve.push(mean(Object.values(score(start, values, truth.values))));
    }
    curves.push(curve);
  }
  return curves;
}

/**
 * Middle value; mean of the two middle ones of an even number of values; NaN of none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(median([3, 1, 2, 10]), 2.5);
 * ```
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}

/** Mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
