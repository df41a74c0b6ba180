// The released configuration: what it maps to, and what is refused.

import assert from "node:assert/strict";
import { parseConfig } from "../../../lib/models/walrus/extended_config.ts";
import { writeConfig } from "../../../lib/models/walrus/write_config.ts";
import { adaptToShapes } from "../../../lib/models/walrus/adapt.ts";
import { RELEASED_CONFIG, RELEASED_FIELDS } from "../../../lib/models/walrus/config.ts";
import { parameterShapes } from "../../../lib/models/walrus/parameters.ts";
import { fixture, inRepository } from "../../shared.ts";

Deno.test("parseConfig() maps the shipped and the reference's configuration", async () => {
  const read = async (path: string) => parseConfig(await Deno.readTextFile(path)).config;
  const config = await read(inRepository("examples/walrus_small/extended_config.yaml"));
  assert.deepEqual(config.fields, RELEASED_FIELDS);
  assert.deepEqual([config.hiddenDim, config.mlpDim, config.blocks, config.heads], [96, 384, 6, 4]);
  const reference = await read(fixture("golden/checkpoints/extended_config.yaml"));
  assert.deepEqual([reference.states, reference.dropPath, reference.causal], [7, 0.05, true]);
});

Deno.test("writeConfig() reads back equal", () => {
  for (const normalization of ["rms", "meanstd", "global"] as const) {
    const config = {
      ...RELEASED_CONFIG,
      normalization,
      prediction: "full" as const,
      causal: false,
      jitter: false,
    };
    assert.deepEqual(parseConfig(writeConfig(config)).config, config);
  }
});

Deno.test("parseConfig() refuses what it does not compute, naming the place, value and what was wanted", () => {
  const text = writeConfig(RELEASED_CONFIG);
  const cases: [string, string, RegExp][] = [
    ["hidden_dim: 1408", "hidden_dim: 1409", /model.hidden_dim is 1409, wanted a multiple of the 16 heads/],
    ["hidden_dim: 1408", "hidden_dim: 128", /heads are 8 wide.*at least 16/],
    ["processor_blocks: 40", "processor_blocks: forty", /model.processor_blocks is "forty", wanted number/],
    ["processor_blocks: 40", "processor_blocks: 0", /model.processor_blocks is 0/],
    ["RMSGroupNorm", "LayerNorm", /model.norm_layer._target_ is ".*LayerNorm", wanted ".*RMSGroupNorm"/],
    ["SamplewiseRev", "FancyRev", /trainer.revin._target_/],
    ["causal_in_time: true", "causal_in_time: maybe", /model.causal_in_time is "maybe", wanted boolean/],
    ["bias_correction: 2", "bias_correction: 9", /bias_correction is 9, wanted 2/],
    ["prediction_type: delta", "prediction_type: gamma", /trainer.prediction_type is "gamma"/],
  ];
  for (const [from, to, words] of cases) {
    assert.ok(text.includes(from), from);
    assert.throws(() => parseConfig(text.replace(from, to), "c.yaml"), (e: Error) => {
      assert.ok(e instanceof SyntaxError);
      assert.match(e.message, words);
      assert.match(e.message, /"c.yaml"/);
      return true;
    });
  }
  assert.throws(() => parseConfig("a: ["), SyntaxError);
  assert.throws(() => parseConfig(""), SyntaxError);
});

Deno.test("parseConfig() refuses documents that aliases blow up", () => {
  const lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(", ")}]`);
  assert.throws(() => parseConfig(lines.join("\n")), /expands to more than/);
});

Deno.test("parameterShapes() counts the released checkpoint's tensors and numbers", () => {
  const shapes = parameterShapes(RELEASED_CONFIG);
  assert.equal(shapes.size, 857);
  const count = [...shapes.values()].reduce((n, s) => n + s.reduce((m, size) => m * size, 1), 0);
  assert.equal(count, 1_286_199_487);
  assert.equal([...shapes.keys()][0], "encoder_dummy");
  const finetuned = { ...RELEASED_CONFIG, rotary: "per_axis" as const, apeShape: [32, 33, 1] as const };
  assert.equal(parameterShapes(finetuned).size, 938);
});

Deno.test("adaptToShapes() takes rotary kind and position table from the tensors", () => {
  const frequencies = "blocks.0.space_mixing.rotary_emb.freqs";
  const adapted = adaptToShapes(
    RELEASED_CONFIG,
    new Map([[`${frequencies}.0`, [11]], ["ape", [1, 1, 2, 3, 4, 1]]]),
  );
  assert.equal(adapted.rotary, "per_axis");
  assert.deepEqual(adapted.apeShape, [3, 4, 1]);
  const back = adaptToShapes(adapted, new Map([[frequencies, [11]]]));
  assert.deepEqual([back.rotary, back.apeShape], ["shared", null]);
});
