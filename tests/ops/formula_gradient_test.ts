// Builds of the kernels without those of backward passes run the formulas of gradients in their place: what they give
// equals the f64 evaluation too.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { plan } from "../../lib/compile/pipeline.ts";
import { cases } from "../cases.ts";
import { lossGraph } from "../op_case.ts";
import { assertEvaluates, gradientRounding, prepare } from "../run_case.ts";

/** Fused ops whose gradients are kernels elsewhere. */
const OPS = ["layerNorm", "groupNorm", "softmax", "attention", "swiglu"] as const;

Deno.test("gradients by formula equal the f64 evaluation on a device without kernels of gradients", async () => {
  using device = await wasm({ threads: 1, kernels: "forecast" });
  assert.deepEqual([...device.kernels].filter((kernel) => kernel.endsWith("Gradient")), []);
  for (const op of OPS) {
    const tested = cases[op].filter(({ gradient }) => gradient === undefined);
    assert.ok(tested.length > 0, op);
    for (const [i, test] of tested.entries()) {
      const graph = lossGraph(test, true);
      const { launches } = plan(graph, device).main.program;
      assert.ok(launches.every(({ kernel }) => device.kernels.has(kernel)), `${op}: ${test.name}`);
      await assertEvaluates(
        device,
        prepare(graph, test, 900 + i),
        gradientRounding(test),
        `${op}: ${test.name}`,
      );
    }
  }
});
