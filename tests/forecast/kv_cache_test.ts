// Rollouts with a KV cache: the same first frame, then better than persistence.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import type { Frame } from "../../lib/forecast/frame.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { mean } from "../../lib/metrics/average.ts";
import { persistence } from "../../lib/metrics/forecasters.ts";
import { vrmse } from "../../lib/metrics/score.ts";
import { meanScore, scoreRollouts } from "../../lib/metrics/skill.ts";
import { CHECKPOINT, collect, framesOf, GRAY_SCOTT } from "./shipped.ts";
import { breakable } from "./breakable.ts";

/** Mean over steps of the VRMSE of A and B. */
async function error(frames: readonly Frame[]): Promise<number> {
  const each = frames.map(async (frame) => {
    const { A, B } = vrmse(frame, await framesOf(GRAY_SCOTT, 5 + frame.step, 1));
    return (A! + B!) / 2;
  });
  return mean(await Promise.all(each));
}

Deno.test("rollout() with a KV cache starts with the same frame and forecasts better than persistence", async () => {
  using device = await wasm();
  using model = await loadModel(CHECKPOINT, { device });
  using data = await openData(GRAY_SCOTT);
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const { rollouts } = await scoreRollouts(persistence, await data.split(), {
    frames: 6,
    steps: 7,
    trajectories: [0],
  });
  const kept = mean(rollouts[0]!.steps.map(meanScore));
  for (const draws of [false, true]) {
    const whole = await collect(model, start, { steps: 7, seed: 4, draws });
    const options = { steps: 7, seed: 4, draws, kvCache: true };
    const cached = await Array.fromAsync(model.rollout(start, options));
    assert.deepEqual(cached[0]!.values, whole[0]);
    const skill = await error(cached);
    assert.ok(skill < kept, `VRMSE ${skill}, ${kept} of persistence`);
    assert.notDeepEqual(cached[1]!.values, whole[1]);
    // The cache of one rollout does not reach the next.
    assert.deepEqual(await Array.fromAsync(model.rollout(start, options)), cached);
  }
});

Deno.test("rollout() with a KV cache begins again from its last frames when the device is lost", async () => {
  using inner = await wasm();
  using spare = await wasm();
  const { device, lose } = breakable(inner);
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const rollout = model.rollout(start, {
    steps: 3,
    draws: false,
    kvCache: true,
    onDeviceLost: () => Promise.resolve(spare),
  });
  const first = (await rollout.next()).value!;
  lose();
  const second = (await rollout.next()).value!;
  assert.equal(model.device, spare);
  const joined = start.values.map((own, i) => {
    const values = own.slice();
    const size = values.length / 6;
    values.copyWithin(0, size);
    values.set(first.values[i]!, 5 * size);
    return values;
  });
  const times = Float64Array.from([...start.times.slice(1), first.time]);
  const [alone] = await collect(model, { ...start, times, values: joined }, { steps: 1, draws: false });
  assert.deepEqual(second.values, alone);
  assert.equal((await rollout.next()).value!.step, 3);
});
