// Rollouts that reuse past frames: the same first frame, then better than persistence.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { DeviceLostError } from "../../lib/compile/device.ts";
import { openSplit } from "../../lib/data/split.ts";
import { openWell } from "../../lib/data/well.ts";
import { vrmse } from "../../lib/metrics/frame.ts";
import type { Frame, RolloutOptions } from "../../lib/forecast/rollout.ts";
import { mean, persistence, scoreRollouts } from "../../lib/forecast/skill.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { inRepository } from "../shared.ts";

const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");
const DATA = inRepository("examples/data/gray_scott_mini.hdf5");

async function forecast(model: Walrus, options: RolloutOptions) {
  using well = await openWell(DATA);
  const start = await well.trajectory(0).window({ from: 0, length: 6 });
  return await Array.fromAsync(model.rollout(start, options));
}

/** Mean over steps of the VRMSE of A and B. */
async function error(frames: readonly Frame[]): Promise<number> {
  using well = await openWell(DATA);
  const each = frames.map(async (frame) => {
    const { A, B } = vrmse(frame, await well.trajectory(0).frame(5 + frame.step));
    return (A! + B!) / 2;
  });
  return mean(await Promise.all(each));
}

Deno.test("rollout() with reuse starts with the same frame and forecasts better than persistence", async () => {
  using device = await wasm();
  using model = await Walrus.load(CHECKPOINT, { device });
  using split = await openSplit([DATA]);
  const [kept = 0] = (await scoreRollouts(persistence, split, 6, [{ file: 0, trajectory: 0 }], 7)).map(mean);
  for (const jitter of [false, true]) {
    const whole = await forecast(model, { steps: 7, seed: 4, jitter });
    const reused = await forecast(model, { steps: 7, seed: 4, jitter, reuse: true });
    assert.deepEqual(reused[0], whole[0]);
    const skill = await error(reused);
    assert.ok(skill < kept, `VRMSE ${skill}, ${kept} of persistence`);
    assert.notDeepEqual(reused[1]!.values, whole[1]!.values);
    // The memory of one rollout does not reach the next.
    assert.deepEqual(await forecast(model, { steps: 7, seed: 4, jitter, reuse: true }), reused);
  }
});

Deno.test("rollout() with reuse begins again from its last frames when the device is lost", async () => {
  using device = await wasm();
  using spare = await wasm();
  using model = await Walrus.load(CHECKPOINT, { device });
  using well = await openWell(DATA);
  const start = await well.trajectory(0).window({ from: 0, length: 6 });
  const rollout = model.rollout(start, {
    steps: 3,
    jitter: false,
    reuse: true,
    onDeviceLost: () => Promise.resolve(spare),
  });
  const first = (await rollout.next()).value!;
  const prepared = await model.prepareRecall(start, false);
  prepared.next.run = () => Promise.reject(new DeviceLostError("gone"));
  const second = (await rollout.next()).value!;
  assert.equal(model.device, spare);
  const window = { ...start, frames: start.frames.slice() };
  const size = first.values.length;
  window.frames.copyWithin(0, size);
  window.frames.set(first.values, 5 * size);
  for await (const { values } of model.rollout(window, { steps: 1, jitter: false })) {
    assert.deepEqual(second.values, values);
  }
  assert.equal((await rollout.next()).value!.step, 3);
});
