// Scores of ensembles against what is known of them: draws that are calibrated, too sure, biased, equal, broken.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { addTallies, ensembleScores, fairCrps, tallyEnsemble } from "../../lib/metrics/ensemble.ts";
import { tallyEnsembleFrame } from "../../lib/metrics/ensemble_frame.ts";
import { quantile, sortFew, summarizeMembers } from "../../lib/metrics/members.ts";
import { randomSource } from "../../lib/random/random_source.ts";
import { inRepository } from "../shared.ts";

const [M, CELLS] = [8, 20_000];
const normal = (position: number) => randomSource(23, position).normal("order", CELLS);
const uniform = (position: number) => randomSource(23, position).uniform("order", CELLS);
const centre = normal(0).map((v) => 3 * v);
/** Members and truth drawn alike around a centre of each cell's own. */
const draws = Array.from({ length: M }, (_, m) => normal(m + 1).map((v, i) => centre[i]! + v));
const truth = normal(M + 1).map((v, i) => centre[i]! + v);

/** Sum of squares of what ranks are off by, in sampling errors: about M, 26 once in a thousand times for M = 8. */
function chiSquare(ranks: readonly number[], cells: number): number {
  const expected = cells / ranks.length;
  return ranks.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
const FLAT = 26.1;

Deno.test("rank histograms of calibrated draws are flat within sampling error", () => {
  const { ranks, cells } = tallyEnsemble(draws, truth);
  assert.equal(ranks.length, M + 1);
  assert.equal(ranks.reduce((a, b) => a + b), CELLS);
  assert.ok(chiSquare(ranks, cells) < FLAT, `${ranks}`);
});

Deno.test("rank histograms show draws that are too sure, and biased ones", () => {
  const sure = draws.map((member) => member.map((v, i) => centre[i]! + (v - centre[i]!) / 2));
  const { ranks } = tallyEnsemble(sure, truth);
  assert.ok(Math.min(ranks[0]!, ranks[M]!) > 2 * Math.max(...ranks.slice(1, M)), `${ranks}`);
  const biased = tallyEnsemble(draws.map((member) => member.map((v) => v + 1)), truth).ranks;
  assert.ok(biased[0]! > 3 * biased[M]!, `${biased}`);
});

Deno.test("ties are broken at random by the seed: equal numbers have flat ranks, the same each time", () => {
  const rounded = draws.map((member) => member.map((v, i) => Math.round(v - centre[i]!)));
  const [first, again, other] = [1, 1, 2].map((seed) =>
    tallyEnsemble(rounded, truth.map((v, i) => Math.round(v - centre[i]!)), { seed }).ranks
  );
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  assert.ok(chiSquare(first!, CELLS) < FLAT, `${first}`);
  const zeros = Array.from({ length: M }, () => new Float32Array(CELLS));
  assert.ok(chiSquare(tallyEnsemble(zeros, new Float32Array(CELLS)).ranks, CELLS) < FLAT);
});

Deno.test("spread is skill, and coverage is what is expected, where the truth is like a member", () => {
  const even = Array.from({ length: M }, (_, m) => uniform(m + 1));
  const { spreadSkill, coverage } = ensembleScores(tallyEnsemble(even, uniform(M + 1)), 1);
  assert.ok(Math.abs(spreadSkill - 1) < 0.02, `${spreadSkill}`);
  // Four deviations of a share of so many cells.
  const error = 4 * Math.sqrt(0.25 / CELLS);
  for (const { interval, share, expected } of coverage) {
    assert.ok(Math.abs(share - expected) < error, `${interval}: ${share}, wanted ${expected}`);
  }
  const scores = ensembleScores(tallyEnsemble(draws, truth), 1);
  assert.ok(Math.abs(scores.spreadSkill - 1) < 0.02, `${scores.spreadSkill}`);
  assert.ok(Math.abs(scores.spread - 1) < 0.02);
});

Deno.test("the fair CRPS does not depend on the number of members; a sharper calibrated ensemble has less", () => {
  // Of a normal distribution with its own draw as truth: 1 / sqrt(pi).
  const wanted = 1 / Math.sqrt(Math.PI);
  for (const count of [2, 3, M]) {
    const own = fairCrps(draws.slice(0, count), truth);
    assert.ok(Math.abs(own - wanted) < 0.02, `${count} members: ${own}, wanted ${wanted}`);
  }
  const absolute = truth.reduce((sum, v, i) => sum + Math.abs(v - draws[0]![i]!), 0) / CELLS;
  assert.ok(Math.abs(fairCrps(draws.slice(0, 1), truth) / absolute - 1) < 1e-12);
  assert.ok(fairCrps(draws, truth) < absolute);
});

Deno.test("tallies of parts add up to that of all, but for their scaled CRPS, which is of frames", () => {
  const half = CELLS / 2;
  const part = (from: number) =>
    tallyEnsemble(draws.map((m) => m.subarray(from, from + half)), truth.subarray(from, from + half));
  const all = tallyEnsemble(draws, truth);
  const sum = addTallies([part(0), part(half)]);
  assert.deepEqual([sum.cells, sum.ranks, sum.within, sum.frames], [all.cells, all.ranks, all.within, 2]);
  for (const name of ["crps", "variance", "squaredError"] as const) {
    assert.ok(Math.abs(sum[name] / all[name] - 1) < 1e-12, name);
  }
  const { members, trajectories, frames, cells } = ensembleScores(sum, 2);
  assert.deepEqual([members, trajectories, frames, cells], [M, 2, 2, CELLS]);
  assert.throws(() => addTallies([]), /0 tallies/);
  assert.throws(() => addTallies([all, tallyEnsemble(draws.slice(1), truth)]), /8 and 7 members/);
});

Deno.test("a member that is not a number makes scores not a number, and has no rank", () => {
  const broken = draws[0]!.slice(0, 10);
  broken[3] = NaN;
  const tally = tallyEnsemble([broken, draws[1]!.subarray(0, 10)], truth.subarray(0, 10));
  assert.ok([tally.crps, tally.variance, tally.squaredError].every(Number.isNaN));
  assert.equal(tally.ranks.reduce((a, b) => a + b), 9);
  const { mean, quantiles } = summarizeMembers([[NaN, 1], [2, 3]], [0, 1]);
  assert.deepEqual([mean[0], quantiles[0]![0], quantiles[1]![0]], [NaN, NaN, NaN]);
  assert.deepEqual([mean[1], quantiles[0]![1], quantiles[1]![1]], [2, 1, 3]);
});

Deno.test("hidden cells do not count, and fields are compared in the form of their transform", async () => {
  using data = await openData(inRepository("examples/data/euler_quadrants_mini.hdf5"));
  const sample = await (await data.split()).trajectory(0).sample([4]);
  const points = sample.info.grid.shape.reduce((a, b) => a * b);
  const hidden = new Uint8Array(points);
  hidden.fill(1, 0, 100);
  const members = [0.5, 2].map((factor) =>
    sample.values.map((field) => field.map((v, i) => i < 100 ? NaN : v * factor))
  );
  const { density } = tallyEnsembleFrame(members, { ...sample, hidden });
  assert.equal(density!.cells, points - 100);
  assert.deepEqual(density!.ranks, [0, points - 100, 0]);
  const scored = tallyEnsembleFrame(members, { ...sample, hidden }, { transforms: { density: "log10" } });
  const { log10_density: log } = scored;
  // Half and twice are the same distance off, and their mean is right.
  assert.ok(log!.squaredError / log!.cells < 1e-12);
  assert.ok(Math.abs(log!.variance / log!.cells - 2 * Math.log10(2) ** 2) < 1e-6);
  assert.deepEqual(Object.keys(scored), ["log10_density", "energy", "pressure", "momentum_x", "momentum_y"]);
  assert.throws(() => tallyEnsembleFrame(members, sample, { frame: 1 }), /frame 1: the truth has 1/);
  assert.throws(() => tallyEnsembleFrame([[members[0]![0]!]], sample), /1 fields against 4 that vary/);
});

Deno.test("ensembles of no members, of different sizes, and quantiles beyond 1 are refused", () => {
  assert.throws(() => summarizeMembers([]), /0 members/);
  assert.throws(() => summarizeMembers([[1, 2], [1]]), /Member 1 of an ensemble has 1 numbers, wanted 2/);
  assert.throws(() => summarizeMembers([[1]], [0.5, 1.5]), /quantile is 1.5, wanted a number from 0 to 1/);
  assert.throws(() => tallyEnsemble([[1]], [1, 2]), /members of 1 numbers against 2/);
});

Deno.test("sortFew() sorts as typed arrays do, with infinities and NaN, few and many; quantile() meets its ends", () => {
  for (const count of [0, 1, 2, 9, 32, 33, 90]) {
    const numbers = randomSource(4, count).normal("order", count);
    for (let i = 2; i < count; i += 7) numbers[i] = [NaN, Infinity, -Infinity, 0][i % 4]!;
    assert.deepEqual(sortFew(numbers.slice()), numbers.slice().sort(), `${count}`);
  }
  assert.equal(quantile([1, Infinity], 0), 1);
  assert.equal(quantile([1, 2], 1), 2);
});
