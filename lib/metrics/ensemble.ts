// Scores of ensembles against the truth: fair CRPS, spread beside error, ranks of the truth among the members, coverage
// of central intervals. What is counted of a frame is a tally, plain numbers that add up over frames and trajectories;
// scores are made of tallies, with the size of the sample beside them.

import { PURPOSES, type Random, randomStream } from "../random/philox.ts";
import { VARIANCE_EPSILON } from "./frame.ts";
import { checkMembers, quantile, sortFew } from "./members.ts";

/** Central intervals whose coverage is counted. */
export const INTERVALS: readonly number[] = [0.5, 0.8, 0.9];

/** Sums over cells of frames; those of more frames add to them. */
export interface EnsembleTally {
  /** M. */
  readonly members: number;
  /** Cells that were counted, over all frames. */
  readonly cells: number;
  /** Frames. */
  readonly frames: number;
  /** Sum over cells of the fair CRPS. */
  readonly crps: number;
  /** Sum over frames of the mean CRPS over the root of (variance of the truth + 1e-7): VRMSE's scale. */
  readonly scaledCrps: number;
  /** Sum over cells of the members' variance (M - 1). */
  readonly variance: number;
  /** Sum over cells of the squared error of the members' mean. */
  readonly squaredError: number;
  /** Cells by the number of members below the truth, 0 .. M. */
  readonly ranks: readonly number[];
  /** Cells whose truth lies within each of {@link INTERVALS}. */
  readonly within: readonly number[];
}

/** Scores of ensembles. */
export interface EnsembleScores {
  /** Members. */
  readonly members: number;
  /** Trajectories, as the caller says: cells of one are not independent. */
  readonly trajectories: number;
  /** Frames. */
  readonly frames: number;
  /** Cells over all frames. */
  readonly cells: number;
  /** Mean fair CRPS, in the unit of the values. */
  readonly crps: number;
  /** Mean over frames of the CRPS over the truth's deviation: 0 is perfect, comparable between fields. */
  readonly scaledCrps: number;
  /** Root of the mean variance of the members. */
  readonly spread: number;
  /** RMSE of the members' mean. */
  readonly error: number;
  /**
   * Root of mean variance (M + 1) / M over the error: 1 where the truth is like one more member, below where the ensemble
   * is too sure. NaN of one member.
   */
  readonly spreadSkill: number;
  /** Share of cells with 0 .. M members below the truth: 1 / (M + 1) each where the truth is like a member. */
  readonly ranks: readonly number[];
  /** Coverage of central intervals. */
  readonly coverage: readonly Coverage[];
}

/** How often the truth lies in an interval of the members. */
export interface Coverage {
  /** Nominal probability of the interval. */
  readonly interval: number;
  /** Share of cells whose truth lies between the members' quantiles. */
  readonly share: number;
  /**
   * What evenly distributed members of this number would have, were the truth one more: interval (M - 1) / (M + 1).
   * Quantiles of few members lie closer together than those of their distribution.
   */
  readonly expected: number;
}

/** How cells are counted. */
export interface TallyOptions {
  /** Numbers of a cell, which stand side by side; 1 unless given. */
  readonly channels?: number;
  /** Which of them; the first unless given. */
  readonly channel?: number;
  /** 1 for cells that do not count. */
  readonly hidden?: Uint8Array | null;
  /** Seed of the draws by which ties with the truth are broken, 0 unless given. */
  readonly seed?: number;
  /** Which draws of that seed, such as the number of a frame. */
  readonly stream?: number;
}

/** Fair CRPS of a cell: mean |x - y| - sum |x - x'| / (2 M (M - 1)). Of one member its error. */
function cellCrps(sorted: Float64Array, truth: number): number {
  const M = sorted.length;
  let [error, pairs] = [0, 0];
  for (let i = 0; i < M; i++) {
    error += Math.abs(sorted[i]! - truth);
    // Sorted, the differences of all pairs are sums over single members.
    pairs += (2 * i + 1 - M) * sorted[i]!;
  }
  return M > 1 ? error / M - pairs / (M * (M - 1)) : error;
}

/** Members below the truth; a tie is broken at random. */
function rankOf(sorted: Float64Array, truth: number, ties: Random): number {
  let [below, equal] = [0, 0];
  for (let i = 0; i < sorted.length; i++) {
    if (sorted[i]! < truth) below++;
    else if (sorted[i]! === truth) equal++;
  }
  return below + (equal > 0 ? ties.below(equal + 1) : 0);
}

/**
 * Counts the cells of a frame.
 *
 * @param members the same cells of each
 * @param truth those of the truth
 * @param options which cells, seed of the ties
 * @throws RangeError for no members, or sizes that differ
 */
export function tallyEnsemble(
  members: readonly ArrayLike<number>[],
  truth: ArrayLike<number>,
  { channels = 1, channel = 0, hidden = null, seed = 0, stream = 0 }: TallyOptions = {},
): EnsembleTally {
  const size = checkMembers(members);
  if (truth.length !== size) {
    throw new RangeError(`Cannot score members of ${size} numbers against ${truth.length}`);
  }
  const count = members.length;
  const ties = randomStream(seed, stream, PURPOSES.ties);
  const ranks = new Array<number>(count + 1).fill(0);
  const within = INTERVALS.map(() => 0);
  const own = new Float64Array(count);
  let [cells, crps, variance, squaredError, sumY, sumSquares] = [0, 0, 0, 0, 0, 0];
  for (let at = channel; at < size; at += channels) {
    if (hidden?.[Math.floor(at / channels)]) continue;
    const y = truth[at]!;
    let sum = 0;
    for (let m = 0; m < count; m++) sum += own[m] = members[m]![at]!;
    sortFew(own);
    const mean = sum / count;
    let squares = 0;
    for (let m = 0; m < count; m++) squares += (own[m]! - mean) ** 2;
    cells++;
    crps += cellCrps(own, y);
    variance += squares / (count - 1);
    squaredError += (mean - y) ** 2;
    sumY += y;
    // Without NaN: a member that is none has no rank.
    if (!Number.isNaN(mean - y)) ranks[rankOf(own, y, ties)]!++;
    for (const [k, interval] of INTERVALS.entries()) {
      if (quantile(own, (1 - interval) / 2) <= y && y <= quantile(own, (1 + interval) / 2)) within[k]!++;
    }
  }
  const meanY = sumY / cells;
  for (let at = channel; at < size; at += channels) {
    if (!hidden?.[Math.floor(at / channels)]) sumSquares += (truth[at]! - meanY) ** 2;
  }
  const deviation = Math.sqrt(sumSquares / (cells - 1) + VARIANCE_EPSILON);
  const scaledCrps = crps / cells / deviation;
  return { members: count, cells, frames: 1, crps, scaledCrps, variance, squaredError, ranks, within };
}

/**
 * Tallies of several frames as one.
 *
 * @param tallies at least one, of equally many members
 * @throws RangeError for none, or when members differ in number
 */
export function addTallies(tallies: readonly EnsembleTally[]): EnsembleTally {
  const [first] = tallies;
  if (!first) throw new RangeError("Cannot add 0 tallies of ensembles, wanted 1 or more");
  const other = tallies.find(({ members }) => members !== first.members);
  if (other) {
    throw new RangeError(`Cannot add tallies of ensembles of ${first.members} and ${other.members} members`);
  }
  const sum = (pick: (tally: EnsembleTally) => number) =>
    tallies.reduce((total, tally) => total + pick(tally), 0);
  return {
    members: first.members,
    cells: sum(({ cells }) => cells),
    frames: sum(({ frames }) => frames),
    crps: sum(({ crps }) => crps),
    scaledCrps: sum(({ scaledCrps }) => scaledCrps),
    variance: sum(({ variance }) => variance),
    squaredError: sum(({ squaredError }) => squaredError),
    ranks: first.ranks.map((_, i) => sum(({ ranks }) => ranks[i]!)),
    within: first.within.map((_, i) => sum(({ within }) => within[i]!)),
  };
}

/**
 * Scores of what was counted.
 *
 * @param tally of one frame or many
 * @param trajectories how many they are of
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { crps, spreadSkill, ranks, cells } = ensembleScores(tallyEnsemble([[1, 5], [3, 7]], [2, 9]), 1);
 * assert.deepEqual([crps, cells], [(0 + 2) / 2, 2]); // |x - y| is 1 and 3 on average, |x - x'| / 2 is 1 in both.
 * assert.equal(spreadSkill, Math.sqrt(2 * 3 / 2) / Math.sqrt(9 / 2));
 * assert.deepEqual(ranks, [0, 0.5, 0.5]);
 * ```
 */
export function ensembleScores(tally: EnsembleTally, trajectories: number): EnsembleScores {
  const { members: M, cells, frames } = tally;
  const error = Math.sqrt(tally.squaredError / cells);
  const spread = Math.sqrt(tally.variance / cells);
  return {
    members: M,
    trajectories,
    frames,
    cells,
    crps: tally.crps / cells,
    scaledCrps: tally.scaledCrps / frames,
    spread,
    error,
    spreadSkill: (spread * Math.sqrt((M + 1) / M)) / error,
    ranks: tally.ranks.map((count) => count / cells),
    coverage: INTERVALS.map((interval, i) => ({
      interval,
      share: tally.within[i]! / cells,
      expected: (interval * (M - 1)) / (M + 1),
    })),
  };
}

/**
 * Mean fair CRPS over cells: E |x - y| - E |x - x'| / 2, whose expectation does not depend on the number of members. Of
 * one member the mean absolute error.
 *
 * @param members the same cells of each
 * @param truth those of the truth
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(fairCrps([[0], [2]], [1]), 0); // 1 - 2 * 2 / (2 * 2 * 1).
 * assert.equal(fairCrps([[0]], [1]), 1);
 * ```
 */
export function fairCrps(members: readonly ArrayLike<number>[], truth: ArrayLike<number>): number {
  const { crps, cells } = tallyEnsemble(members, truth);
  return crps / cells;
}
