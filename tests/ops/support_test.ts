// What each device says it has against what programs ask of it, without running them: kernels, number types, fused ops
// that are kept where there is a kernel and expanded where there is none. And the passes on the way: the graph is legal
// after each, and its values stay.

import assert from "node:assert/strict";
import { plan } from "../../lib/compile/pipeline.ts";
import type { Kernel } from "../../lib/compile/program.ts";
import { check } from "../../lib/ir/check.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { fused } from "../../lib/ir/fused/mod.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import { cases, OPS } from "../cases.ts";
import { assertClose } from "../compare.ts";
import { DEVICES, deviceTest } from "../devices.ts";
import { caseGraph, lossGraph, type OpCase } from "../op_case.ts";
import { preparedCase } from "../run_case.ts";

/** Graphs of a case: on its own, and with gradients where it has any. */
function graphsOf(test: OpCase) {
  return [caseGraph(test), ...(test.gradient === "refused" ? [] : [lossGraph(test, true)])];
}

for (const device of DEVICES) {
  deviceTest(device, "programs of every op ask for what there is", async (opened, context) => {
    for (const op of device.ops) {
      await context.step(op, () => {
        for (const test of cases[op]) {
          for (const graph of graphsOf(test)) {
            const { launches, slots } = plan(graph, opened).main.program;
            const kernels = new Set<string>(launches.map(({ kernel }) => kernel));
            const lacking = [...kernels].filter((kernel) => !opened.kernels.has(kernel as Kernel));
            assert.deepEqual(lacking, [], `${op}: ${test.name} asks for kernels`);
            const types = new Set(slots.map(({ dtype }) => dtype));
            assert.deepEqual([...types].filter((type) => !opened.types.has(type)), [], `${op}: ${test.name}`);
            const kept = op in fused && opened.kernels.has(op as Kernel);
            if (kept) {
              assert.ok(kernels.has(op), `${op}: ${test.name} is expanded although there is a kernel`);
            }
          }
        }
      });
    }
  });
}

/** Devices as the passes see them. */
const KERNEL_SETS = [
  new Set<never>(),
  new Set(["layerNorm", "rope", "attention", "attentionGradient"] as const),
  new Set(["layerNormGradient", "groupNormGradient", "softmaxGradient", "swiglu", "swigluGradient"] as const),
];

Deno.test("plan() leaves a legal graph after every pass, and passes do not change values", () => {
  for (const op of OPS) {
    for (const [i, test] of cases[op].entries()) {
      const { graph, feeds, wanted } = preparedCase(test, "plain", 300 + i);
      for (const kernels of KERNEL_SETS) {
        const observe = (pass: string, after: Graph) => {
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
        };
        plan(graph, { kernels }, { observe });
      }
    }
  }
});
