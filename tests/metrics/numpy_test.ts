// Every score on random arrays against a short script of formulas (tests/fixtures/metrics/record.py), in double precision.

import assert from "node:assert/strict";
import { INTERVALS, tallyEnsemble } from "../../lib/metrics/ensemble.ts";
import { ensembleScores } from "../../lib/metrics/ensemble.ts";
import { FRAME_METRICS, frameMetric } from "../../lib/metrics/frame.ts";
import { summarizeMembers } from "../../lib/metrics/members.ts";
import { powerSpectrum } from "../../lib/metrics/power_spectrum.ts";
import { spectralError } from "../../lib/metrics/spectral.ts";
import { histogramW1, timeWarping } from "../../lib/metrics/trajectory.ts";
import { fixture } from "../shared.ts";
import { randomNumbers } from "./random_numbers.ts";

const expected = JSON.parse(await Deno.readTextFile(fixture("metrics/expected.json")));
/** Sums of some hundred numbers in another order, and transforms of another order. */
const TOLERANCE = 1e-12;

function near(own: number, wanted: number, what: string, tolerance = TOLERANCE): void {
  assert.ok(
    Math.abs(own - wanted) <= tolerance * (1 + Math.abs(wanted)),
    `${what}: ${own}, wanted ${wanted}`,
  );
}

Deno.test("frameMetric() is NumPy's on random arrays, every metric and channel", () => {
  const [x, y] = [randomNumbers(1, 24 * 20 * 2), randomNumbers(2, 24 * 20 * 2)];
  for (const name of FRAME_METRICS) {
    frameMetric(name, x, y, 2, 1e-5).forEach((value, c) => near(value, expected.frame[c][name], name));
  }
});

for (const [name, { mse, nmse }] of Object.entries<{ mse: number[]; nmse: number[] }>(expected.spectral)) {
  Deno.test(`spectra of ${name} points are NumPy's`, () => {
    const shape = name.split("x").map(Number);
    const size = shape.reduce((a, b) => a * b);
    const [x, y] = [randomNumbers(3, size), randomNumbers(4, size)];
    const own = spectralError(x, y, shape);
    own.mse.forEach((value, bin) => near(value, mse[bin]!, `mse of bin ${bin}`));
    own.nmse.forEach((value, bin) => near(value, nmse[bin]!, `nmse of bin ${bin}`));
    near(own.mse[0]! + own.mse[1]! + own.mse[2]!, frameMetric("MSE", x, y, 1)[0]!, "sum of the bins");
    const { power } = powerSpectrum(y, shape);
    assert.equal(power.length, expected.radial[name].length);
    power.forEach((value, k) => near(value, expected.radial[name][k], `power at ${k + 1}`));
  });
}

Deno.test("histogramW1() and timeWarping() are NumPy's on random arrays", () => {
  const of = (seed: number) => ({ values: randomNumbers(seed, 14 * 6 * 3), steps: 14, channels: 3 });
  const [x, y] = [of(5), of(6)];
  histogramW1(x, y).forEach((value, c) => near(value, expected.w1[c], "W1"));
  const { distance, distortion } = timeWarping(x, y);
  distance.forEach((value, c) => near(value, expected.dtw.distance[c], "distance"));
  distortion.forEach((value, c) => near(value, expected.dtw.distortion[c], "distortion"));
});

for (const count of [2, 7, 8, 40]) {
  Deno.test(`scores of ${count} members are NumPy's, the CRPS by a double sum`, () => {
    const wanted = expected.ensembles[count];
    const numbers = randomNumbers(7, count * 200);
    const members = Array.from({ length: count }, (_, m) => numbers.subarray(m * 200, (m + 1) * 200));
    const truth = randomNumbers(8, 200).map((v) => v * 0.8);
    const tally = tallyEnsemble(members, truth);
    const scores = ensembleScores(tally, 1);
    near(scores.crps, wanted.crps, "CRPS");
    near(scores.spreadSkill, wanted.spreadSkill, "spread over skill");
    assert.deepEqual(tally.ranks, wanted.ranks);
    INTERVALS.forEach((interval, i) =>
      near(scores.coverage[i]!.share, wanted.within[i], `within ${interval}`)
    );
    const { mean, spread, quantiles } = summarizeMembers(members, [0, 0.1, 1 / 3, 0.5, 0.9, 1]);
    for (let i = 0; i < 5; i++) {
      // Results are f32.
      near(mean[i]!, wanted.mean[i], "mean", 1e-7);
      near(spread[i]!, wanted.spread[i], "spread", 1e-7);
      quantiles.forEach((field, q) => near(field[i]!, wanted.quantiles[q][i], `quantile ${q}`, 1e-7));
    }
  });
}
