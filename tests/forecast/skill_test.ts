// Skill of the trivial forecasts, whose scores are known.

import assert from "node:assert/strict";
import { openSplit } from "../../lib/data/split.ts";
import {
  linearExtrapolation,
  mean,
  median,
  persistence,
  scoreRollouts,
  scoreWindows,
} from "../../lib/forecast/skill.ts";
import { vrmse } from "../../lib/metrics/frame.ts";
import { inRepository } from "../shared.ts";

const FILE = inRepository("examples/data/gray_scott_mini.hdf5");

Deno.test("persistence() keeps the last frame, linearExtrapolation() repeats the last increment", async () => {
  using split = await openSplit([FILE]);
  const start = await split.trajectory(0, 0).window({ from: 3, length: 6 });
  const size = start.frames.length / 6;
  const [before, last] = [start.frames.subarray(4 * size, 5 * size), start.frames.subarray(5 * size)];
  assert.deepEqual(await Array.fromAsync(persistence(start, 2)), [last, last]);
  const lines = await Array.fromAsync(linearExtrapolation(start, 3));
  assert.equal(lines.length, 3);
  assert.ok(lines[2]!.every((v, i) => Math.abs(v - (last[i]! + 3 * (last[i]! - before[i]!))) < 1e-6));
});

Deno.test("scoreWindows() and scoreRollouts() score against the frames that follow the window", async () => {
  using split = await openSplit([FILE]);
  const trajectory = split.trajectory(0, 0);
  const kept = (from: number, to: number) =>
    Promise.all([trajectory.frame(from), trajectory.frame(to)]).then(([a, b]) => Object.values(vrmse(a, b)));
  const places = split.places(6, 1).slice(2, 4);
  const windows = await scoreWindows(persistence, split, 6, places);
  assert.equal(windows.length, 2);
  for (const [i, { from }] of places.entries()) {
    assert.deepEqual(Object.values(windows[i]!), await kept(from + 5, from + 6));
  }
  const curves = await scoreRollouts(persistence, split, 6, split.trajectories().slice(0, 1), 3);
  assert.equal(curves.length, 1);
  for (const step of [0, 1, 2]) assert.equal(curves[0]![step], mean(await kept(5, 6 + step)));
});

Deno.test("scoreRollouts() ends where a trajectory ends, and leaves out those without a step", async () => {
  using split = await openSplit([FILE]);
  const { steps } = split.trajectory(0, 0);
  const [long] = await scoreRollouts(persistence, split, steps - 2, split.trajectories().slice(0, 1), 10);
  assert.equal(long!.length, 2);
  assert.deepEqual(await scoreRollouts(persistence, split, steps, split.trajectories(), 10), []);
});

Deno.test("median() takes the middle, and the mean of two", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1]), 2.5);
  assert.ok(Number.isNaN(median([])));
});
