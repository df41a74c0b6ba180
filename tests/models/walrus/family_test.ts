// The family: networks of checkpoints and configurations, settings of runs, networks that are widened to new data.

import assert from "node:assert/strict";
import { openCheckpoint } from "../../../lib/io/checkpoint.ts";
import type { SampleInfo } from "../../../lib/data/dataset.ts";
import type { Shape } from "../../../lib/ir/types.ts";
import type { FieldMap, Model } from "../../../lib/models/model.ts";
import { modelEntry } from "../../../lib/models/registry.ts";
import { RELEASED_CONFIG, RELEASED_FIELDS, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { writeConfig } from "../../../lib/models/walrus/write_config.ts";
import { RELEASED_LOSS } from "../../../lib/models/walrus/loss.ts";
import { walrusFamily } from "../../../lib/models/walrus/mod.ts";
import { parameterShapes } from "../../../lib/models/walrus/parameters.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { randomSource } from "../../../lib/random/random_source.ts";
import { RELEASED_ADAMW } from "../../../lib/train/adamw.ts";
import { parseRunConfig } from "../../../lib/train/run_config.ts";
import { startWeights } from "../../../lib/train/start_weights.ts";
import { digest } from "../../digest.ts";
import { fixture, inRepository } from "../../shared.ts";
import { TINY } from "../../train/tiny.ts";

const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");
const CONFIG = await Deno.readTextFile(inRepository("examples/walrus_small/extended_config.yaml"));
const FILES = { "extended_config.yaml": CONFIG };
const TEXT = "folder: a\ndata: {root: b}\ntraining: {steps: 10}";

async function shapesOf(): Promise<Map<string, Shape>> {
  using file = await openCheckpoint(CHECKPOINT);
  return new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
}

async function shipped(): Promise<Model> {
  return walrusFamily.fromCheckpoint(await shapesOf(), FILES, "small").model;
}

/** Data of named scalars and vectors on a plane. */
function dataOf(fields: readonly (readonly [string, number])[]): SampleInfo {
  return {
    dataset: "test",
    grid: {
      system: "cartesian",
      axes: ["x", "y"],
      shape: [32, 32],
      coordinates: [new Float64Array(32), new Float64Array(32)],
    },
    boundaries: [["periodic", "periodic"], ["wall", "open"]],
    fields: fields.map(([name, order]) => ({ name, order, constant: false })),
    masked: false,
    scalars: {},
  };
}

Deno.test("fromCheckpoint() gives the shipped network", async () => {
  const shapes = await shapesOf();
  const { model, warnings } = walrusFamily.fromCheckpoint(shapes, FILES);
  assert.deepEqual(warnings, []);
  assert.equal(model.family, "walrus");
  assert.equal(model.description, "6 blocks of width 96");
  assert.deepEqual(new Set(model.parameters.keys()), new Set(shapes.keys()));
  assert.deepEqual(Object.keys(await model.files()), modelEntry("walrus").configFiles);
  assert.deepEqual(walrusFamily.fromCheckpoint(shapes, await model.files()).model.config, model.config);
});

Deno.test("fromCheckpoint() names what is missing or does not fit", async () => {
  const shapes = await shapesOf();
  const open = (changed: Map<string, Shape>, files = FILES) =>
    walrusFamily.fromCheckpoint(changed, files, "a.pt");
  assert.throws(
    () => walrusFamily.fromCheckpoint(shapes, {}, "a.pt"),
    /configuration of "a\.pt": there is no extended_config\.yaml beside it, pass one with --config/,
  );
  const without = new Map([...shapes].filter(([name]) => name !== "encoder_dummy"));
  assert.throws(() => open(without), /"a\.pt" does not fit the configuration: it lacks "encoder_dummy"/);
  assert.throws(() => open(new Map([...shapes, ["x", [1]]])), /the network has no "x"/);
  assert.throws(
    () => open(new Map([...shapes, ["encoder_dummy", [2]]])),
    /"encoder_dummy" has shape \[2\], wanted \[1\]/,
  );
  const broken = { "extended_config.yaml": CONFIG.replace("hidden_dim: 96", "hidden_dim: -1") };
  assert.throws(() => open(shapes, broken), /"extended_config\.yaml": model\.hidden_dim is -1/);
});

Deno.test("fromCheckpoint() takes rotary kind and position table from the shapes", async () => {
  const config = { ...RELEASED_CONFIG, blocks: 1, rotary: "per_axis", apeShape: [32, 32, 1] } as const;
  const files = { "extended_config.yaml": writeConfig(config) };
  const { model } = await walrusFamily.fromCheckpoint(parameterShapes(config), files);
  assert.deepEqual(model.config, config);
});

Deno.test("fromConfig() reads JSON back, also as runs had it before they named a family", () => {
  const config = { ...TINY, rotary: "shared", apeShape: [32, 32, 1] } as const;
  const json = JSON.parse(JSON.stringify(walrusModel(config).config));
  assert.deepEqual(walrusFamily.fromConfig(json).config, config);
  const { rotary, apeShape } = config;
  const early = { networkConfig: writeConfig(config), rotary, apeShape };
  assert.deepEqual(walrusFamily.fromConfig(early).config, config);
  assert.throws(() => walrusFamily.fromConfig({ ...json, rotary: "no" }), /configuration: rotary: /);
  assert.throws(() => walrusFamily.fromConfig(null), SyntaxError);
});

Deno.test("parameters start as the recipe says, in the checkpoint's order", () => {
  const config = { ...TINY, apeShape: [4, 4, 1] } as const;
  const model = walrusModel(config);
  const { parameters } = model;
  const weights = startWeights(model, 9);
  assert.deepEqual([...parameters.keys()], [...weights.keys()]);
  [...parameters].forEach(([name, { start, use, shape }], i) => {
    assert.deepEqual(start(randomSource(9, i)), weights.get(name), name);
    assert.deepEqual(shape, parameterShapes(config).get(name));
    assert.equal(use === "trained", !name.includes("rotary_emb.freqs"), name);
  });
  const narrow = (name: string) => parameters.get(name)!.narrow;
  assert.equal(narrow("blocks.1.space_mixing.ff_out.weight"), "i8");
  assert.equal(narrow("embed.2.proj1.weight"), "f16");
  assert.equal(narrow("blocks.0.space_mixing.norm1.weight"), "f32");
  assert.equal(
    walrusModel({ ...config, rotary: "shared" }).parameters
      .get("blocks.0.space_mixing.rotary_emb.freqs")!.use,
    "trained",
  );
});

Deno.test("settings() fills in defaults and refuses with the words of a run's configuration", async () => {
  const { family: _, from: __, config: ___, ...defaults } = (await parseRunConfig(TEXT)).model;
  assert.deepEqual(walrusFamily.settings({}, "x"), defaults);
  assert.deepEqual(walrusFamily.settings(undefined, "x"), defaults);
  for (
    const override of [
      "hidden_dim=0.5",
      "jitter=3",
      "ape=[1, 2]",
      "bloks=2",
      "normalization=none",
      "include_d=[]",
    ]
  ) {
    const [key, value] = override.split("=");
    const message = async (f: () => unknown) => {
      try {
        await f();
      } catch (error) {
        return (error as Error).message;
      }
      return assert.fail(override);
    };
    const section = sectionOf(key!, value!);
    assert.equal(
      await message(() => walrusFamily.settings(section, "run.yaml")),
      await message(() => parseRunConfig(TEXT, { name: "run.yaml", overrides: [`model.${override}`] })),
    );
  }
});

/** A section with one key, its value as YAML says it. */
function sectionOf(key: string, value: string): Record<string, unknown> {
  try {
    return { [key]: JSON.parse(value) };
  } catch {
    return { [key]: value };
  }
}

/** What a run started with at commit b610147. */
interface Expected {
  readonly config: Omit<WalrusConfig, "fields">;
  readonly newFields: Readonly<Record<string, number>>;
  readonly added: readonly string[];
  readonly weights: string;
}
const STARTS: Readonly<Record<string, Expected>> = JSON.parse(
  await Deno.readTextFile(fixture("training/start.json")),
);

/** Configuration, notes and weights are those of before. */
async function sameStart(
  name: string,
  section: object,
  data: readonly SampleInfo[],
  old: Model | null,
  map: FieldMap = {},
): Promise<void> {
  const { config, newFields, added, weights } = STARTS[name]!;
  const created = await walrusFamily.create(walrusFamily.settings(section, "x"), data, map, old);
  assert.deepEqual(created.model.config, { ...config, fields: { ...RELEASED_FIELDS, ...newFields } });
  assert.deepEqual(created.notes, added.length > 0 ? [`new fields: ${added.join(", ")}`] : []);
  const stored = new Map<string, Float32Array>();
  using file = await openCheckpoint(CHECKPOINT);
  for (const [tensor, source] of old ? file.tensors : []) stored.set(tensor, await source.read());
  const carried = [...created.model.parameters].map(([tensor, { start }], i) => {
    const fresh = () => start(randomSource(5, i));
    return [tensor, created.carry(tensor, (source) => stored.get(source), fresh)] as const;
  });
  assert.equal(await digest(carried), weights);
}

const SMALL = { hidden_dim: 32, blocks: 1, heads: 2, intermediate_dim: 4 };
const WIDE = { rotary: "per_axis", ape: [32, 32, 1] };

Deno.test("create() from scratch gives what a run started with", async () => {
  await sameStart("from scratch", SMALL, [dataOf([["pressure", 0], ["velocity", 1]])], null);
  const map = { new: "pressure", q: 40, velocity_x: "other" };
  const data = [dataOf([["new", 0], ["q", 0], ["w", 0], ["velocity", 1]]), dataOf([["w", 0]])];
  await sameStart("from scratch, new fields", { ...SMALL, ...WIDE }, data, null, map);
  const settings = walrusFamily.settings({ hidden_dim: 30, heads: 4 }, "x");
  await assert.rejects(
    () => walrusFamily.create(settings, [], {}, null),
    /Width 30 with 4 heads is no network/,
  );
});

Deno.test("create() from a checkpoint gives what a run was widened to", async () => {
  const old = await shipped();
  await sameStart("from a checkpoint", {}, [dataOf([["A", 0]])], old);
  const data = [dataOf([["A", 0], ["u", 0], ["s", 1]])];
  await sameStart("widened", { ...WIDE, drop_path: 0 }, data, old);
});

Deno.test("create() refuses to take from a checkpoint what it has", async () => {
  const config = {
    ...(await shipped()).config as typeof TINY,
    rotary: "per_axis",
    apeShape: [4, 4, 1],
  } as const;
  const create = (section: object) =>
    walrusFamily.create(walrusFamily.settings(section, "x"), [], {}, walrusModel(config));
  await assert.rejects(
    () => create({ ape: [8, 8, 1] }),
    /model\.ape is \[8,8,1\], the checkpoint has a table of \[4,4,1\]/,
  );
  await assert.rejects(
    () => create({ rotary: "shared" }),
    /model\.rotary is shared, the checkpoint has frequencies/,
  );
  assert.equal(((await create({})).model.config as typeof TINY).rotary, "per_axis");
});

Deno.test("recipe() is the released one", () => {
  const { optimizer, loss } = walrusFamily.recipe("pretraining");
  assert.equal(optimizer!.eps, RELEASED_ADAMW.epsilon);
  assert.equal(optimizer!.weight_decay, RELEASED_ADAMW.weightDecay);
  assert.deepEqual(optimizer!.betas, [RELEASED_ADAMW.beta1, RELEASED_ADAMW.beta2]);
  assert.deepEqual(loss, {
    multiplier: RELEASED_LOSS.multiplier,
    minimum_context: RELEASED_LOSS.minimumContext,
  });
  assert.deepEqual(walrusFamily.recipe("finetuning").loss, loss);
});
