// Random interleavings on every device, few enough for every run of the tests; `deno task interleave` has many more.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Alone, runSchedule, simulations, testedDevices } from "./interleaving.ts";

/** The schedules are the same in every run. */
const SEED = 1;
/** How many on each device. */
const COUNT: Readonly<Record<string, number>> = { webgpu: 2 };
const USUAL = 6;

const data = simulations();

for (const [i, device] of (await testedDevices()).entries()) {
  const { name, open, schedules } = device;
  Deno.test({
    name: `interleavings on ${name} give what tasks give alone, or end soon with the reason`,
    // The platform polls a GPU in the background and keeps its resources.
    sanitizeOps: name !== "webgpu",
    sanitizeResources: name !== "webgpu",
    async fn() {
      await using alone = new Alone(open);
      let all = 0;
      const property = fc.asyncProperty(schedules, async (schedule) => {
        const { finished } = await runSchedule(device, schedule, alone, data);
        all += finished;
      });
      await fc.assert(property, { numRuns: COUNT[name] ?? USUAL, seed: SEED + i, endOnFailure: true });
      assert.ok(all > 0, "nothing was compared");
    },
  });
}
