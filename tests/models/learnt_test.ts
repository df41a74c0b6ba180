// What networks carry of their training: the shipped one's file is what its data say, and of data it tells what it has
// never seen.

import assert from "node:assert/strict";
import { openSystems } from "../../app/train/systems.ts";
import type { SampleInfo } from "../../lib/data/dataset.ts";
import { openModel } from "../../lib/forecast/open_model.ts";
import { learnFrom, writeLearnt } from "../../lib/models/learn_from.ts";
import { parseLearnt, unlearntFields, withLearnt } from "../../lib/models/learnt.ts";
import { RELEASED_CONFIG } from "../../lib/models/walrus/config.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { parseRunConfig } from "../../lib/train/run_config.ts";
import { loadModel } from "../../lib/worker/load_model.ts";
import { inRepository, sharedTest } from "../shared.ts";

const FILE = inRepository("examples/walrus_small/learnt.yaml");

/** A plane with scalar fields of some names, and a velocity. */
function plane(...names: string[]): SampleInfo {
  const coordinates = [Float64Array.of(0, 1), Float64Array.of(0, 1)];
  return {
    dataset: "own",
    grid: { system: "cartesian", axes: ["x", "y"], shape: [2, 2], coordinates },
    boundaries: [["wall", "wall"], ["open", "open"]],
    fields: [
      ...names.map((name) => ({ name, order: 0, constant: false })),
      { name: "velocity", order: 1, constant: false },
    ],
    masked: false,
    scalars: {},
  };
}

sharedTest(
  "the shipped network's learnt.yaml is what its training data say",
  "corpus/datasets",
  async (root) => {
    const text = await Deno.readTextFile(inRepository("examples/walrus_small/run.yaml"));
    const run = await parseRunConfig(text, { name: "run.yaml", overrides: [`data.root=${root}`] });
    const systems = await openSystems(run.data);
    using opened = new DisposableStack();
    for (const system of systems) opened.use(system);
    const splits = Object.fromEntries(systems.map(({ train }) => [train.dataset, train]));
    const learnt = await learnFrom(walrusModel(RELEASED_CONFIG), splits, run.data.field_map, true);
    assert.deepEqual(learnt, parseLearnt(await Deno.readTextFile(FILE)));
  },
);

Deno.test("the shipped network knows temperature by name and has not learnt it", async () => {
  const model = await openModel({ checkpoint: inRepository("examples/walrus_small/walrus.safetensors") });
  const info = plane("temperature", "density", "concentration");
  assert.deepEqual(unlearntFields(model, info), ["temperature", "concentration"]);
  assert.deepEqual(unlearntFields(model, info, { map: { temperature: "A", concentration: "B" } }), []);
  // Components that only the embedding in three axes adds need not be known.
  assert.deepEqual(model.fields(info).at(-1)!.names, ["velocity_x", "velocity_y"]);
  assert.deepEqual(unlearntFields(model, info, { transforms: { density: "log10" } }), [
    "temperature",
    "density",
    "concentration",
  ]);
});

Deno.test("a checkpoint without a folder has the files that it is given with", async () => {
  const bytes = await Deno.readFile(inRepository("examples/walrus_small/walrus.safetensors"));
  const names = ["extended_config.yaml", "learnt.yaml"];
  const files = names.map(async (name) => {
    return [name, new Blob([await Deno.readFile(inRepository(`examples/walrus_small/${name}`))])] as const;
  });
  const beside = new Map(await Promise.all(files));
  const learnt = parseLearnt(await Deno.readTextFile(FILE));
  const options = {
    worker: false,
    backend: "wasm",
    deviceOptions: { wasm: { threads: 1 } },
    beside,
  } as const;
  using loaded = await loadModel(bytes, options);
  assert.deepEqual(loaded.model.learnt, learnt);
  assert.deepEqual((await openModel({ checkpoint: bytes, beside })).learnt, learnt);
  const config = beside.get("extended_config.yaml")!;
  assert.deepEqual((await openModel({ config, beside })).learnt, learnt);
  assert.equal((await openModel({ config })).learnt, undefined);
});

Deno.test("of a network without the file only numbered columns are known not to be learnt", () => {
  const model = walrusModel(RELEASED_CONFIG);
  const info = plane("temperature", "T2");
  assert.deepEqual(unlearntFields(model, info, { map: { T2: 60 } }), ["T2"]);
  const partly = withLearnt(model, { complete: false, systems: {}, fields: {} });
  assert.deepEqual(unlearntFields(partly, info, { map: { T2: "A" } }), []);
});

Deno.test("writeLearnt() reads back equal, a broken file is refused by name", async () => {
  const learnt = parseLearnt(await Deno.readTextFile(FILE));
  assert.deepEqual(parseLearnt(writeLearnt(learnt)), learnt);
  assert.ok(learnt.complete && learnt.fields.A!.low < learnt.fields.A!.high);
  assert.throws(() => parseLearnt("complete: maybe\nsystems: {}\nfields: {}", "x.yaml"), /"x.yaml": /);
});
