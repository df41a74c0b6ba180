// Resamples and intervals: seeded, of the right width, refused where there is no number.

import assert from "node:assert/strict";
import { bootstrapInterval, resamples } from "../../lib/metrics/bootstrap.ts";
import { median } from "../../lib/metrics/average.ts";
import { fft } from "../../lib/metrics/fft.ts";
import { FRAME_METRICS, frameMetric, frameMetrics } from "../../lib/metrics/frame.ts";

Deno.test("resamples() draws every sample equally often, others for another seed", () => {
  const counts = new Array<number>(7).fill(0);
  const drawn = resamples(7, { resamples: 2000, seed: 3 });
  for (const indices of drawn) for (const i of indices) counts[i]!++;
  // 2,000 draws of each are expected; the deviation of a count is 41.
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 5 * 41, `${counts}`);
  assert.notDeepEqual(resamples(7, { resamples: 2000, seed: 4 }), drawn);
  assert.deepEqual(resamples(7, { resamples: 2, seed: 3 }), drawn.slice(0, 2), "more resamples begin alike");
});

Deno.test("bootstrapInterval() of a mean is as wide as theory says", () => {
  const samples = Array.from({ length: 400 }, (_, i) => Math.sin(i * 12.9898) * 3);
  const mean = samples.reduce((sum, x) => sum + x, 0) / 400;
  const error = Math.sqrt(samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 399 / 400);
  const statistic = (drawn: Uint32Array) => drawn.reduce((sum, i) => sum + samples[i]!, 0) / drawn.length;
  const [low, high] = bootstrapInterval(resamples(400, { resamples: 4000 }), statistic)!;
  // The ends of 4,000 resamples scatter by about 3 % of the half width.
  assert.ok(Math.abs(low - (mean - 1.96 * error)) < 0.15 * error, `${low}`);
  assert.ok(Math.abs(high - (mean + 1.96 * error)) < 0.15 * error, `${high}`);
});

Deno.test("bootstrapInterval() has none where a resample has no number", () => {
  const samples = [1, NaN, 3];
  const statistic = (drawn: Uint32Array) => median([...drawn].map((i) => samples[i]!));
  assert.equal(bootstrapInterval(resamples(3, { resamples: 50 }), statistic), null);
  assert.equal(bootstrapInterval([], statistic), null);
});

Deno.test("frameMetrics() gives what each metric gives alone", () => {
  const numbers = (n: number, f: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * f) * 5);
  const [x, y] = [numbers(60, 1.3), numbers(60, 1.7)];
  const all = frameMetrics(x, y, 3, 1e-5);
  for (const name of FRAME_METRICS) assert.deepEqual(all[name], frameMetric(name, x, y, 3, 1e-5), name);
  assert.throws(
    () => frameMetrics(x, y.subarray(1), 3),
    /Cannot score 60 numbers against 59 with 3 channels/,
  );
});

Deno.test("fft() of every length is the sum that defines it", () => {
  for (const n of [1, 2, 3, 4, 5, 6, 8, 12, 16, 30, 66, 96, 97, 384]) {
    const x = Float64Array.from({ length: n }, (_, i) => Math.sin(i * i));
    const { re, im } = fft(x, [n]);
    for (let k = 0; k < n; k++) {
      let [a, b] = [0, 0];
      for (let i = 0; i < n; i++) {
        const angle = (-2 * Math.PI * ((i * k) % n)) / n;
        a += x[i]! * Math.cos(angle);
        b += x[i]! * Math.sin(angle);
      }
      // Sums of n numbers up to 1 in double precision.
      assert.ok(Math.hypot(re[k]! - a, im[k]! - b) < 1e-14 * n + 1e-13, `${n} points, mode ${k}`);
    }
  }
});

Deno.test("fft() of several axes is that of one after the other", () => {
  const shape = [6, 5, 1, 4];
  const x = Float64Array.from({ length: 120 }, (_, i) => Math.cos(i * i));
  const { re, im } = fft(x, shape);
  for (const mode of [[0, 0, 0, 0], [1, 2, 0, 3], [5, 4, 0, 1]]) {
    let [a, b] = [0, 0];
    for (let i = 0; i < 120; i++) {
      const place = [Math.floor(i / 20), Math.floor(i / 4) % 5, 0, i % 4];
      const angle = -2 * Math.PI * place.reduce((sum, p, axis) => sum + p * mode[axis]! / shape[axis]!, 0);
      a += x[i]! * Math.cos(angle);
      b += x[i]! * Math.sin(angle);
    }
    const at = mode.reduce((index, k, axis) => index * shape[axis]! + k, 0);
    assert.ok(Math.hypot(re[at]! - a, im[at]! - b) < 1e-12, `${mode}`);
  }
});
