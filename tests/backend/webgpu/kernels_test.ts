// Every kernel of the WebGPU backend against its definition on random views.

import fc from "fast-check";
import type { Kernel } from "../../../lib/compile/program.ts";
import { compareStep } from "../compare_step.ts";
import { Draw, seeds } from "../random_steps.ts";
import { cases } from "../step_cases.ts";
import { gpuTest } from "./adapter.ts";

/** Tries of each kernel: every one compiles shaders, which a software adapter does on the processor. */
const RUNS: { readonly [K in Kernel]: number } = {
  map: 40,
  cast: 20,
  reduce: 30,
  contract: 30,
  gather: 20,
  scatterAdd: 20,
  fold: 20,
  layerNorm: 20,
  rope: 20,
  attention: 20,
  attentionGradient: 10,
};

for (const kernel of Object.keys(cases) as Kernel[]) {
  gpuTest(`${kernel} on WebGPU follows its definition on random views`, async (device) => {
    const property = fc.asyncProperty(seeds, async (seed) => {
      const test = cases[kernel](new Draw(seed));
      // The table's limit is for sums in double precision, which WGSL does not have.
      const looser = kernel === "scatterAdd" ? 4 : 1;
      await compareStep(device, { ...test, tolerance: looser * test.tolerance });
    });
    await fc.assert(property, { numRuns: RUNS[kernel], seed: 20261123 });
  });
}
