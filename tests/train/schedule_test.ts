// Learning rates against the reference's scheduler.

import assert from "node:assert/strict";
import { agreeingSteps, inverseSquareRootRate, learningRate, stableSteps } from "../../lib/train/schedule.ts";
import { sharedTest } from "../shared.ts";

sharedTest(
  "inverseSquareRootRate() equals the reference at every epoch of every setting",
  "golden-data",
  async (folder) => {
    const settings = JSON.parse(await Deno.readTextFile(`${folder}/lr_schedule.json`));
    assert.equal(settings.length, 4);
    for (const setting of settings) {
      const own = {
        base: setting.base_lr,
        total: setting.max_epochs,
        warmup: setting.warmup_epochs,
        cooldown: setting.cooldown_epochs,
        firstFactor: setting.warmup_lr_factor,
      };
      setting.lr_by_epoch_index.forEach((wanted: number, step: number) => {
        const got = inverseSquareRootRate(own, step);
        assert.ok(
          Math.abs(got - wanted) <= 1e-12 * own.base,
          `${setting.name} ${step}: ${got}, wanted ${wanted}`,
        );
      });
    }
  },
);

Deno.test("learningRate() of a constant schedule warms up, stays, and falls straight over the last steps", () => {
  const shared = { kind: "constant", base: 2, warmup: 2, firstFactor: 0.5 } as const;
  const schedule = { ...shared, cooldown: { total: 10, steps: 4, lastFactor: 0.25 } };
  const rates = Array.from({ length: 12 }, (_, step) => learningRate(schedule, step));
  assert.deepEqual(rates, [1, 1.5, 2, 2, 2, 2, 2, 1.625, 1.25, 0.875, 0.5, 0.5]);
  assert.equal(stableSteps(schedule), 6);
  assert.equal(stableSteps(shared), null);
  // The rate after step 6 is the last that a longer run has too.
  assert.equal(
    agreeingSteps(schedule, { ...schedule, cooldown: { ...schedule.cooldown, total: 20 } }, 10),
    7,
  );
});

Deno.test("stableSteps() of the released schedule ends where its cool-down starts; a cosine has none", () => {
  const settings = { base: 1, total: 100, warmup: 5, firstFactor: 0.1 };
  const released = { kind: "released", ...settings, cooldown: 10 } as const;
  assert.equal(stableSteps(released), 90);
  assert.equal(agreeingSteps(released, { ...released, total: 300 }, 100), 91);
  const cosine = { kind: "cosine", ...settings, lastFactor: 0 } as const;
  assert.equal(stableSteps(cosine), null);
  assert.equal(agreeingSteps(cosine, { ...cosine, total: 300 }, 100), 6);
});
