// Validation and planning: scores are those of forecasts, plans those of the programs that run.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Kernel } from "../../lib/compile/program.ts";
import { consecutive, placesOf } from "../../lib/data/examples.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { score } from "../../lib/metrics/score.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import type { WalrusShape } from "../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { planTraining } from "../../lib/train/plan.ts";
import { DEFAULT_TRAINING } from "../../lib/train/settings.ts";
import { validate } from "../../lib/train/validate.ts";
import { madeWell } from "../models/walrus/samples.ts";
import { inRepository } from "../shared.ts";
import { tinyTrainer, trainedOf } from "./tiny.ts";

Deno.test("validate() scores what a forecast of the same window scores", async () => {
  using device = await wasm();
  using model = await loadModel(inRepository("examples/walrus_small/walrus.safetensors"), { device });
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const split = await data.split();
  const settings = { windows: 1, rollout: 2, trajectories: 1, draws: false, seed: 0 };
  const scores = await validate(model, { split, frames: 6 }, settings);
  assert.equal(scores.rollout.length, 2);
  assert.deepEqual(Object.keys(scores.fields), ["A", "B"]);
  const trajectory = split.trajectory(0);
  const window = (from: number) => trajectory.sample(Array.from({ length: 6 }, (_, i) => from + i));
  const mean = (values: Readonly<Record<string, number>>) => (values.A! + values.B!) / 2;
  let step = 0;
  for await (const frame of model.rollout(await window(0), { steps: 2, draws: false })) {
    const wanted = mean(score(frame.values, await trajectory.sample([6 + step])));
    assert.ok(Math.abs(scores.rollout[step]! - wanted) < 1e-6, `${scores.rollout[step]}, wanted ${wanted}`);
    step++;
  }
  const middle = Math.floor(placesOf(split, consecutive(7)).length / 2);
  for await (const frame of model.rollout(await window(middle), { steps: 1, draws: false })) {
    const wanted = score(frame.values, await trajectory.sample([middle + 6]));
    assert.ok(Math.abs(scores.oneStep - mean(wanted)) < 1e-6);
    assert.ok(Math.abs(scores.fields.A! - wanted.A!) < 1e-6);
  }
});

Deno.test("validate() scores data that have constant fields, those that vary alone", async () => {
  using device = await wasm({ threads: 1 });
  const fields = [["a", 0], ["c", 0], ["d", 0, true]] as const;
  using data = await openData(
    await madeWell({ shape: [32, 32], steps: 6, boundaries: [[2, 2], [0, 1]], fields }),
  );
  using trainer = await tinyTrainer(device);
  const settings = { windows: 2, rollout: 2, trajectories: 1, draws: false, seed: 0 };
  const scores = await validate(trainer, { split: await data.split(), frames: 3 }, settings);
  assert.deepEqual(Object.keys(scores.fields), ["a", "c"]);
  assert.ok(scores.oneStep > 0 && scores.rollout.every((value) => value > 0), `${scores.rollout}`);
});

Deno.test("planTraining() finds the released model within 30 GB on both kinds of its data, with recomputation", () => {
  const device = { kernels: new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]) };
  const model = walrusModel(RELEASED_CONFIG);
  const open = [1, 1] as const;
  for (const points of [[256, 256, 1], [128, 128, 128]] as const) {
    const deep = points[2] > 1;
    const shape: WalrusShape = {
      frames: deep ? 3 : 6,
      samples: deep ? 1 : 2,
      points,
      channels: 4,
      constants: 0,
      hidden: false,
      jitter: true,
      boundaries: [open, open, open],
      resampled: null,
      training: {
        pathDrop: true,
        fieldDrop: false,
        parts: 1,
        loss: { multiplier: 100, minimumContext: 1 },
      },
    };
    const settings = { ...DEFAULT_TRAINING, rematEvery: 1 };
    const plan = planTraining(model, shape, settings, trainedOf(model), device);
    assert.equal(plan.weights, 4 * 1_286_199_487);
    assert.equal(plan.moments, 8 * 1_286_199_047);
    assert.ok(plan.peak < 30e9, `${plan.peak}`);
    assert.equal(plan.peak, plan.weights + plan.moments + plan.sums + plan.working);
  }
});
