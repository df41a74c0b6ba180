// The same forecast on every backend: same seed, same shifts, numbers that part no faster than rounding makes them.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { webgpu } from "../../lib/backend/webgpu/device.ts";
import { type Device, DeviceLostError } from "../../lib/compile/device.ts";
import { openWell } from "../../lib/data/well.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { gpuTest } from "../backend/webgpu/adapter.ts";
import { fixture, inRepository } from "../shared.ts";

const CHECKPOINT = fixture("golden/checkpoints/walrus.safetensors");
const DATA = inRepository("examples/data/gray_scott_mini.hdf5");
/** The small model knows neither substance; any of its fields will do. */
const FIELDS = { A: 3, B: 4 };

async function forecast(device: Device, steps: number): Promise<Float32Array[]> {
  using model = await Walrus.load(CHECKPOINT, { device });
  using well = await openWell(DATA);
  const start = await well.trajectory(0).window({ from: 0, length: 6 });
  const frames: Float32Array[] = [];
  for await (const { values } of model.rollout(start, { steps, seed: 3, fieldMap: FIELDS })) {
    frames.push(values);
  }
  return frames;
}

gpuTest("rollout() gives the same ten frames on WebGPU and on WASM", async (gpu) => {
  using cpu = await wasm();
  const [got, want] = [await forecast(gpu, 10), await forecast(cpu, 10)];
  want.forEach((frame, step) => {
    const scale = frame.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const worst = frame.reduce((m, v, i) => Math.max(m, Math.abs(v - got[step]![i]!)), 0) / scale;
    // Both are off by some 1e-6 a step, and a step may magnify what it is given.
    assert.ok(worst < 2e-5 * (step + 1), `step ${step + 1}: ${worst}`);
  });
});

gpuTest("rollout() goes on with a new device from its last frame when the device is lost", async (gpu) => {
  using model = await Walrus.load(CHECKPOINT, { device: gpu });
  using well = await openWell(DATA);
  const start = await well.trajectory(0).window({ from: 0, length: 6 });
  const whole = await forecast(gpu, 3);
  const frames: Float32Array[] = [];
  using spare = await webgpu();
  const rollout = model.rollout(start, {
    steps: 3,
    seed: 3,
    fieldMap: FIELDS,
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

gpuTest("a lost device is told in words by everything that needs it", async (gpu) => {
  const buffer = gpu.createBuffer("f32", 4);
  gpu.gpu.destroy();
  await gpu.gpu.lost;
  await assert.rejects(() => buffer.read(), DeviceLostError);
  assert.throws(() => gpu.createBuffer("f32", 4), /The WebGPU device is lost \(destroyed/);
});
