// Ops whose shapes matter most, of random shapes, against the f64 evaluation.

import assert from "node:assert/strict";
import fc from "fast-check";
import { attention } from "../../lib/ir/fused/attention.ts";
import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import * as t from "../../lib/ir/tensor.ts";
import { deviceTest, WASM, WEBGPU } from "../devices.ts";
import { caseGraph, f32, type OpCase, pointwise, sumOf } from "../op_case.ts";
import { assertEvaluates, prepare, runGraph } from "../run_case.ts";

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
    ([extra, width, stride, channels]): OpCase => ({
      name: `n${extra + width} k${width} s${stride} c${channels}`,
      operands: [f32([2, extra + width, channels]), f32([3, channels, width])],
      rounding: sumOf(width * channels),
      build: (x, w) => t.contract("nwkc,ock->nwo", t.unfold(x!, 1, width, stride), w!),
    }),
  ),
  fold: fc.tuple(size, size, fc.integer({ min: 1, max: 5 }), size).map(([w, s, stride, d]): OpCase => ({
    name: `w${w} s${s} stride${stride} d${d}`,
    operands: [f32([w, s, d])],
    rounding: sumOf(Math.min(w, Math.ceil(s / stride))),
    build: (x) => t.fold(x!, 0, stride, (w - 1) * stride + s + 2),
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

for (const device of [WASM, WEBGPU]) {
  const numRuns = device.slow ? 4 : 40;
  deviceTest(device, "random shapes equal the f64 evaluation", async (opened, context) => {
    using alike = await device.openAlike?.() ?? null;
    for (const [name, family] of Object.entries(families)) {
      const property = fc.asyncProperty(family, fc.nat(1000), async (test, seed) => {
        const prepared = prepare(caseGraph(test), test, seed);
        const rounding = { ...test.rounding, limit: device.looser * test.rounding.limit };
        const got = await assertEvaluates(opened, prepared, rounding, `${name}: ${test.name}`);
        if (alike) assert.deepEqual(await runGraph(alike, prepared.graph, prepared.feeds), got);
      });
      await context.step(name, () => fc.assert(property, { numRuns }));
    }
  });
}
