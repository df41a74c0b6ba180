// Every kernel of the WASM backend against its definition on random views, in every build, on one thread and on three.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import type { Kernel } from "../../../lib/compile/program.ts";
import { compareStep } from "../compare_step.ts";
import { Draw, seeds } from "../random_steps.ts";
import { runSteps } from "../run_step.ts";
import { cases } from "../step_cases.ts";

const RUNS: { readonly [K in Kernel]: number } = {
  map: 150,
  cast: 60,
  reduce: 80,
  contract: 120,
  gather: 80,
  scatterAdd: 60,
  fold: 80,
  layerNorm: 60,
  rope: 60,
  attention: 60,
  attentionGradient: 30,
};

for (const kernel of Object.keys(cases) as Kernel[]) {
  Deno.test(`${kernel} follows its definition on random views, alike on 1 and 3 threads`, async () => {
    using one = await wasm({ threads: 1, relaxed: true });
    using plain = await wasm({ threads: 1, relaxed: false });
    using three = await wasm({ threads: 3, relaxed: true });
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const test = cases[kernel](new Draw(seed));
        const results = await compareStep(one, test);
        await compareStep(plain, test);
        assert.deepEqual(await runSteps(three, [test.step], test.contents), results);
      }),
      { numRuns: RUNS[kernel], seed: 20261123 },
    );
  });
}
