// The same forecast on every backend: same seed, same shifts, numbers that part no faster than rounding makes them.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { webgpu } from "../../lib/backend/webgpu/device.ts";
import { type Device, DeviceLostError } from "../../lib/compile/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { gpuTest } from "../backend/webgpu/adapter.ts";
import { fixture } from "../shared.ts";
import { collect, framesOf, GRAY_SCOTT } from "./shipped.ts";

const CHECKPOINT = fixture("golden/checkpoints/walrus.safetensors");
/** The small model knows neither substance; any of its fields will do. */
const map = { A: 3, B: 4 };

async function forecast(device: Device, steps: number): Promise<(readonly Float32Array[])[]> {
  using model = await loadModel(CHECKPOINT, { device });
  return await collect(model, await framesOf(GRAY_SCOTT, 0, 6), { steps, seed: 3, map });
}

gpuTest("rollout() gives the same ten frames on WebGPU and on WASM", async (gpu) => {
  using cpu = await wasm();
  const [got, want] = [await forecast(gpu, 10), await forecast(cpu, 10)];
  want.forEach((fields, step) => {
    const scale = Math.max(...fields.map((field) => field.reduce((m, v) => Math.max(m, Math.abs(v)), 0)));
    const differences = fields.map((field, f) =>
      field.reduce((m, v, i) => Math.max(m, Math.abs(v - got[step]![f]![i]!)), 0)
    );
    const worst = Math.max(...differences) / scale;
    // Both are off by some 1e-6 a step, and a step may magnify what it is given.
    assert.ok(worst < 2e-5 * (step + 1), `step ${step + 1}: ${worst}`);
  });
});

gpuTest("rollout() goes on with a new device from its last frame when the device is lost", async (gpu) => {
  using model = await loadModel(CHECKPOINT, { device: gpu });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const whole = await forecast(gpu, 3);
  const frames: (readonly Float32Array[])[] = [];
  using spare = await webgpu();
  const rollout = model.rollout(start, {
    steps: 3,
    seed: 3,
    map,
    onDeviceLost: (error) => {
      assert.ok(error instanceof DeviceLostError);
      return Promise.resolve(spare);
    },
  });
  for await (const { values } of rollout) {
    frames.push(values);
    if (frames.length === 1) gpu.gpu.destroy();
  }
  assert.deepEqual(frames, whole);
});

gpuTest("rollouts that run when the device is lost move together, once", async (gpu) => {
  using model = await loadModel(CHECKPOINT, { device: gpu });
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const seeds = [3, 4, 5];
  const alone: (readonly Float32Array[])[][] = [];
  for (const seed of seeds) alone.push(await collect(model, start, { steps: 2, seed, map }));
  let [moves, seen] = [0, 0];
  const made: Device[] = [];
  const together = await Promise.all(seeds.map(async (seed) => {
    const frames: (readonly Float32Array[])[] = [];
    const onDeviceLost = async () => {
      moves++;
      made.push(await webgpu());
      return made[0]!;
    };
    for await (const { values } of model.rollout(start, { steps: 2, seed, map, onDeviceLost })) {
      frames.push(values);
      if (++seen === 2) gpu.gpu.destroy();
    }
    return frames;
  }));
  assert.deepEqual(together, alone);
  assert.equal(moves, 1);
  model[Symbol.dispose]();
  for (const device of made) device[Symbol.dispose]();
});

gpuTest("a lost device is told in words by everything that needs it", async (gpu) => {
  const buffer = gpu.createBuffer("f32", 4);
  gpu.gpu.destroy();
  await gpu.gpu.lost;
  await assert.rejects(() => buffer.read(), DeviceLostError);
  assert.throws(() => gpu.createBuffer("f32", 4), /The WebGPU device is lost \(destroyed/);
});
