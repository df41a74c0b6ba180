// Names on a Hub where paths are taken: data of a small and of a large set, networks with their configuration, and which
// of a path and a name is meant.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { isOnHub, locateModel } from "../../lib/forecast/locate.ts";
import { openModel } from "../../lib/forecast/open_model.ts";
import { modelFiles } from "../../lib/hub/model.ts";
import { parseHubName } from "../../lib/hub/name.ts";
import { diskFolder } from "../../lib/io/disk_folder.ts";
import { openSource, type SourceInput } from "../../lib/io/source.ts";
import { writeLearnt } from "../../lib/models/learn_from.ts";
import { inFolder } from "../app/run_command.ts";
import { inRepository } from "../shared.ts";
import { patterned, type ServedRepo, serveHub } from "./server.ts";

const COMMIT = "e".repeat(40);
const read = (path: string) => Deno.readFileSync(inRepository(`examples/${path}`));

const DATA: ServedRepo = {
  kind: "dataset",
  repo: "org/set",
  commit: COMMIT,
  files: {
    ".gitattributes": new Uint8Array(1),
    "README.md": new TextEncoder().encode("# A set"),
    "data/train/a.hdf5": read("data/gray_scott_mini.hdf5"),
    "data/valid/b.hdf5": read("data/gray_scott_mini.hdf5"),
  },
  large: 100_000,
};

const MODEL: ServedRepo = {
  kind: "model",
  repo: "org/small",
  commit: COMMIT,
  files: {
    "README.md": new TextEncoder().encode("# A network"),
    "walrus.safetensors": read("walrus_small/walrus.safetensors"),
    "walrus.pt": patterned(2_000_000),
    "extended_config.yaml": read("walrus_small/extended_config.yaml"),
  },
};

Deno.test("openData() fetches a small set whole, files of data only", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([DATA]);
    using data = await openData("hf:datasets/org/set", { hub: { endpoint: hub.endpoint, cache } });
    assert.deepEqual(data.splits, ["train", "valid"]);
    const { values } = await (await data.split("valid")).trajectory(0).sample([0, 1]);
    assert.equal(values[0]!.length, 2 * 64 * 64);
    const snapshot = `${cache}/datasets--org--set/snapshots/${COMMIT}`;
    assert.deepEqual([...Deno.readDirSync(snapshot)].map(({ name }) => name), ["data"]);
    using single = await openData("hf:datasets/org/set/data/train/a.hdf5", {
      hub: { endpoint: hub.endpoint, cache, offline: true },
    });
    assert.deepEqual(single.splits, ["all"]);
  });
});

Deno.test("openData() reads a large set by ranges, to the bit, and keeps nothing of it", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([DATA]);
    const options = { hub: { endpoint: hub.endpoint, cache, largest: 1000 } };
    using data = await openData("hf:datasets/org/set", options);
    using local = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
    const [remote, own] = [(await data.split("train")).trajectory(0), (await local.split()).trajectory(0)];
    assert.deepEqual((await remote.sample([3, 4])).values, (await own.sample([3, 4])).values);
    assert.equal(await Deno.stat(`${cache}/datasets--org--set`).catch(() => null), null);
    const size = DATA.files["data/train/a.hdf5"]!.length;
    assert.ok(hub.sent() < 2 * size, `${hub.sent()} of ${size} bytes were sent`);
    // The Hub redirects once a file, then its store is asked.
    const resolved = hub.requests.filter((line) => /^hub GET .*a\.hdf5/.test(line));
    assert.equal(resolved.length, 1);
    await assert.rejects(
      openData("hf:datasets/org/set/README.md", { hub: { ...options.hub, largest: 2 ** 20 } }),
      /Cannot open "hf:datasets\/org\/set\/README.md" as data; /,
    );
    await assert.rejects(openData("hf:datasets/org/set@v7", options), /there is no such revision/);
  });
});

Deno.test("loadModel() fetches the checkpoint in safetensors and its configuration, and nothing else", async () => {
  await inFolder(async (cache) => {
    await using hub = serveHub([MODEL]);
    const options = { hub: { endpoint: hub.endpoint, cache } };
    using device = await wasm({ threads: 1 });
    for (const name of ["hf:org/small", "org/small", "hf:org/small@main/walrus.safetensors"]) {
      using model = await loadModel(name, { device, ...options });
      assert.equal(model.model.description, "6 blocks of width 96", name);
    }
    assert.equal(
      (await openModel({ checkpoint: "hf:org/small", ...options })).description,
      "6 blocks of width 96",
    );
    const files = [...Deno.readDirSync(`${cache}/models--org--small/snapshots/${COMMIT}`)].map(({ name }) =>
      name
    );
    assert.deepEqual(files.toSorted(), ["extended_config.yaml", "walrus.safetensors"]);
    const size = ["walrus.safetensors", "extended_config.yaml"].reduce(
      (n, file) => n + MODEL.files[file]!.length,
      0,
    );
    assert.equal(hub.sent(), size);
    await assert.rejects(loadModel("org/none", { device, ...options }), /there is no such repository/);
    const config = await locateModel({
      checkpoint: new Uint8Array(1),
      config: "hf:org/small/extended_config.yaml",
    }, options.hub);
    using source = await openSource(config.config as SourceInput);
    assert.equal(source.size, MODEL.files["extended_config.yaml"]!.length);
  });
});

Deno.test("a path that exists is meant before a name on the Hub", () => {
  assert.equal(isOnHub("examples/walrus_small"), false);
  assert.equal(isOnHub("examples/no_such_thing"), true);
  assert.equal(isOnHub("runs/no_such_thing.pt"), false);
  assert.equal(isOnHub("hf:examples/walrus_small"), true);
  assert.equal(isOnHub(new Uint8Array(1)), false);
});

Deno.test("modelFiles() takes an index with its shards, a folder of a distributed checkpoint, and asks between two", () => {
  const configs = ["config.yaml"];
  const shards = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"];
  const all = [
    "m.safetensors.index.json",
    ...shards,
    "config.yaml",
    "x-00001-of-00001.safetensors",
    "step/.metadata",
  ];
  const files = [...all, "step/__0_0.distcp", "step/config.yaml", "two/a.pt", "two/b.pt", "none/a.txt"];
  const choose = (path: string) => modelFiles(parseHubName(`hf:org/name${path}`), files, configs);
  assert.deepEqual(choose("").files, [...all.slice(0, 4)]);
  assert.deepEqual(choose("/step"), {
    checkpoint: "step",
    files: ["step/.metadata", "step/__0_0.distcp", "step/config.yaml"],
    configs: ["step/config.yaml"],
  });
  assert.deepEqual(choose("/two/b.pt").files, ["two/b.pt"]);
  assert.throws(
    () => choose("/two"),
    /holds 2 checkpoints, name one: hf:org\/name\/two\/a.pt, hf:org\/name\/two\/b.pt/,
  );
  assert.throws(() => choose("/none"), /"hf:org\/name\/none" holds no checkpoint/);
});

Deno.test("a distributed checkpoint on a Hub finds what lies in its folder and beside it", async () => {
  const fixture = (path: string) => Deno.readFileSync(inRepository(`tests/fixtures/${path}`));
  const learnt = writeLearnt({ complete: true, systems: {}, fields: {} });
  const sharded: ServedRepo = {
    kind: "model",
    repo: "org/sharded",
    commit: COMMIT,
    files: {
      "extended_config.yaml": fixture("golden/checkpoints/extended_config.yaml"),
      "learnt.yaml": patterned(10),
      "step/.metadata": fixture("cases/distcp/.metadata"),
      "step/__0_0.distcp": fixture("cases/distcp/__0_0.distcp"),
      "step/learnt.yaml": new TextEncoder().encode(learnt),
      "other/a.pt": patterned(1000),
    },
  };
  await inFolder(async (cache) => {
    await using hub = serveHub([sharded]);
    const options = { hub: { endpoint: hub.endpoint, cache } };
    using device = await wasm({ threads: 1 });
    for (const name of ["hf:org/sharded/step", "hf:org/sharded/step/.metadata"]) {
      using model = await loadModel(name, { device, ...options });
      assert.deepEqual(model.model.learnt, { complete: true, systems: {}, fields: {} }, name);
    }
    const { name } = await locateModel({ checkpoint: "hf:org/sharded/step" }, options.hub);
    assert.equal(name, `hf:org/sharded@${COMMIT}/step`);
    const kept = `${cache}/models--org--sharded/snapshots/${COMMIT}`;
    assert.deepEqual([...Deno.readDirSync(kept)].map(({ name }) => name).toSorted(), [
      "extended_config.yaml",
      "step",
    ]);
  });
});

Deno.test("what lies beside a checkpoint is found where it has no path, as in a page", async () => {
  const learnt = { complete: false, systems: {}, fields: {} };
  const repo: ServedRepo = {
    ...MODEL,
    files: { ...MODEL.files, "learnt.yaml": new TextEncoder().encode(writeLearnt(learnt)) },
  };
  await inFolder(async (folder) => {
    await using hub = serveHub([repo]);
    const disk = diskFolder(folder);
    const input = async (path: string) => new Blob([await Deno.readFile(`${folder}/${path}`)]);
    const options = { endpoint: hub.endpoint, cache: { ...disk, input } };
    const model = await openModel({ checkpoint: "hf:org/small", hub: options });
    assert.deepEqual([model.description, model.learnt], ["6 blocks of width 96", learnt]);
  });
});
