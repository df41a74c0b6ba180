// Every op on WASM against the f64 evaluation: the case table through every view, and random shapes; one and several
// threads, both kinds of SIMD. And the passes: the graph is legal after each, and its values stay.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm } from "../lib/backend/wasm/device.ts";
import { compileGraph } from "../lib/compile/compile.ts";
import type { Device } from "../lib/compile/device.ts";
import { check } from "../lib/ir/check.ts";
import { evaluate } from "../lib/ir/evaluate.ts";
import { attention } from "../lib/ir/fused/attention.ts";
import { layerNorm } from "../lib/ir/fused/layer_norm.ts";
import { print } from "../lib/ir/print.ts";
import * as t from "../lib/ir/tensor.ts";
import { cases, OPS } from "./cases.ts";
import { assertClose } from "./compare.ts";
import {
  caseGraph,
  f32,
  feedsOf,
  lossGraph,
  type OpCase,
  pointwise,
  sumOf,
  type ViewingName,
  VIEWINGS,
} from "./op_case.ts";
import { decode, gradientRounding, runGraph } from "./run_case.ts";

/** Runs a case on one device and on one with several threads: right, and equal bit for bit. */
async function checkCase(
  [one, several]: readonly [Device, Device],
  op: string,
  test: OpCase,
  viewing: ViewingName,
  seed: number,
): Promise<void> {
  const graph = caseGraph(test, viewing);
  const feeds = feedsOf(graph, test, seed);
  const what = () => `${op}: ${test.name}, ${viewing} (${test.rounding.reason})\n${print(graph)}`;
  const got = await runGraph(one, graph, feeds);
  for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
    assertClose(decode(got[name]!), want, test.rounding, what);
  }
  assert.deepEqual(await runGraph(several, graph, feeds), got, `${what()}: several threads differ from one`);
}

for (
  const { relaxed, bits } of [true, false].flatMap((relaxed) => [32, 64].map((bits) => ({ relaxed, bits })))
) {
  const build = `${relaxed ? "relaxed" : "plain"} SIMD, ${bits}-bit addresses`;
  Deno.test(`every op on WASM equals the f64 evaluation (${build})`, async () => {
    const maximumBytes = bits === 64 ? 2 ** 33 : 2 ** 32;
    using one = await wasm({ threads: 1, relaxed, maximumBytes });
    using three = await wasm({ threads: 3, relaxed, maximumBytes });
    for (const op of OPS) {
      for (const [i, test] of cases[op].entries()) {
        for (const viewing of Object.keys(VIEWINGS) as ViewingName[]) {
          await checkCase([one, three], op, test, viewing, 100 + i);
        }
      }
    }
  });
}

Deno.test("grad() of every op on WASM equals the f64 evaluation", async () => {
  using device = await wasm({ threads: 2 });
  for (const op of OPS) {
    for (const [i, test] of cases[op].entries()) {
      if (test.gradient === "refused" || test.gradient === "absorbed") continue;
      const graph = lossGraph(test, true);
      const feeds = feedsOf(graph, test, 900 + i);
      const got = await runGraph(device, graph, feeds);
      const rounding = gradientRounding(test);
      for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
        assertClose(decode(got[name]!), want, rounding, () => `${op}: ${test.name}, ${name}`);
      }
    }
  }
});

const size = fc.integer({ min: 1, max: 17 });

/** Random graphs of the ops whose shapes matter most. */
const families: Readonly<Record<string, fc.Arbitrary<OpCase>>> = {
  contract: fc.tuple(size, size, size, size).map(([b, m, n, k]): OpCase => ({
    name: `b${b} m${m} n${n} k${k}`,
    operands: [f32([m, b, k]), f32([k, n, b])],
    rounding: sumOf(k),
    build: (x, y) => t.contract("mbk,knb->bnm", x!, y!),
  })),
  reduce: fc.tuple(size, size, size, fc.subarray([0, 1, 2], { minLength: 1 })).map(
    ([a, b, d, axes]): OpCase => ({
      name: `[${a},${b},${d}] over ${axes}`,
      operands: [f32([a, b, d])],
      rounding: sumOf(axes.reduce((n, axis) => n * [b, d, a][axis]!, 1)),
      build: (x) => t.sum(t.mul(t.permute(x!, [1, 2, 0]), 0.5), axes),
    }),
  ),
  map: fc.tuple(size, size, size).map(([a, b, d]): OpCase => ({
    name: `[${a},${b},${d}]`,
    operands: [f32([a, 1, d]), f32([b, 1]), f32([d, a])],
    rounding: { ...pointwise(6), floor: 1 },
    build: (x, y, z) => t.add(t.mul(x!, t.sigmoid(y!)), t.reshape(t.permute(z!, [1, 0]), [a, 1, d])),
  })),
  convolution: fc.tuple(size, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), size).map(
    ([extra, width, step, channels]): OpCase => ({
      name: `n${extra + width} k${width} s${step} c${channels}`,
      operands: [f32([2, extra + width, channels]), f32([3, channels, width])],
      rounding: sumOf(width * channels),
      build: (x, w) => t.contract("nwkc,ock->nwo", t.unfold(x!, 1, width, step), w!),
    }),
  ),
  fold: fc.tuple(size, size, fc.integer({ min: 1, max: 5 }), size).map(([w, s, step, d]): OpCase => ({
    name: `w${w} s${s} step${step} d${d}`,
    operands: [f32([w, s, d])],
    rounding: sumOf(Math.min(w, Math.ceil(s / step))),
    build: (x) => t.fold(x!, 0, step, (w - 1) * step + s + 2),
  })),
  attention: fc.tuple(size, size, size, size).map(([h, m, n, e]): OpCase => ({
    name: `h${h} m${m} n${n} e${e}`,
    operands: [f32([m, h, e]), f32([n, h, e]), f32([n, h, e])],
    rounding: {
      limit: 2e-6,
      floor: 1,
      reason: "scores up to 10 are off by 6e-7, the exponential multiplies by as much",
    },
    build: (...args) => {
      const [q, k, v] = args.map((x) => t.permute(x, [1, 0, 2]));
      return attention(q!, k!, v!, 1 / Math.sqrt(e));
    },
  })),
  layerNorm: fc.tuple(size, fc.integer({ min: 2, max: 90 })).map(([n, e]): OpCase => ({
    name: `n${n} e${e}`,
    operands: [f32([e, n]), f32([e]), f32([e])],
    // Two points that almost coincide leave a small deviation to divide by: 1 over the root of epsilon at worst.
    rounding: {
      limit: (6 + Math.sqrt(e)) * 2 ** -24,
      floor: 1 / Math.sqrt(1e-5),
      reason: "small deviations",
    },
    build: (x, w, b) => layerNorm(t.permute(x!, [1, 0]), w!, b!, 1e-5),
  })),
};

for (const [name, family] of Object.entries(families)) {
  Deno.test(`${name} on WASM equals the f64 evaluation for random shapes`, async () => {
    using one = await wasm({ threads: 1 });
    using two = await wasm({ threads: 2 });
    await fc.assert(
      fc.asyncProperty(
        family,
        fc.nat(1000),
        (test, seed) => checkCase([one, two], name, test, "plain", seed),
      ),
      { numRuns: 40 },
    );
  });
}

/** Devices as the passes see them. */
const KERNEL_SETS = [
  new Set<never>(),
  new Set(["layerNorm", "rope", "attention", "attentionGradient"] as const),
];

Deno.test("compileGraph() leaves a legal graph after every pass, and passes do not change values", () => {
  for (const op of OPS) {
    for (const [i, test] of cases[op].entries()) {
      const graph = caseGraph(test);
      const feeds = feedsOf(graph, test, 300 + i);
      const wanted = evaluate(graph, feeds);
      for (const kernels of KERNEL_SETS) {
        compileGraph(graph, { kernels }, (pass, after) => {
          check(after);
          const got = evaluate(after, feeds);
          for (const name of Object.keys(wanted)) {
            // Numbers folded into expressions are rounded to f32, as constants of the graph are.
            assertClose(
              got[name]!,
              wanted[name]!,
              { limit: 1e-7, floor: 1 },
              () => `${op} ${test.name} after ${pass}`,
            );
          }
        });
      }
    }
  }
});
