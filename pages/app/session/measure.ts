// What is measured of a frame: its score, whether it has left all bounds; mean and spread of several. Plain functions,
// run in a worker: a large grid takes longer than a frame of the screen.

import { frameMetric, summarizeMembers } from "walrus/metrics";
import { type FrameNumbers, QUANTILES } from "../scene.ts";
import { Checks, type ChecksStart, type StepChecks } from "./checks.ts";

/** A forecast has diverged when it lies this many times the input's range beyond it. */
export const FAR = 40;

/** A scene's measures: what stays the same from step to step. */
export interface MeasureStart {
  readonly kind: "begin";
  readonly scene: number;
  /** 1 for hidden cells; null: none. */
  readonly hidden: Uint8Array | null;
  /** The last input frame. */
  readonly last: FrameNumbers;
  /** Lowest and highest number of each quantity in the input. */
  readonly ranges: readonly (readonly [number, number])[];
  /** What physics and ensembles are checked with. */
  readonly checks: ChecksStart;
}

/** A step to measure. */
export interface MeasureStep {
  readonly kind: "step";
  readonly scene: number;
  readonly step: number;
  readonly truth: FrameNumbers | null;
  readonly frames: Readonly<Record<string, FrameNumbers>>;
  /** Those of them that are members of an ensemble. */
  readonly members: readonly string[];
}

/** A quantity that has left all bounds. */
export interface Wild {
  readonly quantity: number;
  /** How many times the input's range; null: not finite. */
  readonly times: number | null;
}

/** What was measured of a step. */
export interface Measured {
  readonly scene: number;
  readonly step: number;
  /** By track, `persistence` among them, then by quantity; empty without truth. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
  readonly wild: Wild | null;
  readonly mean: FrameNumbers | null;
  readonly spread: FrameNumbers | null;
  /** In the order of QUANTILES; empty without members. */
  readonly quantiles: readonly FrameNumbers[];
  readonly checks: StepChecks;
}

/** What came before, by scene. */
const checks = new WeakMap<MeasureStart, Checks>();

function checksOf(start: MeasureStart): Checks {
  const known = checks.get(start) ?? new Checks(start.checks);
  checks.set(start, known);
  return known;
}

/** Numbers with those of hidden cells set to 0. */
function seen(values: Float32Array, hidden: Uint8Array | null): Float32Array {
  return hidden ? values.map((value, i) => hidden[i] ? 0 : value) : values;
}

/** VRMSE of every quantity; NaN where one of the frames is not there. */
export function scoresOf(frame: FrameNumbers, truth: FrameNumbers, hidden: Uint8Array | null): number[] {
  return frame.map((values, q) => {
    const own = truth[q];
    return values && own ? frameMetric("VRMSE", seen(values, hidden), seen(own, hidden), 1)[0]! : NaN;
  });
}

/** The first quantity that is not finite or far beyond the input; null: none. */
export function wildOf(
  frame: FrameNumbers,
  { ranges, hidden }: Pick<MeasureStart, "ranges" | "hidden">,
): Wild | null {
  for (const [quantity, values] of frame.entries()) {
    const [low, high] = ranges[quantity]!;
    const range = high - low || Math.abs(high) || 1;
    let most = 0;
    for (const [i, value] of values?.entries() ?? []) {
      if (hidden?.[i]) continue;
      if (!Number.isFinite(value)) return { quantity, times: null };
      most = Math.max(most, (value - high) / range, (low - value) / range);
    }
    if (most > FAR) return { quantity, times: most };
  }
  return null;
}

/** Mean of several frames, their standard deviation with n - 1, and their quantiles. */
export function summaryOf(
  frames: readonly FrameNumbers[],
): { mean: FrameNumbers; spread: FrameNumbers; quantiles: readonly FrameNumbers[] } {
  const all = frames[0]!.map((_, q) => summarizeMembers(frames.map((frame) => frame[q]!), QUANTILES));
  return {
    mean: all.map(({ mean }) => mean),
    spread: all.map(({ spread }) => spread),
    quantiles: QUANTILES.map((_, p) => all.map(({ quantiles }) => quantiles[p]!)),
  };
}

/** All measures of a step. */
export function measure(start: MeasureStart, step: MeasureStep): Measured {
  const { truth, frames, members } = step;
  const { hidden } = start;
  const ensemble = members.length > 1 ? summaryOf(members.map((id) => frames[id]!)) : null;
  const scored: Record<string, FrameNumbers> = { ...frames, persistence: start.last };
  if (ensemble) scored.mean = ensemble.mean;
  const scores = truth
    ? Object.fromEntries(Object.entries(scored).map(([id, frame]) => [id, scoresOf(frame, truth, hidden)]))
    : {};
  let wild: Wild | null = null;
  for (const frame of Object.values(frames)) wild ??= wildOf(frame, start);
  return {
    scene: step.scene,
    step: step.step,
    scores,
    wild,
    mean: ensemble?.mean ?? null,
    spread: ensemble?.spread ?? null,
    quantiles: ensemble?.quantiles ?? [],
    checks: checksOf(start).step(
      step.step,
      truth,
      ensemble ? { ...frames, mean: ensemble.mean } : frames,
      members,
    ),
  };
}
