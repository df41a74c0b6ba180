// Training with halves: masters are exact, computing is near f32, state goes on with the same bits, memory is planned
// as it is.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Device } from "../../lib/compile/program.ts";
import { halvesOf } from "../../lib/weights/fp16.ts";
import { initialWeights } from "../../lib/models/walrus/initialize.ts";
import { adapterShapes, initialAdapters, isAdapter } from "../../lib/weights/lora.ts";
import { planTraining } from "../../lib/train/plan.ts";
import { releasedTrainable, type TrainingSettings } from "../../lib/train/step.ts";
import { Trainer } from "../../lib/train/trainer.ts";
import { mayBeFp16, parameterShapes } from "../../lib/models/walrus/parameters.ts";
import { largestDifference } from "../tensors.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import { TINY, TINY_BATCH, TINY_SETTINGS, tinyBatch, tinyGeometry } from "../train/tiny.ts";

const HALVES: TrainingSettings = { ...TINY_SETTINGS, weights: "f16" };
const STEPS = 8;

function trainerFor(
  device: Device,
  settings: TrainingSettings,
  trainable = releasedTrainable(TINY),
): Trainer {
  const trainer = new Trainer({ device, config: TINY, settings, trainable });
  const weights = [...initialWeights(TINY, 5)];
  trainer.load({ tensors: new Map(weights.map(([name, data]) => [`params/${name}`, data])), counts: {} });
  return trainer;
}

/** Encoders and decoders of three dimensions have no part in 2D. */
function isUnused(name: string): boolean {
  return /^params\/(?:embed|debed)\.3\./.test(name);
}

async function losses(trainer: Trainer, steps = STEPS, accumulate = 1): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batches = Array.from({ length: accumulate }, (_, j) => tinyBatch(i * accumulate + j));
    found.push((await trainer.step(batches, 1e-3)).loss);
  }
  return found;
}

Deno.test("training with halves stays within a thousandth of training in f32", async () => {
  using device = await wasm({ threads: 1 });
  for (const accumulate of [1, 2]) {
    using plain = trainerFor(device, { ...TINY_SETTINGS, accumulate });
    using halves = trainerFor(device, { ...HALVES, accumulate });
    const [a, b] = [await losses(plain, STEPS, accumulate), await losses(halves, STEPS, accumulate)];
    // Halves have 11 bits: 5e-4 of a weight, of both signs; no bias may add up over the steps.
    a.forEach((loss, i) => assert.ok(Math.abs(b[i]! / loss - 1) < 1e-3, `step ${i}: ${loss}, ${b[i]}`));
    assert.notDeepEqual(a, b);
    assert.ok(b.at(-1)! < b[0]!, `${b}`);
  }
});

Deno.test("adapters train beside halves that stay", async () => {
  using device = await wasm({ threads: 1 });
  const lora = { rank: 2, alpha: 8, adapts: (name: string) => /(?:qkv|head)\.weight$/.test(name) };
  const factors = initialAdapters(adapterShapes(parameterShapes(TINY), lora), 5);
  const trained: number[][] = [];
  for (const weights of ["f32", "f16"] as const) {
    const settings = { ...TINY_SETTINGS, lora, weights };
    using trainer = new Trainer({ device, config: TINY, settings, trainable: isAdapter });
    const tensors = [...initialWeights(TINY, 5), ...factors].map(([name, data]) =>
      [`params/${name}`, data] as const
    );
    trainer.load({ tensors: new Map(tensors), counts: {} });
    trained.push(await losses(trainer, 4));
    const { tensors: after } = await trainer.state();
    for (const [name, values] of tensors) {
      const same = largestDifference(values, after.get(name)!) === 0;
      assert.equal(same, !isAdapter(name) || isUnused(name), name);
    }
  }
  trained[0]!.forEach((loss, i) => assert.ok(Math.abs(trained[1]![i]! / loss - 1) < 1e-3, `${trained}`));
});

Deno.test("masters move by less than a half can tell, and go on from a checkpoint with the same bits", async () => {
  using device = await wasm({ threads: 1 });
  using whole = trainerFor(device, HALVES);
  using first = trainerFor(device, HALVES);
  const name = "params/blocks.0.space_mixing.fused_ff_qkv.weight";
  const before = (await whole.state()).tensors.get(name)!;
  await whole.step([tinyBatch(0)], 1e-6);
  const after = (await whole.state()).tensors.get(name)!;
  const moved = before.filter((v, i) => v !== after[i]).length;
  const told = halvesOf(name, before).filter((v, i) => v !== halvesOf(name, after)[i]).length;
  assert.ok(
    moved > 0.9 * before.length && told < 0.1 * before.length,
    `${moved}, ${told} of ${before.length}`,
  );

  await first.step([tinyBatch(0)], 1e-6);
  using second = trainerFor(device, HALVES);
  second.load(await first.state());
  assert.deepEqual(await losses(second, 2), await losses(whole, 2));
  assert.deepEqual(await second.state(), await whole.state());
});

Deno.test("weights that are not trained lie on the device as halves only, and come back as they were", async () => {
  using device = await wasm({ threads: 1 });
  const used = device.usedBytes;
  const trainable = (name: string) => name.startsWith("debed.");
  using trainer = trainerFor(device, HALVES, trainable);
  const shapes = [...parameterShapes(TINY)];
  const held = shapes.reduce((n, [name, shape]) => {
    const bytes = !mayBeFp16(name) ? 4 : trainable(name) ? 6 : 2;
    return n + bytes * sizeOf(shape);
  }, 0);
  // Each tensor starts at a multiple of some bytes.
  const more = device.usedBytes - used - held;
  assert.ok(more >= 0 && more < 128 * shapes.length, `${more}`);
  await trainer.step([tinyBatch(0)], 1e-3);
  const { tensors } = await trainer.state();
  for (const [name, values] of initialWeights(TINY, 5)) {
    const difference = largestDifference(values, tensors.get(`params/${name}`)!);
    assert.equal(difference > 0, name.startsWith("debed.2."), name);
  }
});

Deno.test("planTraining() counts halves and masters", () => {
  const plan = (settings: TrainingSettings, trainable = releasedTrainable(TINY)) =>
    planTraining(TINY, TINY_BATCH, tinyGeometry(), settings, trainable, { kernels: new Set() });
  const halved = [...parameterShapes(TINY)].reduce(
    (n, [name, s]) => n + (mayBeFp16(name) ? sizeOf(s) : 0),
    0,
  );
  const [f32, f16] = [plan(TINY_SETTINGS), plan(HALVES)];
  assert.equal(f16.weights - f32.weights, 2 * halved);
  assert.equal(f16.moments, f32.moments);
  const frozen = (name: string) => name === "encoder_dummy";
  assert.equal(plan(TINY_SETTINGS, frozen).weights - plan(HALVES, frozen).weights, 2 * halved);
});

Deno.test("halvesOf() refuses numbers beyond half precision", () => {
  assert.throws(() => halvesOf("a", Float32Array.of(1, 7e4)), /"a" with halves: element 1 is 70000/);
});
