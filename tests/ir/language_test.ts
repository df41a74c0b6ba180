// The language itself: scalar expressions, layouts, tracing, inference, legality, printing.

import assert from "node:assert/strict";
import fc from "fast-check";
import { check } from "../../lib/ir/check.ts";
import { parseSpec } from "../../lib/ir/contract_spec.ts";
import { evaluateScalar } from "../../lib/ir/evaluate_scalar.ts";
import { collapse, isContiguous, type Layout, permuteLayout, reshapeLayout } from "../../lib/ir/layout.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { print } from "../../lib/ir/print.ts";
import {
  apply,
  differentiate,
  expressionText,
  linearize,
  number,
  operand,
  scalarFunctions,
  substitute,
} from "../../lib/ir/scalar.ts";
import * as t from "../../lib/ir/tensor.ts";
import { type Graph, namedScope, trace } from "../../lib/ir/trace.ts";
import { stridesOf } from "../../lib/ir/types.ts";

const x = operand(0);
const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

Deno.test("apply() interns expressions and folds what is trivial", () => {
  assert.equal(apply("add", x, operand(1)), apply("add", x, operand(1)));
  assert.equal(apply("add", x, number(0)), x);
  assert.equal(apply("mul", number(1), x), x);
  assert.equal(apply("mul", x, number(0)), number(0));
  assert.equal(apply("exp", number(0)), number(1));
  assert.notEqual(number(0), number(-0));
  assert.throws(() => apply("add", x), /got 1 arguments, wanted 2/);
});

Deno.test("linearize() lists shared parts once, arguments before users", () => {
  const square = apply("mul", x, x);
  const list = linearize(apply("add", square, square));
  assert.equal(list.length, 3);
  list.forEach(({ args }, i) => assert.ok(args.every((a) => a < i)));
  assert.equal(expressionText(square), "mul(x0, x0)");
  assert.equal(evaluateScalar(substitute(square, [apply("add", x, number(1))]), [2]), 9);
});

Deno.test("differentiate() equals central differences for every scalar function", () => {
  for (const [fn, { arity }] of Object.entries(scalarFunctions)) {
    const expression = apply(fn as keyof typeof scalarFunctions, ...[0, 1, 2].slice(0, arity).map(operand));
    const at = [0.7, 0.4, -0.3].slice(0, arity);
    for (let i = 0; i < arity; i++) {
      const h = 1e-6;
      const moved = (by: number) => evaluateScalar(expression, at.map((v, k) => k === i ? v + by : v));
      const expected = (moved(h) - moved(-h)) / (2 * h);
      const got = evaluateScalar(differentiate(expression, i), at);
      assert.ok(Math.abs(got - expected) < 1e-8, `${fn} by operand ${i}: ${got}, wanted ${expected}`);
    }
  }
});

/** Data indices of a layout in C order, the slow way. */
function indices({ offset, shape, strides }: Layout): number[] {
  let all = [offset];
  shape.forEach((n, i) =>
    all = all.flatMap((base) => Array.from({ length: n }, (_, k) => base + k * strides[i]!))
  );
  return all;
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

Deno.test("reshapeLayout() keeps the elements, or says that strides can not express the shape", () => {
  fc.assert(fc.property(shapes, fc.nat(), shapes, (shape, seed, wanted) => {
    const order = shape.map((_, i) => i).sort((a, b) => ((a * 7 + seed) % 5) - ((b * 7 + seed) % 5));
    const layout = permuteLayout({ offset: 3, shape, strides: stridesOf(shape) }, order);
    const size = shape.reduce((n, s) => n * s, 1);
    const target = [size, ...wanted].reduce((s) => s, wanted);
    const fits = target.reduce((n, s) => n * s, 1) === size ? target : [size];
    const reshaped = reshapeLayout(layout, fits);
    if (reshaped) assert.deepEqual(indices(reshaped), indices(layout));
    else assert.ok(!isContiguous(layout));
  }));
});

Deno.test("collapse() walks through all views in the same order with fewer axes", () => {
  fc.assert(fc.property(shapes, fc.boolean(), (shape, broadcast) => {
    const plain = { offset: 0, shape, strides: stridesOf(shape) };
    const other = { ...plain, strides: plain.strides.map((s, i) => broadcast && i === 0 ? 0 : 2 * s) };
    const { sizes, strides } = collapse([plain, other]);
    assert.ok(sizes.length <= Math.max(1, shape.length));
    [plain, other].forEach((layout, k) =>
      assert.deepEqual(indices({ offset: 0, shape: sizes, strides: strides[k]! }), indices(layout))
    );
  }));
});

Deno.test("trace() makes equal nodes once and names scopes", () => {
  const graph = trace({ a: f32(2, 3) } as const, ({ a }) => {
    const twice = namedScope("outer", () => namedScope("inner", () => t.add(a, a)));
    assert.equal(twice, t.add(a, a));
    assert.equal(twice.scope, "outer/inner");
    return { y: t.mul(twice, twice) };
  });
  assert.equal(graph.nodes.length, 3);
});

Deno.test("builders refuse tensors of another trace and calls outside a trace", () => {
  let leaked: Tensor | null = null;
  trace({ a: f32(2) } as const, ({ a }) => ({ y: leaked = t.exp(a) }));
  assert.throws(() => trace({ b: f32(2) } as const, () => ({ y: t.exp(leaked!) })), /another trace/);
  assert.throws(() => t.constant(1), /no trace is active/);
});

Deno.test("inference names the op, the types, the reason and the scope", () => {
  const refuse = (f: (a: Tensor, b: Tensor) => Tensor, words: RegExp) =>
    assert.throws(
      () =>
        trace({ a: f32(4, 6), b: f32(5, 6) } as const, ({ a, b }) =>
          namedScope("here", () => ({ y: f(a, b) }))),
      (e: Error) => {
        assert.ok(e instanceof TypeError);
        assert.match(e.message, words);
        return true;
      },
    );
  refuse((a, b) => t.add(a, b), /Cannot broadcast .*\(here\)/);
  refuse((a) => t.reshape(a, [5, 5]), /Cannot reshape f32\[4, 6\]: \[5,5\] has 25 elements \(here\)/);
  refuse((a) => t.permute(a, [0, 0]), /order is \[0,0\], wanted every axis once/);
  refuse((a) => t.slice(a, [0, 3], [4, 4]), /axis 1 has 6 points, box is 3 to 7/);
  refuse((a) => t.unfold(a, 0, 5, 1), /axis 0 has 4 points, windows are 5/);
  refuse((a) => t.sum(a, [2]), /axis is 2, wanted 0 to 1/);
  refuse((a, b) => t.gather(a, b, 0), /one axis of i32/);
  refuse((a, b) => t.concat([a, b], 1), /types differ beyond axis 1/);
  refuse((a, b) => t.contract("ab,cb->acx", a, b), /axis x stands in one list only/);
  refuse((a, b) => t.contract("ab,ab->a", a, b), /axis a is 4 in the first and 5 in the second \(here\)/);
  refuse((a, b) => t.contract("abc,dbc->ad", a, b), /wanted 3 axes/);
  refuse((a) => t.fold(a, 0, 1, 5), /exceed 5 points/);
});

Deno.test("parseSpec() sorts letters into roles and refuses malformed specs", () => {
  assert.deepEqual(parseSpec("bmk,bnk->bmn"), {
    a: "bmk",
    b: "bnk",
    out: "bmn",
    batch: "b",
    m: "m",
    n: "n",
    k: "k",
  });
  for (const bad of ["bmk,bnk", "aa,b->ab", "a1,b->ab", "ab,bc->ad"]) {
    assert.throws(() => parseSpec(bad), TypeError);
  }
});

Deno.test("check() finds every kind of illegal graph", () => {
  const graph = trace({ a: f32(3) } as const, ({ a }) => ({ y: t.exp(t.neg(a)) }));
  check(graph);
  const [a, negated, y] = graph.nodes as [Tensor, Tensor, Tensor];
  const bad = (nodes: readonly Tensor[], more: Partial<Graph> = {}) => () =>
    check({ ...graph, nodes, ...more });
  const changed = (node: Tensor, fields: object) => ({ ...node, ...fields }) as Tensor;
  assert.throws(bad([negated, a, y]), /does not come before it/);
  assert.throws(bad([a, negated]), /output "y" is no node/);
  assert.throws(bad([a, negated, y, y]), /listed twice/);
  assert.throws(
    bad([a, changed(negated, { results: [f32(4)] }), y]),
    /not those inferred|does not come before/,
  );
  const stray = changed(negated, { attributes: { expression: operand(3) } });
  assert.throws(bad([a, stray], { outputs: new Map([["y", stray]]) }), /operand 3/);
  assert.throws(bad([a, negated, y], { inputs: new Map() }), /input is not listed/);
});

Deno.test("print() shows a graph line by line", () => {
  const graph = trace({ q: f32(2, 3), w: f32(4, 3) } as const, ({ q, w }) => ({
    y: namedScope("layer", () => t.sigmoid(t.contract("mk,nk->mn", q, w))),
  }));
  assert.equal(
    print(graph),
    [
      "%0 = input f32[2, 3] name=q",
      "%1 = input f32[4, 3] name=w",
      "%2 = contract f32[2, 4] %0 %1 spec=mk,nk->mn  # layer",
      "%3 = map f32[2, 4] %2 expression=sigmoid(x0)  # layer",
      "y: %3",
    ].join("\n"),
  );
});
