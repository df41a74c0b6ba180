// Training on WebGPU: a few optimiser steps agree with those on WASM, in f32 and fp16.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Device } from "../../lib/compile/device.ts";
import type { TrainingSettings } from "../../lib/train/settings.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { gpuTest } from "../backend/webgpu/adapter.ts";
import { batchOf, TINY_SETTINGS, tinyModel, tinySample, tinyTrainer } from "./tiny.ts";

const model = tinyModel({ includeD: [1, 2] });

/** What is trained. */
interface Case {
  readonly weights: "f32" | "f16";
  readonly points: readonly number[];
  readonly steps: number;
}

/** A thousand tokens take a software GPU ten seconds a step: one of them, and several on a line. */
const CASES: readonly Case[] = [
  { weights: "f32", points: [32, 32], steps: 1 },
  { weights: "f32", points: [32, 1], steps: 3 },
  { weights: "f16", points: [32, 1], steps: 3 },
];

/** Losses, norms and the state after a few steps. */
async function train(device: Device, { weights, points, steps }: Case) {
  const settings: TrainingSettings = { ...TINY_SETTINGS, weights };
  using trainer = await tinyTrainer(device, { settings, model });
  const numbers: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { loss, norm } = await trainer.step([batchOf([tinySample(step, points)], step, model)], 1e-3);
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

for (const each of CASES) {
  const { weights, points, steps } = each;
  const title = `${steps} step(s) on ${points.join(" x ")} points, weights ${weights}`;
  gpuTest(`an optimiser on WebGPU agrees with WASM: ${title}`, async (gpu) => {
    using cpu = await wasm();
    const [wanted, got] = [await train(cpu, each), await train(gpu, each)];
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
