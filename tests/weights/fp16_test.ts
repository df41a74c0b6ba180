// Training with fp16 weights: masters are exact, computing is near f32, state goes on with the same bits, memory is
// planned as it is.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import { planTraining } from "../../lib/train/plan.ts";
import type { Trainable, TrainingSettings } from "../../lib/train/settings.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import type { Trainer } from "../../lib/train/trainer.ts";
import { fp16Of, isFp16 } from "../../lib/weights/fp16.ts";
import { isAdapter } from "../../lib/weights/lora.ts";
import { largestDifference } from "../tensors.ts";
import {
  TINY_SETTINGS,
  TINY_SHAPE,
  tinyBatch,
  tinyModel,
  tinyStart,
  tinyTrainer,
  trainedOf,
} from "../train/tiny.ts";

const FP16: TrainingSettings = { ...TINY_SETTINGS, weights: "f16" };
const STEPS = 8;
const MODEL = tinyModel();

/** Whether a tensor is computed with as fp16. */
function isNarrow(name: string): boolean {
  return isFp16(name, MODEL.parameters, "f16");
}

/** Encoders and decoders of three dimensions have no part in 2D. */
function isUnused(name: string): boolean {
  return /^params\/(?:embed|debed)\.3\./.test(name);
}

async function losses(trainer: Trainer, steps = STEPS, accumulate = 1): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batches = Array.from(
      { length: accumulate },
      (_, j) => tinyBatch(i * accumulate + j, MODEL, accumulate),
    );
    found.push((await trainer.step(batches, 1e-3)).loss);
  }
  return found;
}

Deno.test("training with fp16 weights stays within a thousandth of training in f32", async () => {
  using device = await wasm({ threads: 1 });
  for (const accumulate of [1, 2]) {
    using plain = await tinyTrainer(device, { settings: { ...TINY_SETTINGS, accumulate } });
    using narrow = await tinyTrainer(device, { settings: { ...FP16, accumulate } });
    const [a, b] = [await losses(plain, STEPS, accumulate), await losses(narrow, STEPS, accumulate)];
    // fp16 numbers have 11 bits: 5e-4 of a weight, of both signs; no bias may add up over the steps.
    a.forEach((loss, i) => assert.ok(Math.abs(b[i]! / loss - 1) < 1e-3, `step ${i}: ${loss}, ${b[i]}`));
    assert.notDeepEqual(a, b);
    assert.ok(b.at(-1)! < b[0]!, `${b}`);
  }
});

Deno.test("adapters train beside fp16 weights that stay", async () => {
  using device = await wasm({ threads: 1 });
  const lora = { rank: 2, alpha: 8, adapts: (name: string) => /(?:qkv|head)\.weight$/.test(name) };
  const trained: number[][] = [];
  for (const weights of ["f32", "f16"] as const) {
    const settings = { ...TINY_SETTINGS, lora, weights };
    using trainer = await tinyTrainer(device, { settings, trainable: isAdapter });
    trained.push(await losses(trainer, 4));
    const { tensors: after } = await trainer.state();
    for (const [name, values] of tinyStart(MODEL, settings).tensors) {
      const same = largestDifference(values, after.get(name)!) === 0;
      assert.equal(same, !isAdapter(name) || isUnused(name), name);
    }
  }
  trained[0]!.forEach((loss, i) => assert.ok(Math.abs(trained[1]![i]! / loss - 1) < 1e-3, `${trained}`));
});

Deno.test("masters move by less than fp16 can tell, and go on from a checkpoint with the same bits", async () => {
  using device = await wasm({ threads: 1 });
  using whole = await tinyTrainer(device, { settings: FP16 });
  using first = await tinyTrainer(device, { settings: FP16 });
  const name = "params/blocks.0.space_mixing.fused_ff_qkv.weight";
  const before = (await whole.state()).tensors.get(name)!;
  await whole.step([tinyBatch(0)], 1e-6);
  const after = (await whole.state()).tensors.get(name)!;
  const moved = before.filter((v, i) => v !== after[i]).length;
  const [old, now] = [fp16Of(name, before), fp16Of(name, after)];
  const seen = old.filter((v, i) => v !== now[i]).length;
  assert.ok(
    moved > 0.9 * before.length && seen < 0.1 * before.length,
    `${moved}, ${seen} of ${before.length}`,
  );

  await first.step([tinyBatch(0)], 1e-6);
  using second = await tinyTrainer(device, { settings: FP16 });
  await second.load(await first.state());
  assert.deepEqual(await losses(second, 2), await losses(whole, 2));
  assert.deepEqual(await second.state(), await whole.state());
});

Deno.test("weights that are not trained lie on the device as fp16 only, and come back as they were", async () => {
  using device = await wasm({ threads: 1 });
  const used = device.usedBytes;
  const trainable = (name: string) => name.startsWith("debed.");
  using trainer = await tinyTrainer(device, { settings: FP16, trainable });
  const held = [...MODEL.parameters].reduce((n, [name, { shape }]) => {
    const bytes = !isNarrow(name) ? 4 : trainable(name) ? 6 : 2;
    return n + bytes * sizeOf(shape);
  }, 0);
  // Each tensor starts at a multiple of some bytes.
  const more = device.usedBytes - used - held;
  assert.ok(more >= 0 && more < 128 * MODEL.parameters.size, `${more}`);
  await trainer.step([tinyBatch(0)], 1e-3);
  const { tensors } = await trainer.state();
  for (const [name, values] of startWeights(MODEL, 5)) {
    const difference = largestDifference(values, tensors.get(`params/${name}`)!);
    assert.equal(difference > 0, name.startsWith("debed.2."), name);
  }
});

Deno.test("planTraining() counts fp16 weights and masters", () => {
  const plan = (settings: TrainingSettings, trainable: Trainable = trainedOf(MODEL)) =>
    planTraining(MODEL, TINY_SHAPE, settings, trainable, { kernels: new Set() });
  const narrow = [...MODEL.parameters].reduce(
    (n, [name, { shape }]) => n + (isNarrow(name) ? sizeOf(shape) : 0),
    0,
  );
  const [f32, f16] = [plan(TINY_SETTINGS), plan(FP16)];
  assert.equal(f16.weights - f32.weights, 2 * narrow);
  assert.equal(f16.moments, f32.moments);
  const frozen = (name: string) => name === "encoder_dummy";
  assert.equal(plan(TINY_SETTINGS, frozen).weights - plan(FP16, frozen).weights, 2 * narrow);
});

Deno.test("fp16Of() refuses numbers beyond half precision", () => {
  assert.throws(
    () => fp16Of("a", Float32Array.of(1, 7e4)),
    /"a" with fp16 weights: element 1 is 70000, wanted a number up to 65504/,
  );
});
