// The trainer on a device: accumulation, skipped and frozen tensors, adapters, state in and out.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Sample } from "../../lib/data/dataset.ts";
import type { TrainingBatch } from "../../lib/train/batch.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { isAdapter, mergeAdapters } from "../../lib/weights/lora.ts";
import { largestDifference } from "../tensors.ts";
import { batchOf, TINY_SETTINGS, tinyBatch, tinyModel, tinySample, tinyStart, tinyTrainer } from "./tiny.ts";

const MODEL = tinyModel({ jitter: true, dropPath: 0.3 });
const PLAIN = tinyModel({ jitter: false, dropPath: 0 });

/** Weights at the start. */
function start(): ReadonlyMap<string, Float32Array> {
  return tinyStart(MODEL, TINY_SETTINGS).tensors;
}

Deno.test("Trainer.step() lowers the loss of one micro-batch", async () => {
  using device = await wasm();
  using trainer = await tinyTrainer(device, { model: MODEL });
  const batch = tinyBatch(1, MODEL);
  const losses: number[] = [];
  for (let i = 0; i < 8; i++) losses.push((await trainer.step([batch], 3e-3)).loss);
  assert.ok(losses.at(-1)! < 0.97 * losses[0]!, losses.join(" "));
});

Deno.test("Trainer sums gradients over micro-batches: two with one sample each are one with both", async () => {
  using device = await wasm();
  const run = async (accumulate: number, batches: TrainingBatch[]) => {
    using trainer = await tinyTrainer(device, { model: PLAIN, settings: { ...TINY_SETTINGS, accumulate } });
    const result = await trainer.step(batches, 1e-3);
    return { result, state: await trainer.state() };
  };
  const [a, b] = [tinySample(1), tinySample(2)];
  const whole = await run(1, [batchOf([a, b], 0, PLAIN)]);
  const parts = await run(2, [batchOf([a], 0, PLAIN, 2), batchOf([b], 1, PLAIN, 2)]);
  assert.ok(Math.abs(whole.result.loss / parts.result.loss - 1) < 1e-6);
  assert.ok(Math.abs(whole.result.norm / parts.result.norm - 1) < 1e-5);
  const first = (state: TrainerState) => state.tensors.get("mean/blocks.1.space_mixing.ff_out.weight")!;
  const scale = Math.max(...first(whole.state).map(Math.abs));
  assert.ok(largestDifference(first(whole.state), first(parts.state)) < 1e-5 * scale);
});

Deno.test("Trainer.step() refuses another number of micro-batches than it accumulates", async () => {
  using device = await wasm({ threads: 1 });
  using trainer = await tinyTrainer(device, { model: PLAIN });
  const batch = tinyBatch(1, PLAIN);
  await assert.rejects(() => trainer.step([batch, batch], 0), /got 2 micro-batches, wanted 1/);
});

Deno.test("Trainer skips tensors without gradient: no decay, no count", async () => {
  using device = await wasm();
  using trainer = await tinyTrainer(device, { model: MODEL });
  const before = start();
  await trainer.step([tinyBatch(1, MODEL)], 1e-3);
  await trainer.step([batchOf([tinySample(2, [32, 32, 32])], 2, MODEL)], 1e-3);
  await trainer.step([tinyBatch(3, MODEL)], 1e-3);
  const { tensors, counts } = await trainer.state();
  assert.equal(counts["embed.2.proj1.weight"], 2);
  assert.equal(counts["debed.3.proj1.weight"], 1);
  assert.equal(counts["encoder_dummy"], 3);
  assert.equal(counts["blocks.0.space_mixing.rotary_emb.freqs"], undefined);
  const frequencies = "params/blocks.0.space_mixing.rotary_emb.freqs";
  assert.deepEqual(tensors.get(frequencies), before.get(frequencies));
  // A column of a field that no data has: no gradient, but decay.
  const unused = 4 * 512;
  const name = "params/embed.2.proj1.weight";
  const ratio = tensors.get(name)![unused]! / before.get(name)![unused]!;
  assert.ok(ratio < 1 && ratio > 1 - 3e-7, `${ratio}`);
});

Deno.test("Trainer goes on from its state with the same bits", async () => {
  using device = await wasm({ threads: 1 });
  using whole = await tinyTrainer(device, { model: MODEL });
  using first = await tinyTrainer(device, { model: MODEL });
  for (let i = 0; i < 2; i++) {
    await whole.step([tinyBatch(i, MODEL)], 1e-3);
    await first.step([tinyBatch(i, MODEL)], 1e-3);
  }
  using second = await tinyTrainer(device, { model: MODEL });
  await second.load(await first.state());
  const batch = tinyBatch(2, MODEL);
  const [a, b] = [await whole.step([batch], 2e-3), await second.step([batch], 2e-3)];
  assert.deepEqual([a.loss, a.norm], [b.loss, b.norm]);
  assert.deepEqual(await second.state(), await whole.state());
});

Deno.test("Trainer trains named parts only", async () => {
  using device = await wasm();
  using trainer = await tinyTrainer(device, {
    model: MODEL,
    trainable: (name) => name.startsWith("debed."),
  });
  await trainer.step([tinyBatch(1, MODEL)], 1e-2);
  const { tensors, counts } = await trainer.state();
  for (const [name, values] of start()) {
    const moved = name.startsWith("params/debed.2.");
    assert.equal(largestDifference(values, tensors.get(name)!) > 0, moved, name);
  }
  assert.deepEqual(Object.keys(counts).every((name) => name.startsWith("debed.2.")), true);
});

Deno.test("adapters start as the network, train alone, and merge into it", async () => {
  using device = await wasm();
  const lora = {
    rank: 2,
    alpha: 8,
    adapts: (name: string) => /(?:fused_ff_qkv|input_head|ff_out|output_head)\.weight$/.test(name),
  };
  const settings = { ...TINY_SETTINGS, lora, rematEvery: 1 };
  using plain = await tinyTrainer(device, { model: MODEL });
  using trainer = await tinyTrainer(device, { model: MODEL, settings, trainable: isAdapter });
  const batch = tinyBatch(1, MODEL);
  const [a, b] = [await plain.step([batch], 0), await trainer.step([batch], 3e-2)];
  assert.equal(a.loss, b.loss);
  for (let i = 0; i < 3; i++) await trainer.step([batch], 3e-2);
  const after = await trainer.step([batch], 0);
  assert.ok(after.loss < b.loss, `${b.loss}, ${after.loss}`);
  const { tensors } = await trainer.state();
  const weights = new Map(
    [...tensors].filter(([name]) => name.startsWith("params/")).map(([name, data]) => [name.slice(7), data]),
  );
  for (const [name, data] of startWeights(MODEL, 5)) assert.deepEqual(weights.get(name), data, name);
  const shapes = new Map([...MODEL.parameters].map(([name, { shape }]) => [name, shape]));
  const merged = mergeAdapters(weights, shapes, lora);
  assert.deepEqual([...merged.keys()], [...shapes.keys()]);
  await plain.load({
    tensors: new Map([...merged].map(([name, data]) => [`params/${name}`, data])),
    counts: {},
  });
  const same = await plain.step([batch], 0);
  assert.ok(Math.abs(same.loss / after.loss - 1) < 1e-5, `${same.loss}, ${after.loss}`);
});

Deno.test("hidden cells and components that only the embedding added have no part in the loss", async () => {
  using device = await wasm({ threads: 1 });
  const model = tinyModel({ dropPath: 0 });
  const hidden = Uint8Array.from({ length: 32 * 32 }, (_, i) => i % 32 < 5 ? 1 : 0);
  const real = [Uint8Array.of(1), Uint8Array.of(0)];
  using trainer = await tinyTrainer(device, { model });
  /** The loss when the frame after the window is changed in some cells of the field that is real. */
  const lossOf = async (changes: (cell: number) => boolean) => {
    const plain = tinySample(1);
    const size = 32 * 32;
    const [field, added] = plain.values;
    const sample: Sample = {
      ...plain,
      info: { ...plain.info, masked: true },
      // What the embedding added is zero.
      values: [field!.map((v, i) => i >= 3 * size && changes(i % size) ? v + 7 : v), added!.map(() => 0)],
      hidden,
      real,
    };
    await trainer.load(tinyStart(model, TINY_SETTINGS));
    return (await trainer.step([batchOf([sample], 0, model)], 0)).loss;
  };
  const plain = await lossOf(() => false);
  assert.equal(await lossOf((cell) => hidden[cell] === 1), plain);
  assert.notEqual(await lossOf((cell) => hidden[cell] === 0), plain);
});
