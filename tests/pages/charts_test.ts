// Charts before they are drawn: axes, marks, names, numbers.

import assert from "node:assert/strict";
import fc from "fast-check";
import { decades, evenTicks, logTicks, roundAxis, shareOf, wholeTicks } from "../../pages/app/charts/axes.ts";
import { placeLabels } from "../../pages/app/charts/labels.ts";
import { csvText, tableOf } from "../../pages/app/charts/series.ts";
import { spectrumChart } from "../../pages/app/charts/spectrum.ts";
import { totalsChart } from "../../pages/app/charts/totals.ts";
import { vrmseChart } from "../../pages/app/charts/vrmse.ts";
import { makeScene } from "./scenes.ts";

Deno.test("names never lie on each other, keep their order, and move as little as they can", () => {
  const places = fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 8 });
  fc.assert(fc.property(places, (wanted) => {
    const placed = placeLabels(wanted, 16, [0, 200]);
    const order = wanted.map((_, i) => i).sort((a, b) => placed[a]! - placed[b]!);
    order.slice(1).forEach((label, i) => {
      assert.ok(placed[label]! - placed[order[i]!]! >= 16 - 1e-9);
      assert.ok(wanted[label]! >= wanted[order[i]!]! - 1e-9);
    });
    assert.ok(placed.every((place) => place >= -1e-9 && place <= 200 + 1e-9));
  }));
  assert.deepEqual(placeLabels([10, 80], 16, [0, 200]), [10, 80]);
  assert.deepEqual(placeLabels([100, 100, 100], 16, [0, 200]), [84, 100, 116]);
});

Deno.test("an axis of decades widens by whole decades and holds all values", () => {
  assert.deepEqual(decades([0.02, 0.3], [1]), { low: 0.01, high: 1, log: true });
  assert.deepEqual(decades([0.001, 1.2]), { low: 0.001, high: 10, log: true });
  assert.deepEqual(decades([NaN, 0]), { low: 0.01, high: 1, log: true });
  assert.equal(shareOf({ low: 0.01, high: 1, log: true }, 0.1), 0.5);
});

Deno.test("marks are round numbers within the axis, not too many", () => {
  assert.deepEqual(evenTicks({ low: 0, high: 1, log: false }, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(wholeTicks({ low: 1, high: 20, log: false }, 4), [5, 10, 15, 20]);
  assert.deepEqual(wholeTicks({ low: 1, high: 3, log: false }, 9), [1, 2, 3]);
  assert.deepEqual(logTicks({ low: 1e-8, high: 1, log: true }, 4), [1e-8, 1e-6, 1e-4, 0.01, 1]);
  assert.deepEqual(logTicks({ low: 1, high: 10, log: true }, 5), [1, 2, 5, 10]);
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(fc.property(values, (all) => {
    const axis = roundAxis(all);
    assert.ok(axis.low <= Math.min(...all) && axis.high >= Math.max(...all) && axis.high > axis.low);
    const ticks = evenTicks(axis, 5);
    assert.ok(ticks.length >= 2 && ticks.length <= 11, `${ticks}`);
  }));
});

Deno.test("the chart of errors has all planned steps at once and never moves as they come", () => {
  const early = vrmseChart(makeScene({ computed: 2 }), 0, 2);
  const late = vrmseChart(makeScene({ computed: 20 }), 0, 20);
  assert.deepEqual(early.x, late.x);
  assert.deepEqual(early.y, late.y);
  assert.equal(late.rule, 20);
  assert.equal(late.below!(1), "0.3");
  assert.deepEqual(late.series.map(({ id, dashed }) => [id, dashed ?? false]), [["a", false], [
    "persistence",
    true,
  ]]);
});

Deno.test("members are thin, one name stands for all of them", () => {
  const { series } = vrmseChart(makeScene({ members: 4, computed: 3 }), 0, 1);
  assert.deepEqual(series.filter(({ thin }) => thin).map(({ label }) => label), [
    "4 seeds",
    null,
    null,
    null,
  ]);
});

Deno.test("totals are shares of the start, or absolute where that is near 0", () => {
  const scene = makeScene({ computed: 3 });
  const shares = totalsChart(scene, 0, 0);
  assert.equal(shares.subtitle, "% of the start");
  assert.deepEqual(shares.series[0]!.points[0], [0, 100]);
  const still = {
    ...scene,
    truth: {
      ...scene.truth,
      frames: scene.truth.frames.map((f) => f!.map((n) => n!.map((_, i) => i % 2 ? 1 : -1))),
    },
  };
  assert.equal(totalsChart(still, 1, 0).subtitle, "m/s");
});

Deno.test("a chart's numbers are a table and a CSV file", () => {
  const scene = makeScene({ computed: 2, truth: 1, planned: 3 });
  const { head, rows } = tableOf(vrmseChart(scene, 0, 1));
  assert.deepEqual(head, ["step", "time", "forecast", "persistence"]);
  assert.deepEqual(rows, [[1, 0.3, 0.012, 0.025], [2, 0.35, null, null]]);
  assert.equal(
    csvText({ head, rows }),
    "step,time,forecast,persistence\r\n1,0.3,0.012,0.025\r\n2,0.35,,\r\n",
  );
  const spectra = spectrumChart(scene, 0, 1, [{ id: "truth", label: 'a "b"', power: [1, 0] }]);
  assert.match(csvText(tableOf(spectra)), /^cycles per domain,"a ""b"""\r\n1,1\r\n2,\r\n$/);
});

Deno.test("a spectrum says which axes had a window", () => {
  assert.equal(spectrumChart(makeScene(), 0, 1, []).note, null);
  assert.equal(
    spectrumChart(makeScene({ periodic: false }), 0, 1, []).note,
    "Hann window along x, y: not periodic.",
  );
});
