// Random arrays and our metrics of them as .npz, for `numpy_metrics.py`, which computes them again by its own short formulas.
//
// usage: deno run -A bench/evaluate/numpy_metrics.ts FILE.npz

import { type WritableArray, writeNpz } from "walrus/io";
import {
  fairCrps,
  FRAME_METRICS,
  frameMetrics,
  histogramW1,
  powerSpectrum,
  spectralError,
  summarizeMembers,
  tallyEnsemble,
  timeWarping,
} from "walrus/metrics";
import { randomSource } from "walrus/models";

const [file] = Deno.args;
if (!file) throw new RangeError("Wanted the name of a file to write, as metrics.npz");

const arrays: Record<string, WritableArray> = {};
const add = (name: string, shape: number[], data: Float32Array | readonly number[]) => {
  arrays[name] = { shape, data: data instanceof Float32Array ? data : Float64Array.from(data) };
};
let drawn = 0;
const draw = (n: number) => Float32Array.from(randomSource(23, drawn++).normal("weights", n));

for (const [i, shape] of [[96], [384], [66], [97], [24, 30, 1], [12, 10, 9]].entries()) {
  const n = shape.reduce((total, size) => total * size, 1);
  const truth = draw(n).map((x) => 3 * x + 1);
  const noise = draw(n);
  const prediction = truth.map((x, k) => x + noise[k]!);
  add(`frame${i}_x`, shape, prediction);
  add(`frame${i}_y`, shape, truth);
  const metrics = frameMetrics(prediction, truth, 1);
  add(`frame${i}_metrics`, [FRAME_METRICS.length], FRAME_METRICS.map((name) => metrics[name][0]!));
  const { mse, nmse } = spectralError(prediction, truth, shape);
  add(`frame${i}_spectral`, [6], [...mse, ...nmse]);
  const { power } = powerSpectrum(truth, shape);
  add(`frame${i}_power`, [power.length], power);
}

const [steps, points, channels] = [14, 40, 3];
const x = { values: draw(steps * points * channels), steps, channels };
const y = { values: draw(steps * points * channels), steps, channels };
const warping = timeWarping(x, y);
add("whole_x", [steps, points, channels], x.values);
add("whole_y", [steps, points, channels], y.values);
add("whole_metrics", [3, channels], [...histogramW1(x, y), ...warping.distance, ...warping.distortion]);

const members = Array.from({ length: 8 }, () => draw(500));
const truth = draw(500);
add("ensemble_members", [8, 500], Float32Array.from(members.flatMap((member) => [...member])));
add("ensemble_truth", [500], truth);
const { mean, spread, quantiles } = summarizeMembers(members, [0.1, 0.5, 0.9]);
add("ensemble_statistics", [5, 500], [...mean, ...spread, ...quantiles.flatMap((field) => [...field])]);
const tally = tallyEnsemble(members, truth);
add("ensemble_scores", [3], [fairCrps(members, truth), tally.variance / 500, tally.squaredError / 500]);
add("ensemble_ranks", [9], tally.ranks);
add("ensemble_within", [3], tally.within);

await Deno.writeFile(file, writeNpz(arrays));
