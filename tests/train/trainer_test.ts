// The trainer on a device: accumulation, skipped and frozen tensors, adapters, state in and out.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { Window } from "../../lib/data/window.ts";
import { makeBatch, type TrainingBatch } from "../../lib/train/batch.ts";
import { initialWeights } from "../../lib/models/walrus/initialize.ts";
import { adapterShapes, initialAdapters, mergeAdapters } from "../../lib/weights/lora.ts";
import { releasedTrainable, type TrainingSettings } from "../../lib/train/step.ts";
import { Trainer, type TrainerState } from "../../lib/train/trainer.ts";
import { parameterShapes } from "../../lib/models/walrus/parameters.ts";
import { largestDifference } from "../tensors.ts";
import { TINY, TINY_SETTINGS, tinyWindow } from "./tiny.ts";

const CONFIG = { ...TINY, jitter: true, dropPath: 0.3 };

function batchOf(index: number, windows: readonly Window[] = [tinyWindow(index)]): TrainingBatch {
  return makeBatch(windows, CONFIG, { seed: 3, index, source: `test ${index}` });
}

function start(settings: TrainingSettings = TINY_SETTINGS): TrainerState {
  const weights = initialWeights(CONFIG, 5);
  const { lora } = settings;
  const adapters = lora ? initialAdapters(adapterShapes(parameterShapes(CONFIG), lora), 5) : new Map();
  const tensors = new Map([...weights, ...adapters].map(([name, data]) => [`params/${name}`, data]));
  return { tensors, counts: {} };
}

async function trainerFor(
  device: ConstructorParameters<typeof Trainer>[0]["device"],
  settings: TrainingSettings = TINY_SETTINGS,
  trainable = releasedTrainable(CONFIG),
): Promise<Trainer> {
  const trainer = new Trainer({ device, config: CONFIG, settings, trainable });
  await trainer.load(start(settings));
  return trainer;
}

Deno.test("Trainer.step() lowers the loss of one micro-batch", async () => {
  using device = await wasm();
  using trainer = await trainerFor(device);
  const batch = batchOf(1);
  const losses: number[] = [];
  for (let i = 0; i < 8; i++) losses.push((await trainer.step([batch], 3e-3)).loss);
  assert.ok(losses.at(-1)! < 0.97 * losses[0]!, losses.join(" "));
});

Deno.test("Trainer sums gradients over micro-batches: two halves are one whole", async () => {
  using device = await wasm();
  const config = { ...CONFIG, dropPath: 0, jitter: false };
  const make = (windows: Window[], index: number) =>
    makeBatch(windows, config, { seed: 3, index, source: "test" });
  const run = async (accumulate: number, batches: TrainingBatch[]) => {
    const settings = { ...TINY_SETTINGS, accumulate };
    using trainer = new Trainer({ device, config, settings, trainable: releasedTrainable(config) });
    await trainer.load(start());
    const result = await trainer.step(batches, 1e-3);
    return { result, state: await trainer.state() };
  };
  const [a, b] = [tinyWindow(1), tinyWindow(2)];
  const whole = await run(1, [make([a, b], 0)]);
  const halves = await run(2, [make([a], 0), make([b], 1)]);
  assert.ok(Math.abs(whole.result.loss / halves.result.loss - 1) < 1e-6);
  assert.ok(Math.abs(whole.result.norm / halves.result.norm - 1) < 1e-5);
  const first = (state: TrainerState) => state.tensors.get("mean/blocks.1.space_mixing.ff_out.weight")!;
  const scale = Math.max(...first(whole.state).map(Math.abs));
  assert.ok(largestDifference(first(whole.state), first(halves.state)) < 1e-5 * scale);
});

Deno.test("Trainer skips tensors without gradient: no decay, no count", async () => {
  using device = await wasm();
  using trainer = await trainerFor(device);
  const before = start().tensors;
  await trainer.step([batchOf(1)], 1e-3);
  await trainer.step([batchOf(2, [tinyWindow(2, [32, 32, 32])])], 1e-3);
  await trainer.step([batchOf(3)], 1e-3);
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
  using whole = await trainerFor(device);
  using first = await trainerFor(device);
  for (let i = 0; i < 2; i++) {
    await whole.step([batchOf(i)], 1e-3);
    await first.step([batchOf(i)], 1e-3);
  }
  using second = await trainerFor(device);
  await second.load(await first.state());
  const [a, b] = [await whole.step([batchOf(2)], 2e-3), await second.step([batchOf(2)], 2e-3)];
  assert.deepEqual([a.loss, a.norm], [b.loss, b.norm]);
  assert.deepEqual(await second.state(), await whole.state());
});

Deno.test("Trainer trains named parts only", async () => {
  using device = await wasm();
  using trainer = await trainerFor(device, TINY_SETTINGS, (name) => name.startsWith("debed."));
  const before = start().tensors;
  await trainer.step([batchOf(1)], 1e-2);
  const { tensors, counts } = await trainer.state();
  for (const [name, values] of before) {
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
  const isFactor = (name: string) => name.includes(".lora_");
  using plain = await trainerFor(device);
  using trainer = await trainerFor(device, settings, isFactor);
  const batch = batchOf(1);
  const [a, b] = [await plain.step([batch], 0), await trainer.step([batch], 3e-2)];
  assert.equal(a.loss, b.loss);
  for (let i = 0; i < 3; i++) await trainer.step([batch], 3e-2);
  const after = await trainer.step([batch], 0);
  assert.ok(after.loss < b.loss, `${b.loss}, ${after.loss}`);
  const { tensors } = await trainer.state();
  const weights = new Map(
    [...tensors].filter(([name]) => name.startsWith("params/")).map(([name, data]) => [name.slice(7), data]),
  );
  for (const [name, data] of initialWeights(CONFIG, 5)) assert.deepEqual(weights.get(name), data, name);
  const merged = mergeAdapters(weights, parameterShapes(CONFIG), lora);
  assert.deepEqual([...merged.keys()], [...parameterShapes(CONFIG).keys()]);
  await plain.load({
    tensors: new Map([...merged].map(([name, data]) => [`params/${name}`, data])),
    counts: {},
  });
  const same = await plain.step([batch], 0);
  assert.ok(Math.abs(same.loss / after.loss - 1) < 1e-5, `${same.loss}, ${after.loss}`);
});

Deno.test("hidden cells and padded channels have no part in the loss", async () => {
  using device = await wasm({ threads: 1 });
  const config = { ...CONFIG, dropPath: 0 };
  const hidden = Uint8Array.from({ length: 32 * 32 }, (_, i) => i % 32 < 5 ? 1 : 0);
  const channelMask = Uint8Array.of(1, 0);
  /** The loss when the frame after the window is changed in some cells of some channels. */
  const lossOf = async (changes: (cell: number, channel: number) => boolean) => {
    const plain = tinyWindow(1);
    const size = 32 * 32 * 2;
    const frames = plain.frames.map((v, i) => {
      const [cell, channel] = [Math.floor((i % size) / 2), i % 2];
      // What the embedding added is zero.
      if (channel === 1) return 0;
      return i >= 3 * size && changes(cell, channel) ? v + 7 : v;
    });
    const window = { ...plain, frames, hidden, channelMask };
    using trainer = new Trainer({
      device,
      config,
      settings: TINY_SETTINGS,
      trainable: releasedTrainable(config),
    });
    await trainer.load(start());
    return (await trainer.step([makeBatch([window], config, { seed: 3, index: 0, source: "test" })], 0)).loss;
  };
  const plain = await lossOf(() => false);
  assert.equal(await lossOf((cell) => hidden[cell] === 1), plain);
  assert.notEqual(await lossOf((cell) => hidden[cell] === 0), plain);
});
