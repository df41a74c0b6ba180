// Scores of one predicted frame against the true one: every per-frame metric and the spectral bins of evaluation.md.

import { frameMetrics, spectralError } from "walrus/metrics";
import type { Score } from "./evaluation.ts";
import type { FrameScores } from "./units.ts";

const BINS = [0, 1, 2] as const;

/** A number as JSON has it. */
export function scoreOf(value: number): Score {
  return Number.isFinite(value) ? value : null;
}

/**
 * Scores of a frame.
 *
 * @param predicted components
 * @param truth the same
 * @param shape points on three axes
 * @returns metric, then a number a component
 */
export function scoreFrame(
  predicted: readonly Float32Array[],
  truth: readonly Float32Array[],
  shape: readonly number[],
): FrameScores {
  const scores: Record<string, Score[]> = {};
  const add = (name: string, value: number) => void (scores[name] ??= []).push(scoreOf(value));
  for (const [c, own] of predicted.entries()) {
    for (const [name, [value]] of Object.entries(frameMetrics(own, truth[c]!, 1))) add(name, value!);
    const { mse, nmse } = spectralError(own, truth[c]!, shape);
    for (const bin of BINS) add(`spectral_error_mse_per_bin_${bin}`, mse[bin]!);
    for (const bin of BINS) add(`spectral_error_nmse_per_bin_${bin}`, nmse[bin]!);
  }
  return scores;
}
