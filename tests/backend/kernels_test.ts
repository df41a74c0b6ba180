// Every kernel of every device against its definition on random views. Devices that differ in threads alone give the
// same bits.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Kernel } from "../../lib/compile/program.ts";
import { deviceTest, PLAIN_WASM, WASM, WEBGPU } from "../devices.ts";
import { compareLaunch } from "./compare_launch.ts";
import { Draw, seeds } from "./random_launches.ts";
import { runLaunches } from "./run_launch.ts";
import { cases } from "./launch_cases.ts";

/** Tries of each kernel, and on devices that compile shaders for each. */
const RUNS: { readonly [K in Kernel]: readonly [runs: number, slow: number] } = {
  map: [150, 40],
  cast: [60, 20],
  reduce: [80, 30],
  contract: [120, 30],
  gather: [80, 20],
  scatterAdd: [60, 20],
  fold: [80, 20],
  layerNorm: [60, 20],
  rope: [60, 20],
  attention: [60, 20],
  attentionGradient: [30, 10],
  layerNormGradient: [80, 20],
  groupNormGradient: [80, 20],
  softmax: [60, 20],
  softmaxGradient: [60, 20],
  swiglu: [60, 20],
  swigluGradient: [60, 20],
};

for (const device of [WASM, PLAIN_WASM, WEBGPU]) {
  deviceTest(device, "every kernel follows its definition on random views", async (opened, context) => {
    using alike = await device.openAlike?.() ?? null;
    for (const kernel of Object.keys(cases) as Kernel[]) {
      if (!opened.kernels.has(kernel)) continue;
      // The table's limit is for sums in double precision, which WGSL does not have.
      const looser = kernel === "scatterAdd" ? device.looser : 1;
      const property = fc.asyncProperty(seeds, async (seed) => {
        const test = cases[kernel](new Draw(seed));
        const results = await compareLaunch(opened, { ...test, tolerance: looser * test.tolerance });
        if (alike) assert.deepEqual(await runLaunches(alike, [test.launch], test.contents), results);
      });
      const numRuns = RUNS[kernel][device.slow ? 1 : 0];
      await context.step(kernel, () => fc.assert(property, { numRuns, seed: 20261123 }));
    }
  });
}
