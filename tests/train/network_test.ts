// Networks at the start of a run: from scratch, from a checkpoint, widened by fields, axes and a position table.

import assert from "node:assert/strict";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { initialWeights } from "../../lib/models/walrus/initialize.ts";
import { startNetwork } from "../../lib/train/network.ts";
import { changedKeys, matcher, parseRunConfig, writeRunConfig } from "../../lib/train/run_config.ts";
import { parameterShapes } from "../../lib/models/walrus/parameters.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import { inRepository } from "../shared.ts";
import { TINY } from "./tiny.ts";

const TEXT = "folder: a\ndata: {root: b}\ntraining: {steps: 10}";
const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");

function modelOf(...overrides: string[]) {
  return parseRunConfig(TEXT, { overrides }).model;
}

Deno.test("initialWeights() starts as the recipe says: ranges, seeds, residual branches off", () => {
  const weights = initialWeights(TINY, 3);
  for (const [name, shape] of parameterShapes(TINY)) {
    assert.equal(weights.get(name)!.length, sizeOf(shape), name);
  }
  const largest = (name: string) => weights.get(name)!.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const bounds: [string, number][] = [
    ["embed.2.proj1.weight", 1 / Math.sqrt(512 * 7)],
    ["debed.3.proj1.weight", 1 / Math.sqrt(64 * 4)],
    ["blocks.1.space_mixing.fused_ff_qkv.weight", 1 / Math.sqrt(32)],
    ["blocks.0.time_mixing.output_head.weight", Math.sqrt(6 / (1 + 5e12)) / Math.sqrt(32)],
    ["blocks.0.space_mixing.ff_out.bias", 1e-6 / Math.sqrt(32)],
  ];
  for (const [name, bound] of bounds) {
    assert.ok(
      largest(name) <= Math.fround(bound) && largest(name) > 0.8 * bound,
      `${name}: ${largest(name)}`,
    );
  }
  const table = weights.get("blocks.0.time_mixing.rel_pos_bias.relative_attention_bias.weight")!;
  const variance = table.reduce((sum, v) => sum + v * v, 0) / table.length;
  assert.ok(variance > 0.5 && variance < 2);
  assert.deepEqual(initialWeights(TINY, 3), weights);
  assert.notDeepEqual(initialWeights(TINY, 4), weights);
});

Deno.test("startNetwork() takes a checkpoint as it is", async () => {
  const { config, added, ...network } = await startNetwork(modelOf(`model.from=${CHECKPOINT}`), [
    "A",
    "pressure",
  ], 0);
  const weights = await network.weights();
  assert.deepEqual(added, []);
  assert.equal(config.blocks, 6);
  using file = await openCheckpoint(CHECKPOINT);
  assert.deepEqual([...weights.keys()].sort(), [...file.tensors.keys()].sort());
  for (const name of ["encoder_dummy", "embed.2.proj1.weight", "blocks.3.space_mixing.ff_out.weight"]) {
    assert.deepEqual(weights.get(name), await file.tensors.get(name)!.read(), name);
  }
});

Deno.test("startNetwork() adds fields, frequencies of each axis and a table of positions", async () => {
  const model = modelOf(`model.from=${CHECKPOINT}`, "model.rotary=per_axis", "model.ape=[32, 32, 1]");
  const { config, added, ...network } = await startNetwork(model, ["A", "vorticity", "salt"], 0);
  const weights = await network.weights();
  assert.deepEqual(added, ["vorticity", "salt"]);
  assert.deepEqual([config.states, config.fields.vorticity, config.fields.salt], [69, 67, 68]);
  for (const [name, shape] of parameterShapes(config)) {
    assert.equal(weights.get(name)!.length, sizeOf(shape), name);
  }
  using file = await openCheckpoint(CHECKPOINT);
  const shared = await file.tensors.get("blocks.1.space_mixing.rotary_emb.freqs")!.read();
  for (const axis of [0, 1, 2]) {
    assert.deepEqual(weights.get(`blocks.1.space_mixing.rotary_emb.freqs.${axis}`), shared);
  }
  const ape = weights.get("ape")!;
  const spread = Math.sqrt(ape.reduce((sum, v) => sum + v * v, 0) / ape.length);
  assert.ok(Math.abs(spread / 0.005 - 1) < 0.05, `${spread}`);
  // Known columns follow the released rule: scaled by the sizes of the tables in the encoder, copied in the decoder.
  const old = await file.tensors.get("embed.2.proj1.weight")!.read();
  const column = config.fields.A!;
  const [before, after] = [old[column * 512]!, weights.get("embed.2.proj1.weight")![column * 512]!];
  assert.equal(after, Math.fround(Math.fround(Math.sqrt(67 / 69)) * before));
  const bias = await file.tensors.get("debed.2.proj2.bias")!.read();
  assert.deepEqual(weights.get("debed.2.proj2.bias")!.subarray(0, 67), bias);
  const fresh = initialWeights(config, 0).get("debed.2.proj2.bias")!;
  assert.deepEqual(weights.get("debed.2.proj2.bias")!.subarray(67), fresh.subarray(67));
});

Deno.test("parseRunConfig() fills in defaults, takes overrides and reads back", () => {
  const config = parseRunConfig(TEXT, {
    overrides: ["optimizer.lr=1e-3", "data.systems=[x, y]", "model.ape=null"],
  });
  assert.deepEqual([config.optimizer.lr, config.data.systems, config.training.accumulate], [
    1e-3,
    ["x", "y"],
    4,
  ]);
  assert.deepEqual(parseRunConfig(writeRunConfig(config)), config);
  const tuned = parseRunConfig(TEXT, {
    finetune: true,
    overrides: ["model.from=a.pt", "data.strides=[1, 2]"],
  });
  assert.deepEqual([tuned.optimizer.lr, tuned.data.strides, tuned.training.accumulate], [1e-4, [1, 2], 1]);
  assert.throws(() => parseRunConfig(TEXT, { finetune: true }), /model\.from is null/);
  assert.throws(() => parseRunConfig(TEXT, { overrides: ["what"] }), /override "what": wanted key=value/);
  assert.throws(() => parseRunConfig("folder: 3"), /folder is 3, wanted string/);
  const other = { ...config, seed: 1, threads: 5, optimizer: { ...config.optimizer, lr: 1 } };
  assert.deepEqual(changedKeys(config, parseRunConfig(writeRunConfig(config))), []);
  assert.deepEqual(changedKeys(other, config), ["seed", "optimizer.lr"]);
});

Deno.test("matcher() knows only stars", () => {
  const fits = matcher(["blocks.*.ff_out.*", "embed.2.proj1.weight"]);
  const names = [
    "blocks.3.space_mixing.ff_out.bias",
    "embed.2.proj1.weight",
    "embed.2.proj1xweight",
    "ff_out.bias",
  ];
  assert.deepEqual(names.map(fits), [true, true, false, false]);
});
