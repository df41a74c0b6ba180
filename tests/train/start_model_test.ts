// Networks at the start of a run: from scratch, from a checkpoint, widened by fields, axes and a position table.

import assert from "node:assert/strict";
import type { SampleInfo } from "../../lib/data/dataset.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";
import { walrusFamily } from "../../lib/models/walrus/family.ts";
import { parameterShapes } from "../../lib/models/walrus/parameters.ts";
import { randomSource } from "../../lib/random/random_source.ts";
import { startModel, type StartOptions } from "../../lib/train/start_model.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import { inRepository } from "../shared.ts";
import { TINY, tinyModel, tinySample } from "./tiny.ts";

const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");

/** Data of named scalars on a plane. */
function dataOf(...names: string[]): SampleInfo {
  const fields = names.map((name) => ({ name, order: 0, constant: false }));
  return { ...tinySample(1).info, fields };
}

/** A run that starts from the shipped checkpoint. */
function started(section: object, data: SampleInfo, changes: Partial<StartOptions> = {}) {
  return startModel({
    family: walrusFamily,
    settings: walrusFamily.settings(section, "test"),
    from: CHECKPOINT,
    config: null,
    data: [data],
    map: {},
    seed: 0,
    ...changes,
  });
}

Deno.test("startWeights() starts as the recipe says: ranges, seeds, residual branches off", () => {
  const weights = startWeights(tinyModel(), 3);
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
  assert.deepEqual(startWeights(tinyModel(), 3), weights);
  assert.notDeepEqual(startWeights(tinyModel(), 4), weights);
});

Deno.test("startModel() from scratch has the weights of its seed", async () => {
  const section = { hidden_dim: 32, intermediate_dim: 4, blocks: 1, heads: 2, include_d: [2] };
  const { model, notes, weights } = await started(section, dataOf("A", "salt"), { from: null, seed: 7 });
  assert.deepEqual(notes, ["new fields: salt"]);
  assert.equal(model.description, "1 blocks of width 32");
  assert.deepEqual(await weights(), startWeights(model, 7));
});

Deno.test("startModel() takes a checkpoint as it is", async () => {
  const network = await started({}, dataOf("A", "pressure"));
  const weights = await network.weights();
  assert.deepEqual(network.notes, []);
  assert.equal((network.model.config as WalrusConfig).blocks, 6);
  using file = await openCheckpoint(CHECKPOINT);
  assert.deepEqual([...weights.keys()].sort(), [...file.tensors.keys()].sort());
  for (const name of ["encoder_dummy", "embed.2.proj1.weight", "blocks.3.space_mixing.ff_out.weight"]) {
    assert.deepEqual(weights.get(name), await file.tensors.get(name)!.read(), name);
  }
});

Deno.test("startModel() adds fields, frequencies of each axis and a table of positions", async () => {
  const section = { rotary: "per_axis", ape: [32, 32, 1] };
  const { model, notes, ...network } = await started(section, dataOf("A", "vorticity", "salt"));
  const config = model.config as WalrusConfig;
  const weights = await network.weights();
  assert.deepEqual(notes, ["new fields: vorticity, salt"]);
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
  const name = "debed.2.proj2.bias";
  const position = [...model.parameters.keys()].indexOf(name);
  const fresh = model.parameters.get(name)!.start(randomSource(0, position));
  assert.deepEqual(weights.get(name)!.subarray(67), fresh.subarray(67));
});

Deno.test("startModel() refuses a checkpoint of another family", async () => {
  const family = { ...walrusFamily, family: "other" };
  await assert.rejects(
    () => started({}, dataOf("A"), { family }),
    /model\.family is other, the checkpoint ".*walrus\.safetensors" holds a walrus/,
  );
});
