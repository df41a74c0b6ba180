// From scores of samples to numbers (evaluation.md section 4), with intervals by resampling trajectories and the spread
// over seeds. Where a sample is no number, so is what is made of it.

import { bootstrapInterval, median, resamples, summarize } from "walrus/metrics";
import type { Bootstrap, Curve, MetricScore, Score, Statistic, WindowScore } from "./evaluation.ts";

/** A number with 8 significant digits, null where it is not finite. */
export function rounded(value: number | null | undefined): Score {
  return value === null || value === undefined || !Number.isFinite(value)
    ? null
    : Number(value.toPrecision(8));
}

/** A number as computations take it. */
export function numberOf(score: Score | undefined): number {
  return score ?? NaN;
}

/** Mean; NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Deviation with n - 1; NaN of one. */
export function deviationOf(values: readonly number[]): number {
  return values.length < 2 ? NaN : summarize(values).std;
}

/** Samples of a trajectory, of one seed. */
export interface Group {
  readonly trajectory: number;
  readonly seed: number;
  readonly values: readonly number[];
}

/** Groups by seed: of each, the trajectories in order. */
function bySeed<G extends { readonly seed: number }>(groups: readonly G[]): G[][] {
  const seeds = [...new Set(groups.map(({ seed }) => seed))];
  return seeds.map((seed) => groups.filter((group) => group.seed === seed));
}

/**
 * Resamples of trajectories, made once for each number of them.
 *
 * @param bootstrap how many, seed
 */
export class Resampler {
  readonly #bootstrap: Bootstrap;
  readonly #made = new Map<number, readonly Uint32Array[]>();

  constructor(bootstrap: Bootstrap) {
    this.#bootstrap = bootstrap;
  }

  /**
   * Interval of a statistic over trajectories.
   *
   * @param count trajectories
   * @param statistic of the indices of some of them
   * @returns null for fewer than two, or where a resample has no number
   */
  interval(count: number, statistic: (indices: Uint32Array) => number): readonly [number, number] | null {
    if (count < 2) return null;
    const { resamples: times, seed, level } = this.#bootstrap;
    if (!this.#made.has(count)) this.#made.set(count, resamples(count, { resamples: times, seed }));
    const found = bootstrapInterval(this.#made.get(count)!, statistic, level);
    return found && [rounded(found[0])!, rounded(found[1])!];
  }
}

/**
 * A statistic over samples: medians of each seed, their mean and spread, an interval over trajectories.
 *
 * @param groups samples by trajectory and seed; every seed has the same trajectories
 * @param resampler makes intervals
 */
export function statisticOf(groups: readonly Group[], resampler: Resampler): Statistic {
  const seeds = bySeed(groups);
  const samples = seeds.map((own) => own.flatMap(({ values }) => values));
  const each = (reduce: (values: readonly number[]) => number) =>
    samples.map((values) => values.length > 0 ? reduce(values) : NaN);
  const medians = each(median);
  const count = seeds[0]?.length ?? 0;
  return {
    median: rounded(meanOf(medians)),
    lowerMedian: rounded(meanOf(each((values) => summarize(values).median))),
    mean: rounded(meanOf(each(meanOf))),
    std: rounded(meanOf(each(deviationOf))),
    count: samples[0]?.length ?? 0,
    interval: resampler.interval(
      count,
      (drawn) =>
        meanOf(seeds.map((own) => median([...drawn].flatMap((i) => own[i]?.values as number[] ?? [])))),
    ),
    seeds: medians.map(rounded),
    spread: rounded(deviationOf(medians)),
  };
}

/** A rollout's numbers, step by step. */
export type Steps = Group;

/** Values of the trajectories that have a step. */
function atStep(rollouts: readonly Steps[], step: number): number[] {
  return rollouts.flatMap(({ values }) => step < values.length ? [values[step]!] : []);
}

/** Mean over a window's steps of the median over trajectories. */
function windowValue(rollouts: readonly Steps[], from: number, to: number): number {
  return meanOf(Array.from({ length: to - from + 1 }, (_, i) => median(atStep(rollouts, from - 1 + i))));
}

/**
 * A window's score: per step the median over trajectories, then the mean over the steps; beside it the statistic over
 * trajectories of their own means.
 *
 * @param rollouts numbers of all trajectories and seeds
 * @param window first and last step
 * @param resampler makes intervals
 */
export function windowScore(
  rollouts: readonly Steps[],
  { from, last }: { readonly from: number; readonly last: number },
  resampler: Resampler,
): WindowScore {
  // A trajectory that ends before the window says nothing of it.
  const reaching = rollouts.filter(({ values }) => values.length >= from);
  const seeds = bySeed(reaching);
  const values = seeds.map((own) => windowValue(own, from, last));
  const means = reaching.map((one) => ({ ...one, values: [meanOf(one.values.slice(from - 1, last))] }));
  return {
    value: rounded(meanOf(values)),
    interval: resampler.interval(
      seeds[0]?.length ?? 0,
      (drawn) => meanOf(seeds.map((own) => windowValue([...drawn].flatMap((i) => own[i] ?? []), from, last))),
    ),
    seeds: values.map(rounded),
    spread: rounded(deviationOf(values)),
    trajectories: statisticOf(means, resampler),
  };
}

/**
 * Medians, means and intervals step by step: means over seeds of those over trajectories.
 *
 * @param rollouts numbers of all trajectories and seeds
 * @param resampler makes intervals
 */
export function curveOf(rollouts: readonly Steps[], resampler: Resampler): Curve {
  const longest = Math.max(0, ...rollouts.map(({ values }) => values.length));
  const steps = Array.from({ length: longest }, (_, step) => {
    const having = bySeed(rollouts.filter(({ values }) => step < values.length));
    const over = (reduce: (values: number[]) => number) =>
      meanOf(having.map((own) => reduce(atStep(own, step))));
    const count = having[0]?.length ?? 0;
    const interval = resampler.interval(
      count,
      (drawn) => meanOf(having.map((own) => median([...drawn].map((i) => own[i]?.values[step] ?? NaN)))),
    );
    return { median: rounded(over(median)), mean: rounded(over(meanOf)), interval, count };
  });
  return {
    median: steps.map((one) => one.median),
    mean: steps.map((one) => one.mean),
    low: steps.map(({ interval }) => interval?.[0] ?? null),
    high: steps.map(({ interval }) => interval?.[1] ?? null),
    counts: steps.map(({ count }) => count),
  };
}

/** A metric in short, over samples. */
export function metricScore(samples: readonly number[]): MetricScore {
  const of = (reduce: (values: readonly number[]) => number) =>
    samples.length > 0 ? rounded(reduce(samples)) : null;
  return {
    median: of(median),
    lowerMedian: of((values) => summarize(values).median),
    mean: of(meanOf),
    std: of(deviationOf),
  };
}
