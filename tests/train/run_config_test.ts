// The configuration of a run: defaults of the family's recipe, overrides, what is refused and in which words.

import assert from "node:assert/strict";
import {
  changedKeys,
  matcher,
  parseRunConfig,
  type RunConfig,
  writeRunConfig,
} from "../../lib/train/run_config.ts";
import { fixture } from "../shared.ts";

const TEXT = "folder: a\ndata: {root: b}\ntraining: {steps: 10}";

/** Every value that is no record, by its path. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

Deno.test("parseRunConfig() has the defaults it had before families had recipes, key by key", async () => {
  const before = JSON.parse(await Deno.readTextFile(fixture("training/run_defaults.json")));
  const tuned = { finetune: true, overrides: ["model.from=a.pt", "training.lora={rank: 2}"] };
  const after = { pretraining: await parseRunConfig(TEXT), finetuning: await parseRunConfig(TEXT, tuned) };
  for (const kind of ["pretraining", "finetuning"] as const) {
    const [own, wanted] = [new Map(leaves(after[kind])), new Map(leaves(before[kind]))];
    for (const [key, value] of wanted) {
      // The matrices of blocks were listed; they are those that the network calls large.
      const same = key === "training.lora.adapt" ? null : value;
      assert.deepEqual(own.get(key), same, `${kind}: ${key}`);
    }
    const added = [...own.keys()].filter((key) => !wanted.has(key));
    assert.deepEqual(added.sort(), [
      "data.grid",
      "data.workers",
      "model.family",
      "optimizer.name",
      "training.memory",
    ]);
    assert.deepEqual([own.get("model.family"), own.get("optimizer.name")], ["walrus", "adamw"]);
  }
});

Deno.test("parseRunConfig() fills in defaults, takes overrides and reads back", async () => {
  const config = await parseRunConfig(TEXT, {
    overrides: ["optimizer.lr=1e-3", "data.systems=[x, y]", "model.ape=null"],
  });
  assert.deepEqual([config.optimizer.lr, config.data.systems, config.training.accumulate], [
    1e-3,
    ["x", "y"],
    4,
  ]);
  assert.deepEqual(await parseRunConfig(writeRunConfig(config)), config);
  const tuned = await parseRunConfig(TEXT, {
    finetune: true,
    overrides: ["model.from=a.pt", "data.strides=[1, 2]"],
  });
  assert.deepEqual([tuned.optimizer.lr, tuned.data.strides, tuned.training.accumulate], [1e-4, [1, 2], 1]);
  const other = { ...config, seed: 1, threads: 5, optimizer: { ...config.optimizer, lr: 1 } };
  assert.deepEqual(changedKeys(config, await parseRunConfig(writeRunConfig(config))), []);
  assert.deepEqual(changedKeys(other, config), ["seed", "optimizer.lr"]);
});

Deno.test("parseRunConfig() refuses what it does not know, naming key, value and what was wanted", async () => {
  const refused: [string[], RegExp][] = [
    [["what"], /override "what": wanted key=value/],
    [["training.step=3"], /training\.step is not known/],
    [["optimizer.name=adan"], /optimizer\.name is "adan", wanted "adamw"/],
    [["loss.multiplyer=3"], /"configuration": loss\.multiplyer is not known/],
    [["loss.multiplier=many"], /loss\.multiplier is "many", wanted a number/],
    [["loss.minimum_context=-1"], /loss\.minimum_context is -1, wanted a number/],
    [["model.bloks=3"], /"configuration": model\.bloks is not known/],
    [["model.hidden_dim=0.5"], /model\.hidden_dim is 0\.5, wanted Invalid integer/],
    [["model.hidden_dim=wide"], /model\.hidden_dim is "wide", wanted number/],
    [["model.epsilon=0"], /"configuration": model\.epsilon is 0, wanted >0$/],
    [["model.include_d=[4]"], /model\.include_d\.0 is 4, wanted \(1 \| 2 \| 3\)$/],
    [["model.ape=[1, 2]"], /model\.ape\.2 is absent, wanted number$/],
    [
      ["model.normalization=none"],
      /model\.normalization is "none", wanted \("rms" \| "meanstd" \| "global"\)$/,
    ],
    [["model.from=3"], /"configuration": model\.from is 3, wanted string$/],
    [["model.family=seal"], /no model family "seal", there are "walrus"/],
    [["data.strides=[5, 1]"], /data\.strides is \[5, 1\], wanted the smallest first/],
  ];
  for (const [overrides, message] of refused) {
    await assert.rejects(() => parseRunConfig(TEXT, { overrides }), message, overrides[0]);
  }
  await assert.rejects(() => parseRunConfig(TEXT, { finetune: true }), /model\.from is null/);
  await assert.rejects(() => parseRunConfig("folder: 3"), /folder is 3, wanted string/);
});

Deno.test("changedKeys() names no key that leaves the numbers of a run as they are", async () => {
  const config: RunConfig = await parseRunConfig(TEXT);
  const moved = await parseRunConfig(TEXT, {
    overrides: ["folder=c", "validation.every=1", "checkpoint.keep=1", "log.every=1", "backend=wasm"],
  });
  assert.deepEqual(changedKeys(moved, config), []);
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

Deno.test("training.memory takes amounts of memory, and the place of training.remat", async () => {
  const text = "folder: a\ndata: {root: b}\ntraining: {steps: 3}";
  const read = (...overrides: string[]) => parseRunConfig(text, { overrides });
  for (
    const [amount, bytes] of [["8GB", 8e9], ["1.5 GiB", 1.5 * 2 ** 30], ["500mb", 5e8], ["7e9", 7e9]] as const
  ) {
    const config = await read(`training.memory=${amount}`);
    assert.deepEqual([config.training.memory, config.training.remat], [bytes, 0]);
    assert.deepEqual(await parseRunConfig(writeRunConfig(config)), config);
    assert.deepEqual(changedKeys(config, await read()), []);
  }
  assert.deepEqual((await read("training.memory=null")).training.remat, 2);
  for (const amount of ["8 gigs", "0", "-1", "[1]", "GB", ".inf"]) {
    await assert.rejects(
      () => read(`training.memory=${amount}`),
      /training\.memory is .*, wanted an amount of memory: 8GB, 8GiB, 500MB or bytes/,
    );
  }
  await assert.rejects(
    () => read("training.memory=8GB", "training.remat=1"),
    /training\.remat is 1 beside training\.memory, .*: leave one of them out/,
  );
});
