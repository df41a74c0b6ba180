// The kernels that keep tiles in workgroup memory, which a software adapter is only given when asked: every way of
// reading operands, tiles that are not full, sums taken in parts, fp16, epilogues.

import { webgpu } from "../../../lib/backend/webgpu/device.ts";
import type { Limits } from "../../../lib/backend/webgpu/target.ts";
import { apply, number, operand } from "../../../lib/ir/scalar.ts";
import { attention } from "../../../lib/ir/fused/attention.ts";
import { constant, contract, permute } from "../../../lib/ir/tensor.ts";
import { contractNode } from "../../cases/contract_cases.ts";
import { f16, f32, type OpCase, sumOf } from "../../op_case.ts";
import { assertEvaluates, preparedCase } from "../../run_case.ts";
import { gpuTest } from "./adapter.ts";

const halfPlus = apply("add", apply("mul", operand(0), number(0.5)), operand(1));

/** Operands of a product by the letters of its specification, in f32 unless given. */
function product(spec: string, a: readonly number[], b: readonly number[], terms: number): OpCase {
  return {
    name: `${spec}, ${a.join("x")} and ${b.join("x")}`,
    operands: [f32(a), f32(b)],
    rounding: sumOf(terms),
    build: (x, y) => contract(spec, x!, y!),
  };
}

const CONTRACTS: readonly OpCase[] = [
  product("mk,nk->mn", [33, 40], [65, 40], 40),
  product("mk,nk->mn", [65, 41], [33, 41], 41),
  product("km,kn->mn", [41, 36], [41, 68], 41),
  product("km,nk->mn", [44, 17], [67, 44], 44),
  product("mk,kn->mn", [130, 9], [9, 30], 9),
  product("mjk,njk->mn", [19, 3, 8], [21, 3, 8], 24),
  product("bmk,bnk->mbn", [3, 17, 8], [3, 34, 8], 8),
  product("mk,nk->mn", [17, 3100], [16, 3100], 3100),
  product("bmk,bnk->bmn", [256, 70, 9], [256, 66, 9], 9),
  {
    name: "permuted operands of three axes",
    operands: [f32([5, 12, 8]), f32([8, 20, 5])],
    rounding: sumOf(40),
    build: (x, y) => contract("mjk,njk->mn", permute(x!, [1, 0, 2]), permute(y!, [1, 2, 0])),
  },
  {
    name: "f16 along terms and along rows",
    operands: [f16([36, 24]), f16([24, 20])],
    rounding: sumOf(24),
    build: (x, y) => contract("mk,kn->mn", x!, y!),
  },
  {
    name: "an epilogue with a bias of one row",
    operands: [f32([66, 24]), f32([18, 24]), f32([66, 18])],
    rounding: sumOf(25),
    build: (x, y, bias) => contractNode("mk,nk->mn", halfPlus, x!, y!, bias!),
  },
];

const modes: readonly [string, Partial<Limits>][] = [
  ["tiles", {}],
  ["tiles of bindings so small that sums are cut", { maxStorageBufferBindingSize: 2048 }],
  ["tiles in little workgroup memory", { maxComputeWorkgroupStorageSize: 4096 }],
];

for (const [words, limits] of modes) {
  gpuTest(`contract on WebGPU with ${words} equals the f64 evaluation`, async (device) => {
    for (const [i, test] of CONTRACTS.entries()) {
      await assertEvaluates(device, preparedCase(test, "plain", 40 + i), test.rounding, test.name);
    }
  }, () => webgpu({ limits, attentionRows: 1 }));
}

function heads(name: string, q: readonly number[], k: readonly number[], f: number, bias = false): OpCase {
  const v = [...k.slice(0, -1), f];
  const scores = [...q.slice(0, -1), k[k.length - 2]!];
  return {
    name,
    operands: [f32(q), f32(k), f32(v), ...bias ? [f32(scores)] : []],
    // Weights are exponentials of sums; their errors meet again in a mean.
    rounding: { ...sumOf(4 * q[q.length - 1]!), floor: 1 },
    build: (q, k, v, scores) => attention(q!, k!, v!, 0.2, scores),
  };
}

const ATTENTIONS: readonly OpCase[] = [
  heads("heads of 88, 33 rows, 65 keys", [2, 33, 88], [2, 65, 88], 88),
  heads("heads of 7, rows that end a tile", [64, 7], [32, 7], 7),
  heads("values wider than keys", [3, 17, 12], [3, 40, 12], 100),
  heads("values narrower than keys", [17, 128], [18, 128], 3),
  heads("a bias for each score", [2, 35, 16], [2, 50, 16], 16, true),
  {
    name: "heads between the tokens, keys in reverse order of axes",
    operands: [f32([34, 3, 8]), f32([8, 3, 45]), f32([45, 3, 8])],
    rounding: { ...sumOf(32), floor: 1 },
    build: (q, k, v) =>
      attention(permute(q!, [1, 0, 2]), permute(k!, [1, 2, 0]), permute(v!, [1, 0, 2]), 0.3),
  },
  {
    name: "a row whose keys are all masked but the last",
    operands: [f32([16, 8]), f32([70, 8]), f32([70, 8])],
    rounding: { ...sumOf(32), floor: 1 },
    build: (q, k, v) => {
      const mask = Float32Array.from({ length: 16 * 70 }, (_, i) => i % 70 === 69 ? 0 : -1e30);
      return attention(q!, k!, v!, 0.3, constant(mask, [16, 70], "f32"));
    },
  },
];

gpuTest("attention on WebGPU with tiles equals the f64 evaluation", async (device) => {
  for (const [i, test] of ATTENTIONS.entries()) {
    await assertEvaluates(device, preparedCase(test, "plain", 70 + i), test.rounding, test.name);
  }
});
