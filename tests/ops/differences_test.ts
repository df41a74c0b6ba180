// Gradients of every op against central differences in double precision. The op stands mid-graph: its arguments come
// out of maps, its results go through others with random cotangents, so that rules which ignore what is upstream fail.

import assert from "node:assert/strict";
import { grad } from "../../lib/autodiff/grad.ts";
import { check } from "../../lib/ir/check.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Op, Tensor } from "../../lib/ir/node.ts";
import * as t from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { Type } from "../../lib/ir/types.ts";
import { cases, OPS } from "../cases.ts";
import { Draw } from "../backend/random_launches.ts";
import { feedsOf, isSmooth, lossGraph, type OpCase } from "../op_case.ts";

/** Elements whose derivative is taken by differences: the ends, and some between. */
function samples(draw: Draw, length: number): number[] {
  return [...new Set([0, length - 1, draw.whole(0, length - 1), draw.whole(0, length - 1)])];
}

/** Largest difference of a derivative over the largest derivative of its tensor, or over 1 where that is larger. */
const LIMIT = 1e-6;

function checkGradient(op: Op, test: OpCase, seed: number): void {
  const graph = lossGraph(test, true);
  check(graph);
  const feeds = feedsOf(graph, test, seed);
  const gradients = evaluate(graph, feeds);
  const forward = lossGraph(test, false);
  const draw = new Draw(seed);
  // Differences of fourth order: their own error is far below the limit at this step.
  const h = test.step ?? 1e-3;
  for (const [i, { type }] of test.operands.entries()) {
    if (!isSmooth(type)) continue;
    const name = `x${i}`;
    const numbers = feeds[name]!;
    const value = (at: number, by: number) =>
      evaluate(forward, { ...feeds, [name]: numbers.map((v, k) => k === at ? v + by : v) }).loss![0]!;
    // No gradient means that nothing depends on the input: its differences must vanish.
    const gradient = gradients[`dx${i}`] ?? new Float64Array(numbers.length);
    const scale = gradient.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    if (test.gradient === "none") {
      assert.ok(gradient.every((v) => v === 0), `${op}: ${test.name} passes none on`);
    } else if (test.gradient === "absorbed") {
      assert.ok(gradient.every(Number.isFinite), `${op}: ${test.name} is finite`);
    } else {
      for (const at of samples(draw, numbers.length)) {
        const near = value(at, h) - value(at, -h);
        const far = value(at, 2 * h) - value(at, -2 * h);
        const expected = (8 * near - far) / (12 * h);
        assert.ok(
          Math.abs(gradient[at]! - expected) <= LIMIT * scale,
          `${op}: ${test.name}: d/d${name}[${at}] is ${gradient[at]}, differences give ${expected}`,
        );
      }
    }
  }
}

for (const op of OPS) {
  Deno.test(`grad() of ${op} equals central differences`, () => {
    cases[op].forEach((test, i) => {
      if (test.gradient === "refused") assert.throws(() => lossGraph(test, true), TypeError, test.name);
      else checkGradient(op, test, 700 + i);
    });
  });
}

Deno.test("grad() of select follows the branch taken", () => {
  const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => {
    const y = t.select(t.less(x, 0), t.mul(x, 3), t.mul(x, x));
    return grad(t.sum(y, [0]), { x });
  });
  assert.deepEqual([...evaluate(graph, { x: [-2, 1, 4] }).x!], [3, 2, 8]);
});

Deno.test("grad() visits only what lies between the loss and what is asked for", () => {
  const type: Type = { dtype: "f32", shape: [4, 4] };
  const count = (asked: string[]) =>
    trace({ a: type, b: type, c: type } as const, (x) => {
      const y = t.contract("mk,nk->mn", t.contract("mk,nk->mn", x.a, x.b), x.c);
      const all: Record<string, Tensor> = x;
      return grad(t.sum(t.mul(y, y), [0, 1]), Object.fromEntries(asked.map((name) => [name, all[name]!])));
    }).nodes.filter((n) => n.op === "contract").length;
  assert.equal(count(["c"]), 3);
  assert.equal(count(["a", "b", "c"]), 6);
});

Deno.test("grad() leaves out what the loss does not depend on and refuses losses that are no scalars", () => {
  const type: Type = { dtype: "f32", shape: [2] };
  const graph = trace({ a: type, b: type } as const, ({ a, b }) => grad(t.sum(a, [0]), { a, b }));
  assert.deepEqual([...graph.outputs.keys()], ["a"]);
  assert.throws(() => trace({ a: type } as const, ({ a }) => grad(a, { a })), /wanted one element/);
});
