// Which of two evaluations has the lower error, and whether the trajectories at hand can tell: a paired bootstrap. Both
// are resampled together, so that what makes a trajectory hard for both does not count as a difference.

import { bootstrapInterval, median, resamples } from "walrus/metrics";
import type { Bootstrap, Evaluation, Score, StepWindow } from "../evaluation.ts";
import { type NetworkPair, networkPairs, pairData, type PairedTrajectory } from "./pairing.ts";

/** Trajectories below which no interval is given: resamples of fewer are nearly all there is. */
export const LEAST_TRAJECTORIES = 6;

/** How the second's error differs from the first's. */
export interface Difference {
  /** Name of a data set; null for all together. */
  readonly data: string | null;
  readonly window: string;
  readonly pair: NetworkPair;
  readonly trajectories: number;
  /** Errors of the first and the second; null for all together. */
  readonly values: readonly [Score, Score] | null;
  /** Second / first - 1: -0.1 is an error lower by 10 %; null where it is not finite. */
  readonly change: Score;
  /** Interval of `change`; null where it was refused. */
  readonly interval: readonly [number, number] | null;
  /** Why there is no interval; null where there is one. */
  readonly refused: string | null;
}

/** Two evaluations, compared. */
export interface Comparison {
  readonly pairs: readonly NetworkPair[];
  readonly differences: readonly Difference[];
  /** What differs between the two besides their errors, in sentences. */
  readonly notes: readonly string[];
  readonly bootstrap: Bootstrap;
}

/** Steps of a window; null: windows one step ahead. */
type Steps = Pick<StepWindow, "from" | "to"> | null;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function numberOf(value: Score | undefined): number {
  return value ?? NaN;
}

function scoreOf(value: number): Score {
  return Number.isFinite(value) ? value : null;
}

/** The part of a series that lies in a window. */
function within(series: readonly Score[], steps: Steps): readonly Score[] {
  return steps ? series.slice(steps.from - 1, steps.to) : series;
}

/**
 * The error of some trajectories as reports give it: one step ahead the median over all windows; of steps the mean of
 * the medians over trajectories; the mean over seeds of that.
 */
function errorOf(drawn: readonly (readonly (readonly Score[])[])[], steps: Steps): number {
  const seeds = Math.min(...drawn.map(({ length }) => length));
  return mean([...Array(seeds).keys()].map((seed) => {
    const series = drawn.map((own) => within(own[seed]!, steps));
    if (!steps) return median(series.flat().map(numberOf));
    const longest = Math.max(...series.map(({ length }) => length));
    return mean(
      [...Array(longest).keys()].map((step) =>
        median(series.filter(({ length }) => step < length).map((own) => numberOf(own[step])))
      ),
    );
  }));
}

function refusal(count: number): string | null {
  return count < LEAST_TRAJECTORIES
    ? `${count === 1 ? "1 trajectory" : `${count} trajectories`}, wanted ${LEAST_TRAJECTORIES} or more`
    : null;
}

/** A data set's difference in a window. */
function differenceOf(
  paired: readonly PairedTrajectory[],
  steps: Steps,
  bootstrap: Bootstrap,
): Omit<Difference, "data" | "window" | "pair"> {
  const errors = (indices: ArrayLike<number>) => {
    const drawn = Array.from(indices, (i) => paired[i]!);
    return [drawn.map(({ a }) => a), drawn.map(({ b }) => b)].map((own) => errorOf(own, steps)) as [
      number,
      number,
    ];
  };
  const values = errors([...paired.keys()]);
  const refused = refusal(paired.length);
  const change = (indices: ArrayLike<number>) => {
    const [first, second] = errors(indices);
    return second / first - 1;
  };
  return {
    trajectories: paired.length,
    values: [scoreOf(values[0]), scoreOf(values[1])],
    change: scoreOf(values[1] / values[0] - 1),
    interval: refused
      ? null
      : bootstrapInterval(resamples(paired.length, bootstrap), change, bootstrap.level),
    refused,
  };
}

/** Of all trajectories together: the mean of the logarithms of the ratio of their errors. */
function overall(
  paired: readonly PairedTrajectory[],
  steps: Steps,
  bootstrap: Bootstrap,
): Omit<Difference, "data" | "window" | "pair"> {
  const logs = paired.map(({ a, b }) => Math.log(errorOf([b], steps) / errorOf([a], steps)));
  const change = (indices: ArrayLike<number>) => Math.exp(mean(Array.from(indices, (i) => logs[i]!))) - 1;
  const refused = refusal(paired.length);
  return {
    trajectories: paired.length,
    values: null,
    change: scoreOf(change([...paired.keys()])),
    interval: refused
      ? null
      : bootstrapInterval(resamples(paired.length, bootstrap), change, bootstrap.level),
    refused,
  };
}

/** Windows that both evaluations have, with their steps. */
function windowsOfBoth(a: Evaluation, b: Evaluation): (readonly [string, Steps])[] {
  const same = a.protocol.windows.filter(({ from, to }) =>
    b.protocol.windows.some((other) => other.from === from && other.to === to)
  );
  const windows = same.map((window) => [window.name, window] as const);
  return [["one-step", null], ...windows, ["all", { from: 1, to: Infinity }]];
}

/** Trajectories that reach a window, in both. */
function reaching(paired: readonly PairedTrajectory[], steps: Steps): PairedTrajectory[] {
  const reaches = (own: readonly (readonly Score[])[]) =>
    own.length > 0 && own.every((series) => within(series, steps).length > 0);
  return paired.filter(({ a, b }) => reaches(a) && reaches(b));
}

/** What of the protocols differs. */
function protocolNotes(a: Evaluation, b: Evaluation): string[] {
  const of = (what: string, [first, second]: readonly [unknown, unknown]) =>
    first === second ? [] : [`${what}: ${first} in the first, ${second} in the second`];
  const names = (own: Evaluation) => new Set(own.datasets.map(({ name }) => name));
  const only = (own: Evaluation, other: Evaluation, which: string) => {
    const found = [...names(own).difference(names(other))];
    return found.length > 0 ? [`only in the ${which}: ${found.join(", ")}`] : [];
  };
  return [
    ...of("protocol", [a.protocol.name, b.protocol.name]),
    ...of("steps of rollouts at the most", [a.protocol.steps, b.protocol.steps]),
    ...of("jitter", [a.protocol.jitter, b.protocol.jitter]),
    ...of("seeds", [a.seeds.join(", "), b.seeds.join(", ")]),
    ...only(a, b, "first"),
    ...only(b, a, "second"),
  ];
}

/**
 * Compares two evaluations.
 *
 * @param a the first
 * @param b the second: changes are from the first to it
 * @throws RangeError where they have no data set or no network in common, or too few trajectories for any interval
 */
export function compareEvaluations(a: Evaluation, b: Evaluation): Comparison {
  const pairs = networkPairs(a, b);
  const { bootstrap } = a.protocol;
  const notes = protocolNotes(a, b);
  const differences: Difference[] = [];
  for (const pair of pairs) {
    const data = a.datasets.flatMap((first) => {
      const second = b.datasets.find(({ name }) => name === first.name);
      return second ? [pairData(first, second, pair)] : [];
    });
    if (data.length === 0) {
      const names = (own: Evaluation) => own.datasets.map(({ name }) => name).join(", ");
      throw new RangeError(`Cannot compare: no data set is in both, but ${names(a)} and ${names(b)}`);
    }
    notes.push(...data.flatMap((own) => own.notes.map((note) => `${own.name}: ${note}`)));
    for (const [window, steps] of windowsOfBoth(a, b)) {
      const all: PairedTrajectory[] = [];
      for (const { name, oneStep, rollouts } of data) {
        const own = reaching(steps ? rollouts : oneStep, steps);
        if (own.length === 0) continue;
        all.push(...own);
        differences.push({ data: name, window, pair, ...differenceOf(own, steps, bootstrap) });
      }
      if (data.length > 1 && all.length > 0) {
        differences.push({ data: null, window, pair, ...overall(all, steps, bootstrap) });
      }
    }
  }
  if (!differences.some(({ refused }) => refused === null)) {
    const most = Math.max(0, ...differences.map(({ trajectories }) => trajectories));
    throw new RangeError(
      `Cannot compare: the evaluations share ${most} trajectories, wanted ${LEAST_TRAJECTORIES} or more`,
    );
  }
  return { pairs, differences, notes: [...new Set(notes)], bootstrap };
}
