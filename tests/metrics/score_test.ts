// The one scorer: the reference's baselines, hidden cells, padded components, and numbers that are not finite.

import assert from "node:assert/strict";
import type { Sample } from "../../lib/data/dataset.ts";
import { consecutive, placesOf } from "../../lib/data/examples.ts";
import { openData } from "../../lib/data/open_data.ts";
import { mean, median } from "../../lib/metrics/average.ts";
import { type Forecaster, linearExtrapolation, persistence } from "../../lib/metrics/forecasters.ts";
import { frameMetric } from "../../lib/metrics/frame.ts";
import { score, vrmse } from "../../lib/metrics/score.ts";
import {
  meanScore,
  scoreRollouts,
  scoreWindows,
  summarizeRollouts,
  summarizeWindows,
} from "../../lib/metrics/skill.ts";
import { summarize } from "../../lib/metrics/trajectory.ts";
import { inRepository, shared, sharedTest } from "../shared.ts";

const FILE = inRepository("examples/data/gray_scott_mini.hdf5");

function assertClose(own: number, wanted: number, relative: number, label: string): void {
  assert.ok(Math.abs(own - wanted) <= relative * Math.abs(wanted), `${label}: ${own}, wanted ${wanted}`);
}

interface Baseline {
  readonly n_steps_input: number;
  readonly fields: readonly string[];
  readonly persistence: BaselineScores;
  readonly linear: BaselineScores;
}

interface BaselineScores {
  readonly windows: number;
  readonly per_field_mean: readonly number[];
  readonly one_step_VRMSE_mean: number;
}

sharedTest(
  "persistence and linear extrapolation score as the reference's",
  "golden-data/baselines.json",
  async (path) => {
    const samples = shared("samples/datasets");
    assert.ok(samples);
    const baselines = JSON.parse(await Deno.readTextFile(path));
    let checked = 0;
    for (const [key, wanted] of Object.entries<Baseline>(baselines)) {
      const [dataset, name] = key.split("/");
      using data = await openData(`${samples}/${dataset}`);
      const split = await data.split(name);
      const frames: number = wanted.n_steps_input;
      const places = placesOf(split, consecutive(frames + 1));
      for (
        const [label, forecast] of [["persistence", persistence], ["linear", linearExtrapolation]] as const
      ) {
        const found = await scoreWindows(forecast, split, places);
        assert.equal(found.windows.length, wanted[label].windows);
        assert.deepEqual(Object.keys(found.windows[0]!.scores), wanted.fields);
        wanted.fields.forEach((field: string, f: number) => {
          const own = mean(found.windows.map(({ scores }) => scores[field]!));
          assertClose(own, wanted[label].per_field_mean[f]!, 1e-5, `${key} ${label} ${field}`);
        });
        const own = mean(found.windows.map(({ scores }) => meanScore(scores)));
        assertClose(own, wanted[label].one_step_VRMSE_mean, 1e-5, `${key} ${label}`);
      }
      checked++;
    }
    assert.ok(checked >= 10);
  },
);

Deno.test("vrmse() of data in a plane has no component that only an embedding would have", async () => {
  using data = await openData(inRepository("examples/data/euler_quadrants_mini.hdf5"));
  const trajectory = (await data.split()).trajectory(0);
  const own = vrmse(await trajectory.sample([0]), await trajectory.sample([1]));
  assert.deepEqual(Object.keys(own), ["density", "energy", "pressure", "momentum_x", "momentum_y"]);
  assert.ok(Object.values(own).every((value) => value > 0));
});

sharedTest("hidden cells are out of truth and forecast alike", "cases/files", async (folder) => {
  const expected = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`));
  for (const file of ["masked_five.hdf5", "masked_nan.hdf5"]) {
    using data = await openData(`${folder}/${file}`);
    const trajectory = (await data.split()).trajectory(0);
    const truth = await trajectory.sample([5, 6]);
    const varying = truth.info.fields.filter(({ constant }) => !constant).length;
    const kept = truth.values.slice(0, varying).map((v) => v.slice(0, v.length / 2));
    const own = score(kept, truth);
    for (const [field, value] of Object.entries<number>(expected[file].persistence_vrmse)) {
      assertClose(own[field]!, value, 1e-6, `${file} ${field}`);
    }
  }
});

/** A sample of vectors on two points of a line in the plane. */
function vectors(values: readonly number[], extra: Partial<Sample> = {}): Sample {
  return {
    info: {
      dataset: "vectors",
      grid: {
        system: "cartesian",
        axes: ["x", "y"],
        shape: [2, 1],
        coordinates: [Float64Array.of(0, 1), Float64Array.of(0)],
      },
      boundaries: [["open", "open"], ["open", "open"]],
      fields: [
        { name: "v", order: 1, constant: false },
        { name: "k", order: 0, constant: true },
      ],
      masked: false,
      scalars: {},
    },
    times: Float64Array.from({ length: values.length / 4 }, (_, i) => i),
    values: [Float32Array.from(values), Float32Array.of(1, 2)],
    hidden: null,
    ...extra,
  };
}

Deno.test("score() names components, takes a frame, a metric and its epsilon", () => {
  const truth = vectors([0, 0, 0, 0, 1, 10, 3, 30]);
  assert.deepEqual(score([Float32Array.of(2, 10, 3, 34)], truth, { metric: "MAE" }), { v_x: 0.5, v_y: 2 });
  assert.deepEqual(score([Float32Array.of(1, 0, 0, 0)], truth, { metric: "MSE", frame: 0 }), {
    v_x: 0.5,
    v_y: 0,
  });
  const predicted = Float32Array.of(2, 10, 3, 34);
  for (const metric of ["NMSE", "VRMSE"] as const) {
    const wanted = frameMetric(metric, predicted, truth.values[0]!.subarray(4), 2, 0.5);
    assert.deepEqual(Object.values(score([predicted], truth, { metric, epsilon: 0.5 })), wanted);
  }
  assert.throws(() => score([predicted], truth, { frame: 2 }), /frame 2: the truth has 2/);
  assert.throws(() => score([new Float32Array(3)], truth), /3 numbers of "v", wanted 4/);
  assert.throws(() => score([], truth), /0 fields against 1/);
});

Deno.test("score() leaves out components that only an embedding added, and keeps NaN where it is", () => {
  const truth = vectors([1, 0, 3, 0], { real: [Uint8Array.of(1, 0), Uint8Array.of(1)] });
  assert.deepEqual(score([Float32Array.of(1, 7, 3, 7)], truth), { v_x: 0 });
  const own = score([Float32Array.of(NaN, 0, 3, 1)], vectors([1, 0, 3, 1]));
  assert.ok(Number.isNaN(own.v_x));
  assert.equal(own.v_y, 0);
});

Deno.test("medians and means do not swallow NaN", () => {
  assert.ok(Number.isNaN(median([NaN, 1, 2])));
  assert.ok(Number.isNaN(median([])));
  assert.equal(median([4, 1]), 2.5);
  assert.equal(median([5, Infinity, 3]), 5);
  assert.ok(Number.isNaN(mean([NaN, 1])));
  assert.ok(Number.isNaN(summarize([1, NaN, 2]).median));
});

Deno.test("persistence() keeps the last frame, linearExtrapolation() repeats the last increment", async () => {
  const start = vectors([0, 0, 0, 0, 1, 2, 3, 4]);
  const last = Float32Array.of(1, 2, 3, 4);
  assert.deepEqual(await Array.fromAsync(persistence(start, 2)), [[last], [last]]);
  const lines = await Array.fromAsync(linearExtrapolation(start, 3));
  assert.deepEqual(lines[2], [Float32Array.of(4, 8, 12, 16)]);
  assert.deepEqual(await Array.fromAsync(linearExtrapolation(vectors([1, 2, 3, 4]), 1)), [[last]]);
});

Deno.test("scoreWindows() and scoreRollouts() score against the frames that follow", async () => {
  using data = await openData(FILE);
  const split = await data.split();
  const trajectory = split.trajectory(0);
  const kept = async (from: number, to: number) =>
    score((await trajectory.sample([from])).values, await trajectory.sample([to]));
  const places = placesOf(split, consecutive(7)).slice(2, 4);
  const { windows, leftOut } = await scoreWindows(persistence, split, places);
  assert.deepEqual(leftOut, []);
  for (const [i, { frames }] of places.entries()) {
    assert.deepEqual(windows[i]!.scores, await kept(frames[5]!, frames[6]!));
    assert.match(windows[i]!.name, new RegExp(`trajectory 0, frame ${frames[0]}$`));
  }
  const { rollouts } = await scoreRollouts(persistence, split, { frames: 6, steps: 3, trajectories: [0] });
  assert.equal(rollouts.length, 1);
  for (const step of [0, 1, 2]) assert.deepEqual(rollouts[0]!.steps[step], await kept(5, 6 + step));
  const { steps } = trajectory;
  const short = await scoreRollouts(persistence, split, { frames: steps - 2, steps: 10, trajectories: [0] });
  assert.equal(short.rollouts[0]!.steps.length, 2);
  assert.deepEqual((await scoreRollouts(persistence, split, { frames: steps, steps: 10 })).rollouts, []);
});

sharedTest(
  "data that are not finite are left out, named and counted",
  "cases/files/nan_valid",
  async (folder) => {
    using data = await openData(folder);
    const split = await data.split("valid");
    // Frames 0, 5, 10 and 15 hold a NaN: windows of three frames miss them, those of seven do not.
    const places = placesOf(split, consecutive(3));
    const found = await scoreWindows(persistence, split, places);
    assert.equal(found.windows.length, 6);
    assert.equal(found.leftOut.length, places.length - 6);
    for (const { name, why } of found.leftOut) {
      assert.match(name, /valid\/a.hdf5", trajectory 0, frame \d+$/);
      assert.match(why, /^frame (?:0|5|10|15), A is NaN$/);
    }
    const { median, notFinite } = summarizeWindows(found);
    assert.ok(Number.isFinite(median) && notFinite.length === 0);
    const none = await scoreWindows(persistence, split, placesOf(split, consecutive(7)));
    assert.deepEqual([none.windows.length, none.leftOut.length], [0, 10]);
    assert.ok(Number.isNaN(summarizeWindows(none).median));
    const { rollouts, leftOut } = await scoreRollouts(persistence, split, { frames: 1, steps: 9 });
    assert.deepEqual([rollouts.length, leftOut.map(({ why }) => why)], [0, ["frame 0, A is NaN"]]);
  },
);

Deno.test("a forecast that is not finite is named, and its median is not a number", async () => {
  using data = await openData(FILE);
  const split = await data.split();
  const filled = (frame: readonly Float32Array[], value: number) => frame.map((v) => v.map(() => value));
  let calls = 0;
  const diverging: Forecaster = async function* (start, steps) {
    const nan = ++calls === 2;
    for await (const frame of persistence(start, steps)) yield nan ? filled(frame, NaN) : frame;
  };
  const places = placesOf(split, consecutive(7)).slice(0, 3);
  const scores = await scoreWindows(diverging, split, places);
  const summary = summarizeWindows(scores);
  assert.ok(Number.isNaN(summary.median) && Number.isNaN(summary.components.A));
  assert.deepEqual(summary.notFinite, [scores.windows[1]!.name]);
  const exploding: Forecaster = async function* (start, steps) {
    let step = 0;
    for await (const frame of persistence(start, steps)) yield ++step > 2 ? filled(frame, Infinity) : frame;
  };
  const rollouts = await scoreRollouts(exploding, split, { frames: 6, steps: 4, trajectories: [0] });
  const { notFinite, steps } = summarizeRollouts(rollouts);
  assert.deepEqual(notFinite, [{ name: split.trajectory(0).name, step: 3 }]);
  assert.deepEqual(steps.map(Number.isFinite), [true, true, false, false]);
});
