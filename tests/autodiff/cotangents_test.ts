// Cotangents of slices: boxes beside each other become one tensor; what overlaps is added. Always the right numbers.

import assert from "node:assert/strict";
import { grad } from "../../lib/autodiff/grad.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Op, Tensor } from "../../lib/ir/node.ts";
import * as t from "../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../lib/ir/trace.ts";

const SHAPE = [4, 6];

/** Sum of squares of parts of x, each with a factor of its own. */
function gradientOf(parts: (x: Tensor) => readonly Tensor[]): Graph {
  return trace({ x: { dtype: "f32", shape: SHAPE } } as const, ({ x }) => {
    const losses = parts(x).map((part, i) =>
      t.mul(t.reshape(t.sum(t.mul(part, part), part.shape.map((_, axis) => axis)), [1]), i + 1)
    );
    return grad(losses.reduce((sum, loss) => t.add(sum, loss)), { x });
  });
}

/** The same with a factor for every element: how often each part has it. */
function expected(x: readonly number[], factors: (row: number, column: number) => number): number[] {
  return x.map((value, i) => 0 + 2 * value * factors(Math.floor(i / 6), i % 6));
}

function count(graph: Graph, op: Op): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

const box = (starts: readonly number[], shape: readonly number[]) => (x: Tensor) => t.slice(x, starts, shape);

const cases: readonly {
  name: string;
  parts: (x: Tensor) => readonly Tensor[];
  factors: (row: number, column: number) => number;
  concats: number;
  pads: number;
}[] = [
  {
    name: "slices that cover an axis are concatenated, in whatever order",
    parts: (x) => [box([0, 3], [4, 3])(x), box([0, 0], [4, 1])(x), box([0, 1], [4, 2])(x)],
    factors: (_, c) => c >= 3 ? 1 : c < 1 ? 2 : 3,
    concats: 1,
    pads: 0,
  },
  {
    name: "a gap between slices is zero",
    parts: (x) => [box([0, 0], [4, 2])(x), box([0, 4], [4, 2])(x)],
    factors: (_, c) => c < 2 ? 1 : c >= 4 ? 2 : 0,
    concats: 1,
    pads: 0,
  },
  {
    name: "slices that do not reach the ends are padded once",
    parts: (x) => [box([0, 1], [4, 2])(x), box([0, 3], [4, 2])(x)],
    factors: (_, c) => c >= 1 && c < 3 ? 1 : c >= 3 && c < 5 ? 2 : 0,
    concats: 1,
    pads: 1,
  },
  {
    name: "quarters are concatenated along both axes",
    parts: (x) => [[0, 0], [0, 3], [2, 0], [2, 3]].map((starts) => box(starts, [2, 3])(x)),
    factors: (r, c) => 1 + (c >= 3 ? 1 : 0) + (r >= 2 ? 2 : 0),
    concats: 3,
    pads: 0,
  },
  {
    name: "slices that overlap are padded and added",
    parts: (x) => [box([0, 0], [4, 4])(x), box([0, 2], [4, 4])(x)],
    factors: (_, c) => (c < 4 ? 1 : 0) + (c >= 2 ? 2 : 0),
    concats: 0,
    pads: 2,
  },
  {
    name: "boxes that lie askew are padded and added",
    parts: (x) => [box([0, 0], [2, 3])(x), box([1, 3], [3, 3])(x)],
    factors: (r, c) => (r < 2 && c < 3 ? 1 : 0) + (r >= 1 && c >= 3 ? 2 : 0),
    concats: 0,
    pads: 2,
  },
  {
    name: "other users of the whole are added to the concatenation",
    parts: (x) => [box([0, 0], [4, 3])(x), x, box([0, 3], [4, 3])(x)],
    factors: (_, c) => 2 + (c < 3 ? 1 : 3),
    concats: 1,
    pads: 0,
  },
  {
    name: "the same slice used twice is one box",
    parts: (x) => [box([0, 0], [4, 3])(x), box([0, 0], [4, 3])(x), box([0, 3], [4, 3])(x)],
    factors: (_, c) => c < 3 ? 3 : 3,
    concats: 1,
    pads: 0,
  },
];

for (const { name, parts, factors, concats, pads } of cases) {
  Deno.test(`grad(): ${name}`, () => {
    const graph = gradientOf(parts);
    const x = Array.from({ length: 24 }, (_, i) => i - 7.5);
    assert.deepEqual([...evaluate(graph, { x }).x!], expected(x, factors));
    assert.deepEqual([count(graph, "concat"), count(graph, "pad")], [concats, pads]);
  });
}
