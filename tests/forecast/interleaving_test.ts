// Random interleavings on every device, few enough for every run of the tests; `deno task interleave` has many more.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Alone, runSchedule, schedules, testedDevices } from "./interleaving.ts";

/** The schedules are the same in every run. */
const SEED = 1;
/** How many on each device. */
const COUNT = 5;

for (const [i, device] of (await testedDevices()).entries()) {
  const { name, open } = device;
  Deno.test({
    name: `interleavings on ${name} give what tasks give alone, or end soon with the reason`,
    // The platform polls a GPU in the background and keeps its resources.
    sanitizeOps: name !== "webgpu",
    sanitizeResources: name !== "webgpu",
    async fn() {
      await using alone = new Alone(open);
      let all = 0;
      const property = fc.asyncProperty(schedules, async (schedule) => {
        const { finished } = await runSchedule(device, schedule, alone);
        all += finished;
      });
      await fc.assert(property, { numRuns: COUNT, seed: SEED + i, endOnFailure: true });
      assert.ok(all > 0, "nothing was compared");
    },
  });
}
