// Every op on WebGPU against the f64 evaluation, through every view, and its gradient.

import assert from "node:assert/strict";
import { webgpu } from "../lib/backend/webgpu/device.ts";
import { check } from "../lib/ir/check.ts";
import { evaluate } from "../lib/ir/evaluate.ts";
import type { Op } from "../lib/ir/node.ts";
import { print } from "../lib/ir/print.ts";
import { apply, number, operand } from "../lib/ir/scalar.ts";
import { attention } from "../lib/ir/fused/attention.ts";
import { fold, permute, reshape, sliceAxis } from "../lib/ir/tensor.ts";
import { gpuTest } from "./backend/webgpu/adapter.ts";
import { cases, OPS } from "./cases.ts";
import { contractNode } from "./cases/contract_cases.ts";
import { assertClose } from "./compare.ts";
import {
  caseGraph,
  f32,
  feedsOf,
  lossGraph,
  type OpCase,
  sumOf,
  type ViewingName,
  VIEWINGS,
} from "./op_case.ts";
import { decode, gradientRounding, runGraph } from "./run_case.ts";

/**
 * WGSL's exp, log and division may be off by some units where those of the WASM backend are within one, and its sums
 * are in f32 throughout.
 */
const LOOSER = 4;

for (const op of OPS) {
  gpuTest(`${op} on WebGPU equals the f64 evaluation`, async (device) => {
    for (const [i, test] of cases[op].entries()) {
      for (const viewing of Object.keys(VIEWINGS) as ViewingName[]) {
        const graph = caseGraph(test, viewing);
        const feeds = feedsOf(graph, test, 100 + i);
        const got = await runGraph(device, graph, feeds);
        const rounding = { ...test.rounding, limit: LOOSER * test.rounding.limit };
        for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
          assertClose(
            decode(got[name]!),
            want,
            rounding,
            () => `${op}: ${test.name}, ${viewing}\n${print(graph)}`,
          );
        }
      }
    }
  });
}

const differentiable = (op: Op) =>
  cases[op].filter(({ gradient }) => gradient !== "refused" && gradient !== "absorbed");

gpuTest("grad() of every op on WebGPU equals the f64 evaluation", async (device) => {
  for (const op of OPS) {
    for (const [i, test] of differentiable(op).entries()) {
      const graph = lossGraph(test, true);
      check(graph);
      const feeds = feedsOf(graph, test, 900 + i);
      const got = await runGraph(device, graph, feeds);
      const rounding = gradientRounding(test);
      for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
        assertClose(decode(got[name]!), want, rounding, () => `${op}: ${test.name}, ${name}`);
      }
    }
  }
});

/** A binding of one kibibyte: every case but the smallest is cut. */
const SMALL = { limits: { maxStorageBufferBindingSize: 1024 } };

gpuTest("every op on WebGPU is the same when bindings are so small that programs are cut", async (device) => {
  let refused = 0;
  for (const op of OPS) {
    for (const [i, test] of cases[op].entries()) {
      const graph = caseGraph(test);
      const feeds = feedsOf(graph, test, 100 + i);
      let got;
      try {
        got = await runGraph(device, graph, feeds);
      } catch (error) {
        // Rows longer than a binding, and windows that share it, are named and refused.
        assert.match((error as Error).message, /Cannot cut \w+ .* reaches over \d+ bytes/);
        refused++;
        continue;
      }
      const rounding = { ...test.rounding, limit: LOOSER * test.rounding.limit };
      for (const [name, want] of Object.entries(evaluate(graph, feeds))) {
        assertClose(decode(got[name]!), want, rounding, () => `${op}: ${test.name}`);
      }
    }
  }
  console.log(refused);
  assert.ok(refused <= 10, `${refused} cases were refused`);
}, () => webgpu(SMALL));

gpuTest("fold on WebGPU is cut along its windows where nothing else is left to cut", async (device) => {
  for (const [windows, size, step] of [[40, 13, 3], [301, 2, 2], [150, 3, 5]] as const) {
    const test: OpCase = {
      name: `${windows} windows of ${size}, ${step} apart`,
      operands: [f32([windows, size])],
      rounding: sumOf(Math.ceil(size / step)),
      build: (x) => fold(x!, 0, step, (windows - 1) * step + size + 2),
    };
    const graph = caseGraph(test);
    const feeds = feedsOf(graph, test, 5);
    const got = await runGraph(device, graph, feeds);
    assertClose(decode(got.y0!), evaluate(graph, feeds).y0!, test.rounding, () => test.name);
  }
}, () => webgpu(SMALL));

gpuTest(
  "contract on WebGPU sums in parts what it can not bind at once, then applies its epilogue",
  async (device) => {
    const half = apply("mul", operand(0), number(0.5));
    const test: OpCase = {
      name: "700 terms",
      operands: [f32([3, 700]), f32([5, 700]), f32([3, 5])],
      rounding: sumOf(700),
      build: (x, y, bias) => contractNode("mk,nk->mn", apply("add", half, operand(1)), x!, y!, bias!),
    };
    const graph = caseGraph(test);
    const feeds = feedsOf(graph, test, 5);
    const got = await runGraph(device, graph, feeds);
    assertClose(decode(got.y0!), evaluate(graph, feeds).y0!, test.rounding, () => test.name);
  },
  () => webgpu(SMALL),
);

gpuTest("attention on WebGPU packs keys and values that no cut brings within a binding", async (device) => {
  const rows = 16;
  const test: OpCase = {
    name: "heads of a wide projection",
    operands: [f32([rows, 5, 2, 3, 8])],
    rounding: { ...sumOf(rows), limit: 8 * sumOf(rows).limit },
    build: (x) => {
      const part = (i: number) => permute(reshape(sliceAxis(x!, 1, i, 1), [rows, 2, 3, 8]), [1, 2, 0, 3]);
      return attention(part(0), part(1), part(2), 0.3);
    },
  };
  const graph = caseGraph(test);
  const feeds = feedsOf(graph, test, 5);
  const got = await runGraph(device, graph, feeds);
  assertClose(decode(got.y0!), evaluate(graph, feeds).y0!, test.rounding, () => test.name);
}, () => webgpu(SMALL));
