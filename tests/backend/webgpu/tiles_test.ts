// The kernels that keep tiles in workgroup memory, which a software adapter is only given when asked: every way of
// reading operands, tiles that are not full, sums taken in parts, halves, epilogues.

import { webgpu } from "../../../lib/backend/webgpu/device.ts";
import type { Limits } from "../../../lib/backend/webgpu/target.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { apply, number, operand } from "../../../lib/ir/scalar.ts";
import { contract, permute } from "../../../lib/ir/tensor.ts";
import { contractNode } from "../../cases/contract_cases.ts";
import { assertClose } from "../../compare.ts";
import { caseGraph, f16, f32, feedsOf, type OpCase, sumOf } from "../../op_case.ts";
import { decode, runGraph } from "../../run_case.ts";
import { gpuTest } from "./adapter.ts";

const halfPlus = apply("add", apply("mul", operand(0), number(0.5)), operand(1));

/** Operands of a product by the letters of its specification, in f32 unless told. */
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
      const graph = caseGraph(test);
      const feeds = feedsOf(graph, test, 40 + i);
      const got = await runGraph(device, graph, feeds);
      for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
        assertClose(decode(got[name]!), want, test.rounding, () => test.name);
      }
    }
  }, () => webgpu({ limits }));
}
