// Every metric on fixed cases against The Well's own code.

import assert from "node:assert/strict";
import { FRAME_METRICS, frameMetric } from "../../lib/metrics/frame.ts";
import { binEdges, spectralError } from "../../lib/metrics/spectral.ts";
import {
  histogramW1,
  summarize,
  timeIntervals,
  timeWarping,
  windowMean,
} from "../../lib/metrics/trajectory.ts";
import { fixture, sharedTest } from "../shared.ts";
import { readTensors } from "../tensors.ts";

/** Expected relative agreement (evaluation.md section 7): the reference computes in f32. */
const TOLERANCE = { pointwise: 1e-5, spectral: 1e-4, small: 1e-6, noise: 1e-4 };

async function checkMetrics(folder: string): Promise<void> {
  const { cases } = JSON.parse(await Deno.readTextFile(`${folder}/metrics.json`));
  const tensors = await readTensors(`${folder}/metrics.safetensors`);
  for (const { name, eps, spectral_bin_edges: edges } of cases) {
    const x = tensors[`${name}/x`]!;
    const y = tensors[`${name}/y`]!;
    const [B = 1, T = 1, ...rest] = x.shape;
    const grid = rest.slice(0, -1);
    const C = rest.at(-1)!;
    const points = grid.reduce((n, size) => n * size, 1);
    binEdges(grid).forEach((edge, i) => assert.ok(Math.abs(edge - edges[i]) < 1e-6, name));
    let compared = 0;
    const compare = (metric: string, index: number, value: number, tolerance: number) => {
      const wanted = tensors[`${name}/${metric}`]?.data[index];
      if (wanted === undefined) return;
      compared++;
      // The correlation with a constant is 0; there the reference gives the rounding of its f32 mean over epsilon.
      const absolute = metric === "PearsonR" && name === "mean_prediction"
        ? TOLERANCE.noise
        : TOLERANCE.small;
      const close = Object.is(value, wanted) ||
        Math.abs(value - wanted) <= tolerance * Math.abs(wanted) + absolute;
      assert.ok(close, `${name} ${metric}[${index}]: ${value}, wanted ${wanted}`);
    };
    for (let b = 0; b < B; b++) {
      const slice = (t: typeof x, from: number, count: number) => t.data.subarray(from, from + count);
      for (let t = 0; t < T; t++) {
        const start = (b * T + t) * points * C;
        const [p, q] = [slice(x, start, points * C), slice(y, start, points * C)];
        for (const metric of FRAME_METRICS) {
          frameMetric(metric, p, q, C, eps).forEach((v, c) =>
            compare(metric, (b * T + t) * C + c, v, TOLERANCE.pointwise)
          );
        }
        for (let c = 0; c < C; c++) {
          const channel = (data: Float32Array) =>
            Float64Array.from({ length: points }, (_, i) => data[i * C + c]!);
          const { mse, nmse } = spectralError(channel(p), channel(q), grid);
          for (let bin = 0; bin < 3; bin++) {
            const at = (b * T + t) * C + c;
            compare(`spectral_error_mse_per_bin_${bin}`, at, mse[bin]!, TOLERANCE.spectral);
            compare(`spectral_error_nmse_per_bin_${bin}`, at, nmse[bin]!, TOLERANCE.spectral);
          }
        }
      }
      const start = b * T * points * C;
      const whole = (t: typeof x) => ({ values: slice(t, start, T * points * C), steps: T, channels: C });
      histogramW1(whole(x), whole(y)).forEach((v, c) =>
        compare("HistogramW1", b * C + c, v, TOLERANCE.spectral)
      );
      const { distance, distortion } = timeWarping(whole(x), whole(y));
      distance.forEach((v, c) => compare("dtw_distance", b * C + c, v, TOLERANCE.spectral));
      distortion.forEach((v, c) => compare("dtw_path_distortion", b * C + c, v, TOLERANCE.pointwise));
    }
    assert.ok(compared > 10 * B * T, `${name}: only ${compared} values were compared`);
  }
}

Deno.test("metrics equal the reference on every case", () => checkMetrics(fixture("golden-data")));
sharedTest("metrics equal the reference on the complete folder", "golden-data", checkMetrics);

Deno.test("timeIntervals(), windowMean() and summarize() equal the reference's aggregation", async () => {
  const { windows } = JSON.parse(await Deno.readTextFile(fixture("golden-data/metrics.json")));
  const { data, shape } = (await readTensors(fixture("golden-data/metrics.safetensors")))["windows/values"]!;
  const [samples = 1, steps = 1, fields = 1] = shape;
  assert.deepEqual(timeIntervals(steps), windows.time_interval_edges);
  assert.deepEqual(timeIntervals(1), []);
  for (
    const [name, wanted] of Object.entries<{ steps: number[]; mean: number; median: number; std: number }>(
      windows.full_per_window,
    )
  ) {
    const perSample = Array.from({ length: samples }, (_, b) => {
      const perStep = Array.from({ length: steps }, (_, t) => {
        const values = data.subarray((b * steps + t) * fields, (b * steps + t + 1) * fields);
        return values.reduce((sum, v) => sum + v, 0) / fields;
      });
      return windowMean(perStep, wanted.steps[0]!, wanted.steps[1]!);
    });
    const { mean, median, std } = summarize(perSample);
    for (
      const [own, reference] of [[mean, wanted.mean], [median, wanted.median], [std, wanted.std]] as const
    ) {
      assert.ok(Math.abs(own - reference) < 1e-6, `${name}: ${own}, wanted ${reference}`);
    }
  }
});

Deno.test("frameMetric() refuses frames of different size", () => {
  assert.throws(() => frameMetric("MSE", [1, 2], [1], 1), RangeError);
});
