// From scores to numbers: protocols and their windows, medians, intervals, what short data leave.

import assert from "node:assert/strict";
import { cutOf, protocolOf, spectraSteps, windowsIn, windowStarts } from "../../app/evaluate/protocol.ts";
import { curveOf, Resampler, statisticOf, windowScore } from "../../app/evaluate/reduce.ts";
import { drawnSteps, keepPlanes } from "../../app/evaluate/planes.ts";
import { checkpointLabels } from "../../app/evaluate/labels.ts";
import type { ProtocolName } from "../../app/evaluate/evaluation.ts";

const bootstrap = { resamples: 200, level: 0.95, seed: 0 };
const protocol = (name: ProtocolName, rollout = 10) =>
  protocolOf(name, { rollout, every: 1, jitter: true, kvCache: false, ensemble: 0, bootstrap });
const resampler = () => new Resampler(bootstrap);

Deno.test("protocols start where they say, or right after the input where data are short", () => {
  assert.deepEqual(cutOf(100, 6, protocol("own")), { start: 6, steps: 10, note: null });
  assert.deepEqual(cutOf(100, 6, protocol("paper")), { start: 17, steps: 60, note: null });
  assert.deepEqual(cutOf(41, 3, protocol("paper")), { start: 17, steps: 24, note: null });
  assert.deepEqual(cutOf(100, 6, protocol("well")), { start: 6, steps: 30, note: null });
  const short = cutOf(16, 3, protocol("paper"));
  assert.deepEqual([short.start, short.steps], [3, 13]);
  assert.equal(short.note, "rollouts start at frame 3, not 17: there are trajectories of 16 frames");
  const long = cutOf(100, 20, protocol("paper"));
  assert.equal(long.start, 20);
  assert.equal(long.note, "rollouts start at frame 20, not 17: the network has 20 input frames");
  assert.deepEqual(cutOf(6, 6, protocol("own")).steps, 0);
});

Deno.test("windows are shortened and named, those out of reach are left out and named", () => {
  const { windows } = protocol("paper");
  assert.deepEqual(windows.map(({ name }) => name), ["T[1:20]", "T[21:60]", "T[1:10]", "T[11:30]"]);
  const found = windowsIn(windows, 24);
  assert.deepEqual(found.windows.map(({ label }) => label), [
    "T[1:20]",
    "T[21:60] (here 21:24)",
    "T[1:10]",
    "T[11:30] (here 11:24)",
  ]);
  assert.match(found.notes[0]!, /T\[21:60\] is shortened to 21:24/);
  assert.deepEqual(windowsIn(windows, 5).windows.map(({ last }) => last), [5, 5]);
  assert.match(windowsIn(windows, 1).notes.at(-1)!, /T\[11:30\] is left out: rollouts have 1 step$/);
  assert.deepEqual(protocol("well").windows.map(({ name }) => name), ["6:12", "13:30"]);
  assert.deepEqual(protocol("own", 0).windows, []);
});

Deno.test("windows of one step start at every n-th frame that has a frame to predict", () => {
  assert.deepEqual(windowStarts(10, 6, 1), [0, 1, 2, 3]);
  assert.deepEqual(windowStarts(10, 6, 3), [0, 3]);
  assert.deepEqual(windowStarts(6, 6, 1), []);
  assert.deepEqual(spectraSteps([{ to: 20 }, { to: 60 }], 24), [1, 20, 24]);
  assert.deepEqual(spectraSteps([], 0), []);
});

Deno.test("a window's score is the mean over steps of medians over trajectories", () => {
  const rollouts = [[1, 10, 3], [2, 2, 30], [9, 3, 4]].map((values, trajectory) => (
    { trajectory, seed: 0, values }
  ));
  const score = windowScore(rollouts, { from: 1, last: 3 }, resampler());
  assert.equal(score.value, 3, "medians 2, 3, 4");
  assert.equal(score.trajectories.median, Number((16 / 3).toPrecision(8)), "means 14/3, 34/3, 16/3");
  assert.ok(score.interval![0] >= 1 && score.interval![1] <= 16 && score.interval![0] < score.interval![1]);
  // One that ends within the window counts as far as it goes; one that ends before it does not.
  const short = [...rollouts, { trajectory: 3, seed: 0, values: [0] }];
  assert.equal(windowScore(short, { from: 2, last: 3 }, resampler()).value, 3.5);
  assert.equal(windowScore(rollouts.slice(0, 1), { from: 1, last: 3 }, resampler()).interval, null);
});

Deno.test("several seeds give the mean of their medians, and its spread", () => {
  const groups = [1, 3, 1, 7].map((value, i) => (
    { trajectory: i % 2, seed: Math.floor(i / 2), values: [value] }
  ));
  const { median, seeds, spread, count, lowerMedian } = statisticOf(groups, resampler());
  assert.deepEqual([median, seeds, count, lowerMedian], [3, [2, 4], 2, 1]);
  assert.equal(spread, Number(Math.SQRT2.toPrecision(8)));
});

Deno.test("numbers that are none stay none", () => {
  const rollouts = [[1, NaN], [2, 2]].map((values, trajectory) => ({ trajectory, seed: 0, values }));
  const { median, counts, low } = curveOf(rollouts, resampler());
  assert.deepEqual([median, counts, low[1]], [[1.5, null], [2, 2], null]);
  assert.equal(windowScore(rollouts, { from: 1, last: 2 }, resampler()).value, null);
});

Deno.test("planes are thinned to 64 points, exact to a 65,000th of their range", () => {
  assert.deepEqual(drawnSteps(1), [1]);
  assert.deepEqual(drawnSteps(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual([drawnSteps(60).length, drawnSteps(60)[0], drawnSteps(60).at(-1)], [10, 1, 60]);
  const shape = [128, 32];
  const coordinates = shape.map((n) => Float64Array.from({ length: n }, (_, i) => i));
  const info = {
    dataset: "a",
    grid: { system: "cartesian", axes: ["x", "y"], shape, coordinates },
    boundaries: [],
    fields: [],
    masked: false,
    scalars: {},
  };
  const plane = Float32Array.from({ length: 128 * 32 }, (_, i) => Math.floor(i / 32));
  const hidden = Uint8Array.from(plane, (_, i) => i < 2 * 32 && i % 32 === 0 ? 1 : 0);
  const keeper = keepPlanes(info, ["A"], hidden, 1);
  keeper.add(1, [plane], [plane.map((x) => x + 1)]);
  const { shape: kept, fields: [field], steps } = keeper.finish();
  assert.deepEqual([kept, steps], [[64, 32], [1]]);
  assert.deepEqual(field!.limits, [0.5, 127.5]);
  const bytes = Uint8Array.from(atob(field!.truth), (c) => c.charCodeAt(0));
  const codes = new Uint16Array(bytes.buffer);
  assert.equal(codes[0], 65535, "hidden");
  const value = (code: number) => 0.5 + code / 65534 * 127;
  assert.ok(Math.abs(value(codes[10 * 32 + 3]!) - 20.5) < 127 / 65534);
});

Deno.test("checkpoints are called by their files, or by their folders where these say nothing", () => {
  assert.deepEqual(checkpointLabels(["runs/a/walrus.safetensors", "runs/b.pt"]), ["a", "b"]);
  assert.deepEqual(checkpointLabels(["x/a.pt", "y/a.pt"]), ["x/a.pt", "y/a.pt"]);
  assert.deepEqual(checkpointLabels(["linear.pt"]), ["linear.pt"]);
});
