// Gradients of every op against central differences in double precision. The op stands mid-graph: its inputs come
// out of a map, its result goes through another with a random cotangent, so that rules which ignore what is
// upstream fail.

import assert from "node:assert/strict";
import { grad } from "../lib/autodiff/grad.ts";
import { check } from "../lib/ir/check.ts";
import { evaluate } from "../lib/ir/evaluate.ts";
import type { Tensor } from "../lib/ir/node.ts";
import * as t from "../lib/ir/tensor.ts";
import { trace } from "../lib/ir/trace.ts";
import type { Type } from "../lib/ir/types.ts";
import { cases, type OpCase } from "./cases.ts";
import { draw } from "./numbers.ts";

/** A loss with the op in the middle. */
function loss(item: OpCase, inputs: readonly Tensor[]): Tensor {
  // A smooth map that keeps positive inputs positive and distinct ones distinct.
  const bent = inputs.map((x) => t.mul(t.add(x, t.mul(t.mul(x, x), 0.05)), 1.25));
  const y = item.build(bent);
  const cotangent = t.constant(draw(y.shape, "normal", 99), y.shape);
  const after = t.mul(t.add(y, t.mul(t.mul(y, y), 0.1)), cotangent);
  return t.sum(after, y.shape.map((_, i) => i));
}

function types(item: OpCase): Record<string, Type> {
  return Object.fromEntries(item.shapes.map((shape, i) => [`x${i}`, { dtype: "f32", shape }]));
}

function checkGradient(op: string, item: OpCase): void {
  const feeds = Object.fromEntries(
    item.shapes.map((shape, i) => [`x${i}`, Float64Array.from(draw(shape, item.draw ?? "normal", 7 + i))]),
  );
  const forward = trace(types(item), (x) => ({ loss: loss(item, Object.values(x)) }));
  const backward = trace(types(item), (x) => grad(t.reshape(loss(item, Object.values(x)), [1]), x));
  check(backward);
  const gradients = evaluate(backward, feeds);
  const value = (changed: Record<string, Float64Array>) => evaluate(forward, changed).loss![0]!;
  for (const [name, numbers] of Object.entries(feeds)) {
    // No gradient means that nothing depends on the input: its differences must vanish.
    const gradient = gradients[name] ?? new Float64Array(numbers.length);
    const scale = gradient.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    // A few elements of each input: first, last and some between.
    for (
      const i of new Set([
        0,
        numbers.length - 1,
        Math.floor(numbers.length / 2),
        Math.floor(numbers.length / 3),
      ])
    ) {
      const h = 1e-5;
      const shifted = (by: number) => ({ ...feeds, [name]: numbers.map((v, k) => k === i ? v + by : v) });
      const expected = (value(shifted(h)) - value(shifted(-h))) / (2 * h);
      const difference = Math.abs(gradient[i]! - expected) / scale;
      assert.ok(
        difference < 1e-6,
        `${op} ${item.name}: d/d${name}[${i}] is ${gradient[i]}, differences give ${expected}`,
      );
    }
  }
}

for (const [op, list] of Object.entries(cases)) {
  Deno.test(`grad() of ${op} equals central differences`, () => {
    for (const item of list) if (item.gradient !== false) checkGradient(op, item);
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
