// Every op on WASM against the f64 evaluation: the case table and random shapes, one and several threads, both
// kinds of SIMD.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm } from "../lib/backend/wasm/device.ts";
import { compile, compileGraph } from "../lib/compile/compile.ts";
import type { Device } from "../lib/compile/program.ts";
import { check } from "../lib/ir/check.ts";
import { evaluate } from "../lib/ir/evaluate.ts";
import { attention } from "../lib/ir/fused/attention.ts";
import { layerNorm } from "../lib/ir/fused/layer_norm.ts";
import * as t from "../lib/ir/tensor.ts";
import { type Graph, trace } from "../lib/ir/trace.ts";
import type { HostArray } from "../lib/ir/types.ts";
import { cases, type OpCase } from "./cases.ts";
import { draw } from "./numbers.ts";

/** Graph and numbers of a case. */
function prepare(item: OpCase, seed: number): { graph: Graph; feeds: Record<string, Float32Array> } {
  const types = Object.fromEntries(
    item.shapes.map((shape, i) => [`x${i}`, { dtype: "f32" as const, shape }]),
  );
  const graph = trace(types, (x) => ({ y: item.build(Object.values(x)) }));
  const feeds = Object.fromEntries(
    item.shapes.map((s, i) => [`x${i}`, draw(s, item.draw ?? "normal", seed + i)]),
  );
  return { graph, feeds };
}

async function runOn(device: Device, graph: Graph, feeds: Record<string, HostArray>): Promise<HostArray> {
  using compiled = await compile(device, graph);
  return (await compiled.run(feeds)).y!;
}

/** Compares a result with the f64 evaluation and says where they differ most. */
function compare(label: string, got: HostArray, wanted: Float64Array, tolerance: number): void {
  const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
  let [worst, at] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!) / scale;
    if (!(difference <= worst)) [worst, at] = [difference, i];
  }
  assert.equal(got.length, wanted.length, label);
  assert.ok(
    worst <= tolerance,
    `${label}: element ${at} is ${got[at]}, wanted ${wanted[at]} (${worst} of the largest)`,
  );
}

const TOLERANCE = 2e-6;

for (const relaxed of [true, false]) {
  Deno.test(`every op on WASM equals the f64 evaluation (${relaxed ? "relaxed" : "plain"} SIMD)`, async () => {
    using one = await wasm({ threads: 1, relaxed });
    using three = await wasm({ threads: 3, relaxed });
    for (const [op, list] of Object.entries(cases)) {
      for (const [k, item] of list.entries()) {
        const { graph, feeds } = prepare(item, 100 + k);
        const label = `${op} ${item.name}`;
        const got = await runOn(one, graph, feeds);
        compare(label, got, evaluate(graph, feeds).y!, item.tolerance ?? TOLERANCE);
        assert.deepEqual(await runOn(three, graph, feeds), got, `${label}: three threads differ from one`);
      }
    }
  });
}

const size = fc.integer({ min: 1, max: 17 });

/** Random graphs of the ops whose shapes matter most. */
const families: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  contract: fc.tuple(size, size, size, size).map(([b, m, n, k]): OpCase => ({
    name: `b${b} m${m} n${n} k${k}`,
    shapes: [[m, b, k], [k, n, b]],
    build: ([x, y]) => t.contract("mbk,knb->bnm", x!, y!),
  })),
  reduce: fc.tuple(size, size, size, fc.subarray([0, 1, 2], { minLength: 1 })).map((
    [a, b, d, axes],
  ): OpCase => ({
    name: `[${a},${b},${d}] over ${axes}`,
    shapes: [[a, b, d]],
    build: ([x]) => t.sum(t.mul(t.permute(x!, [1, 2, 0]), 0.5), axes),
  })),
  map: fc.tuple(size, size, size).map(([a, b, d]): OpCase => ({
    name: `[${a},${b},${d}]`,
    shapes: [[a, 1, d], [b, 1], [d, a]],
    build: ([x, y, z]) => t.add(t.mul(x!, t.sigmoid(y!)), t.reshape(t.permute(z!, [1, 0]), [a, 1, d])),
  })),
  convolution: fc.tuple(size, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), size).map(
    ([extra, width, step, channels]): OpCase => ({
      name: `n${extra + width} k${width} s${step} c${channels}`,
      shapes: [[2, extra + width, channels], [3, channels, width]],
      build: ([x, w]) => t.contract("nwkc,ock->nwo", t.unfold(x!, 1, width, step), w!),
    }),
  ),
  fold: fc.tuple(size, size, fc.integer({ min: 1, max: 5 }), size).map(([w, s, step, d]): OpCase => ({
    name: `w${w} s${s} step${step} d${d}`,
    shapes: [[w, s, d]],
    build: ([x]) => t.fold(x!, 0, step, (w - 1) * step + s + 2),
  })),
  attention: fc.tuple(size, size, size, size).map(([h, m, n, e]): OpCase => ({
    name: `h${h} m${m} n${n} e${e}`,
    shapes: [[m, h, e], [n, h, e], [n, h, e]],
    build: ([q, k, v]) => {
      const heads = (x: typeof q) => t.permute(x!, [1, 0, 2]);
      return attention(heads(q), heads(k), heads(v), 1 / Math.sqrt(e));
    },
    tolerance: 1e-5,
  })),
  layerNorm: fc.tuple(size, fc.integer({ min: 2, max: 90 })).map(([n, e]): OpCase => ({
    name: `n${n} e${e}`,
    shapes: [[e, n], [e], [e]],
    build: ([x, w, b]) => layerNorm(t.permute(x!, [1, 0]), w!, b!, 1e-5),
    // Two points that almost coincide leave a small deviation to divide by.
    tolerance: 2e-4,
  })),
};

for (const [name, family] of Object.entries(families)) {
  Deno.test(`${name} on WASM equals the f64 evaluation for random shapes`, async () => {
    using one = await wasm({ threads: 1 });
    using two = await wasm({ threads: 2 });
    await fc.assert(
      fc.asyncProperty(family, fc.nat(1000), async (item, seed) => {
        const { graph, feeds } = prepare(item, seed);
        const got = await runOn(one, graph, feeds);
        compare(`${name} ${item.name}`, got, evaluate(graph, feeds).y!, item.tolerance ?? TOLERANCE);
        assert.deepEqual(await runOn(two, graph, feeds), got);
      }),
      { numRuns: 40 },
    );
  });
}

Deno.test("compileGraph() leaves a legal graph after every pass, and passes do not change values", () => {
  for (const [op, list] of Object.entries(cases)) {
    for (const [k, item] of list.entries()) {
      const { graph, feeds } = prepare(item, 300 + k);
      const wanted = evaluate(graph, feeds).y!;
      for (
        const kernels of [
          new Set<never>(),
          new Set(["layerNorm", "rope", "attention", "attentionGradient"] as const),
        ]
      ) {
        compileGraph(graph, { kernels }, (pass, after) => {
          check(after);
          const got = evaluate(after, feeds).y!;
          const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-30);
          const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - wanted[i]!)), 0) / scale;
          // Numbers folded into expressions are rounded to f32, as constants of the graph are.
          assert.ok(worst <= 1e-7, `${op} ${item.name} after ${pass}: ${worst}`);
        });
      }
    }
  }
});
