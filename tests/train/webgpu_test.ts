// Training on WebGPU: a few optimiser steps agree with those on WASM, in f32 and fp16.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Device } from "../../lib/compile/device.ts";
import type { TrainingSettings } from "../../lib/train/settings.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { gpuTest } from "../backend/webgpu/adapter.ts";
import { TINY_SETTINGS, tinyBatch, tinyTrainer } from "./tiny.ts";

const STEPS = 2;

/** Losses, norms and the state after a few steps. */
async function train(device: Device, settings: TrainingSettings) {
  using trainer = await tinyTrainer(device, { settings });
  const numbers: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss, norm } = await trainer.step([tinyBatch(step)], 1e-3);
    numbers.push(loss, norm);
  }
  return { numbers, state: await trainer.state() };
}

/** Largest difference of two lists, relative to the largest number of the first. */
function relative(wanted: Float32Array, got: Float32Array): number {
  const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) / scale;
}

/** Largest error of a kind of tensors. */
function worst(kind: string, wanted: TrainerState, got: TrainerState): [number, string] {
  const errors = [...wanted.tensors].filter(([name]) => name.startsWith(`${kind}/`)).map(([name, values]) =>
    [relative(values, got.tensors.get(name)!), name] as [number, string]
  );
  return errors.reduce((a, b) => b[0] > a[0] ? b : a);
}

for (const weights of ["f32", "f16"] as const) {
  gpuTest(`optimiser steps on WebGPU agree with those on WASM, weights ${weights}`, async (gpu) => {
    using cpu = await wasm();
    const settings = { ...TINY_SETTINGS, weights };
    const [wanted, got] = [await train(cpu, settings), await train(gpu, settings)];
    wanted.numbers.forEach((number, i) =>
      assert.ok(Math.abs(got.numbers[i]! / number - 1) < 1e-5, `${wanted.numbers}; ${got.numbers}`)
    );
    // Moments are means of gradients and of their squares; both sum in f32, in orders of their own.
    for (const [kind, limit] of [["mean", 3e-4], ["square", 1e-3], ["params", 3e-3]] as const) {
      // Where a gradient is nearly zero its sign is rounding, and the first steps have the size of the rate.
      const [error, name] = worst(kind, wanted.state, got.state);
      assert.ok(error < limit, `${name}: ${error}`);
    }
    assert.deepEqual(got.state.counts, wanted.state.counts);
  });
}
