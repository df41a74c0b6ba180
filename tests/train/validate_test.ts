// Validation and planning: scores are those of forecasts, plans those of the programs that run.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Kernel } from "../../lib/compile/program.ts";
import { openSplit } from "../../lib/data/split.ts";
import { vrmse } from "../../lib/metrics/frame.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { planTraining } from "../../lib/train/plan.ts";
import { RELEASED_TRAINING, releasedTrainable } from "../../lib/train/step.ts";
import { validate } from "../../lib/train/validate.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import { geometryOf } from "../../lib/models/walrus/geometry.ts";
import { inRepository } from "../shared.ts";

Deno.test("validate() scores what a forecast of the same window scores", async () => {
  using device = await wasm();
  using model = await Walrus.load(inRepository("examples/walrus_small/walrus.safetensors"), { device });
  using split = await openSplit([inRepository("examples/data/gray_scott_mini.hdf5")]);
  const settings = { windows: 1, rollout: 2, trajectories: 1, jitter: false, seed: 0 };
  const scores = await validate(model, { split, frames: 6 }, settings);
  assert.equal(scores.rollout.length, 2);
  assert.deepEqual(Object.keys(scores.fields), ["A", "B"]);
  const trajectory = split.trajectory(0, 0);
  const mean = (values: Record<string, number>) => (values.A! + values.B!) / 2;
  let step = 0;
  for await (
    const frame of model.rollout(await trajectory.window({ from: 0, length: 6 }), { steps: 2, jitter: false })
  ) {
    const wanted = mean(vrmse(frame, await trajectory.frame(6 + step)));
    assert.ok(Math.abs(scores.rollout[step]! - wanted) < 1e-6, `${scores.rollout[step]}, wanted ${wanted}`);
    step++;
  }
  const middle = Math.floor(split.places(6, 1).length / 2);
  const start = await trajectory.window({ from: middle, length: 6 });
  for await (const frame of model.rollout(start, { steps: 1, jitter: false })) {
    const wanted = vrmse(frame, await trajectory.frame(middle + 6));
    assert.ok(Math.abs(scores.oneStep - mean(wanted)) < 1e-6);
    assert.ok(Math.abs(scores.fields.A! - wanted.A!) < 1e-6);
  }
});

Deno.test("planTraining() finds the released model within 30 GB on both kinds of its data, with recomputation", () => {
  const device = { kernels: new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]) };
  const open = [1, 1] as const;
  for (const points of [[256, 256, 1], [128, 128, 128]] as const) {
    const deep = points[2] > 1;
    const shape = {
      frames: deep ? 3 : 6,
      samples: deep ? 1 : 2,
      points,
      channels: 4,
      constants: 0,
      hidden: false,
      jitter: true,
      pathDrop: true,
      fieldDrop: false,
    };
    const geometry = geometryOf(points, [open, open, open], true);
    const settings = { ...RELEASED_TRAINING, accumulate: 1, rematEvery: 1 };
    const trainable = releasedTrainable(RELEASED_CONFIG);
    const plan = planTraining(RELEASED_CONFIG, shape, geometry, settings, trainable, device);
    assert.equal(plan.weights, 4 * 1_286_199_487);
    assert.equal(plan.moments, 8 * 1_286_199_047);
    assert.ok(plan.peak < 30e9, `${plan.peak}`);
    assert.equal(plan.peak, plan.weights + plan.moments + plan.sums + plan.working);
  }
});
