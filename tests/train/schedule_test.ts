// Learning rates against the reference's scheduler.

import assert from "node:assert/strict";
import { inverseSquareRootRate } from "../../lib/train/schedule.ts";
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
