// The page of a training run: charts with round marks, pictures that stay, text that is no markup.

import assert from "node:assert/strict";
import { chart, smoothed } from "../../app/train/chart.ts";
import { thinned } from "../../app/train/pictures.ts";
import { report } from "../../app/train/report.ts";

/** Texts of an SVG. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1]!);
}

Deno.test("chart() marks round values and steps, whatever the range", () => {
  const points = (values: readonly number[]) => values.map((v, i) => [10 * i, v] as const);
  const marks = (values: readonly number[]) =>
    texts(chart([{ name: "a", points: points(values) }], { title: "a" }));
  assert.deepEqual(marks([25, 31, 33]), ["26", "28", "30", "32", "0", "5", "10", "15", "20"]);
  assert.deepEqual(marks([0.02, 0.5, 30]).slice(0, 4), ["0.1", "1", "10", "0"]);
  assert.deepEqual(marks([1e-9, 1]).slice(0, 3), ["1e-8", "1e-6", "1e-4"]);
  for (const values of [[5], [7, 7, 7], [1e-30, 1e30]]) {
    const svg = chart([{ name: "a", points: points(values) }], { title: "a" });
    assert.ok(!/NaN|Infinity/.test(svg) && texts(svg).length > 0, svg);
  }
  assert.equal(chart([{ name: "a", points: [] }], { title: "a" }), "");
});

Deno.test("smoothed() gives the mean of the last points and the points themselves, pale", () => {
  const points = [[1, 2], [2, 4], [3, 9]] as const;
  const [means, each] = smoothed({ name: "a", points }, 2);
  assert.deepEqual(means!.points, [[1, 2], [2, 3], [3, 6.5]]);
  assert.deepEqual([each!.points, each!.faint], [points, true]);
});

Deno.test("thinned() keeps the first and the last step and spreads the others", () => {
  assert.deepEqual(thinned([10, 20], 4), [10, 20]);
  assert.deepEqual(thinned([10, 20, 30, 40, 50], 4), [10, 30, 40, 50]);
  // As validations come one by one.
  let kept: number[] = [];
  for (let step = 1; step <= 40; step++) kept = thinned([...kept, step], 4);
  assert.deepEqual([kept[0], kept.at(-1), kept.length], [1, 40, 4]);
  assert.ok(kept.slice(1).every((step, i) => step - kept[i]! >= 6), `${kept}`);
});

Deno.test("report() has curves, scores and pictures, and shows names as text", () => {
  const lines = [
    { step: 1, "train/loss": 3, "speed/share_of_peak": 0.4 },
    { step: 2, "train/loss": 2 },
    { step: 2, "valid/a<b/one_step": 0.5 },
    { step: 4, "valid/a<b/one_step": 0.25 },
    { step: 6, "valid/a<b/one_step": 0.375 },
  ];
  const page = report(lines.map((line) => JSON.stringify(line)).join("\n"), "lr: <1>", ["<svg>mine</svg>"]);
  assert.equal([...page.matchAll(/<svg class="chart"/g)].length, 3);
  assert.match(page, /<th>a&#60;b<\/th><td>0.5<\/td><td>0.25<\/td><td>0.375<\/td><td>4<\/td>/);
  assert.match(page, /<svg>mine<\/svg>/);
  assert.match(page, /lr: &#60;1&#62;/);
  assert.match(page, /6 optimiser steps/);
});
