// Interpolation between grids: what both grids can hold comes back, rows sum to 1, turning an axis around changes
// nothing; constants and masks of a shape that is resampled.

import assert from "node:assert/strict";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { fitConstants } from "../../../lib/models/walrus/fit.ts";
import { geometryOf } from "../../../lib/models/walrus/geometry.ts";
import { interpolation } from "../../../lib/models/walrus/interpolation.ts";

const PAIRS = [[97, 96], [101, 102], [8, 16], [49, 50], [11, 8], [2000, 1536], [60, 23]] as const;

/** Values at the middles of cells of a box of length 1, interpolated. */
function carried(from: number, to: number, periodic: boolean, field: (x: number) => number): number[] {
  const matrix = interpolation(from, to, periodic);
  const values = Array.from({ length: from }, (_, i) => field((i + 0.5) / from));
  return Array.from(
    { length: to },
    (_, j) => matrix.subarray(j * from, (j + 1) * from).reduce((sum, w, i) => sum + w * values[i]!, 0),
  );
}

function assertIs(got: readonly number[], field: (x: number) => number, what: string): void {
  got.forEach((value, j) => {
    assert.ok(Math.abs(value - field((j + 0.5) / got.length)) < 2e-5, `${what}, point ${j}: ${value}`);
  });
}

Deno.test("interpolation() keeps waves that both grids hold on periodic axes, and cubics on others", () => {
  for (const [from, to] of PAIRS) {
    const highest = Math.ceil(Math.min(from, to) / 2) - 1;
    for (const waves of [0, 1, highest]) {
      const wave = (x: number) => Math.cos(2 * Math.PI * waves * x + 0.4);
      assertIs(carried(from, to, true, wave), wave, `${from} to ${to}, ${waves} waves`);
    }
    const cubic = (x: number) => 1 + x - 2 * x ** 2 + 1.5 * x ** 3;
    assertIs(carried(from, to, false, cubic), cubic, `${from} to ${to}`);
  }
});

Deno.test("interpolation() damps what a coarser grid can not hold", () => {
  const wave = (x: number) => Math.cos(2 * Math.PI * 1900 * x);
  for (const periodic of [true, false]) {
    const got = carried(4000, 1536, periodic, wave).slice(20, -20);
    assert.ok(Math.max(...got.map(Math.abs)) < (periodic ? 1e-4 : 0.15), `periodic ${periodic}`);
  }
});

Deno.test("interpolation() of an axis that is turned around is turned around", () => {
  for (const [from, to] of PAIRS) {
    for (const periodic of [false, true]) {
      const matrix = interpolation(from, to, periodic);
      matrix.forEach((weight, at) => assert.ok(Math.abs(weight - matrix[matrix.length - 1 - at]!) < 1e-6));
    }
  }
});

Deno.test("fitConstants() keeps masks 0 or 1 and hides cells of other channels", () => {
  const geometry = geometryOf([16, 1, 1], [[0, 1], [2, 2], [2, 2]], false);
  const fit = { points: [16, 1, 1], masks: [1] } as const;
  const graph = trace(
    { x: { dtype: "f32", shape: [1, 8, 1, 1, 2] } } as const,
    ({ x }) => {
      let hidden = 0;
      const fitted = fitConstants(x, fit, geometry, (t) => (hidden++, t));
      assert.equal(hidden, 1);
      return { fitted };
    },
  );
  const x = Array.from({ length: 8 }, (_, i) => [i, i < 3 ? 1 : 0]).flat();
  const fitted = evaluate(graph, { x }).fitted!;
  const channel = (c: number) => Array.from({ length: 16 }, (_, i) => fitted[2 * i + c]!);
  assert.deepEqual(channel(1), Array.from({ length: 16 }, (_, i) => i < 6 ? 1 : 0));
  channel(0).forEach((v, i) => assert.ok(Math.abs(v - ((i + 0.5) / 2 - 0.5)) < 1e-5));
});
