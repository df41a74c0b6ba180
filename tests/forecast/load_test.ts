// Loading a checkpoint: what is refused, and what is said about it.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { claimedBy } from "../../lib/forecast/claim.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import type { ModelEntry } from "../../lib/models/model.ts";
import { MODELS } from "../../lib/models/registry.ts";
import { fixture } from "../shared.ts";

Deno.test("loadModel() refuses a checkpoint that does not fit its configuration", async () => {
  using device = await wasm({ threads: 1 });
  const load = (name: string) =>
    loadModel(fixture(`golden/checkpoints/${name}`), {
      device,
      config: fixture("golden/checkpoints/extended_config.yaml"),
    });
  await assert.rejects(() => load("wrong_shape.pt"), /attn_out.weight" has shape/);
  await assert.rejects(() => load("integer_weights.pt"), /floating-point/);
  (await load("walrus_bf16.pt"))[Symbol.dispose]();
});

const CONFIG = fixture("golden/checkpoints/extended_config.yaml");

/** The reference's weights under other names. */
async function renamed(rename: (name: string) => string): Promise<Uint8Array> {
  using golden = await openCheckpoint(fixture("golden/checkpoints/walrus.safetensors"));
  const tensors = [...golden.tensors].map(async ([name, tensor]) => ({
    name: rename(name),
    shape: tensor.shape,
    data: await tensor.read(),
  }));
  return writeSafetensors(await Promise.all(tensors));
}

Deno.test("loadModel() says which prefix was removed, and which would have to be", async () => {
  using device = await wasm({ threads: 1 });
  for (const path of ["cases/prefix_module.pt", "cases/distcp"]) {
    using model = await loadModel(fixture(path), { device, config: CONFIG });
    assert.match(
      model.warnings[0]!,
      /names of its tensors begin with "(module|app.model)\.", which was removed/,
    );
  }
  // Weights of a larger module: its other parts are left out.
  const parts = await renamed((name) => name === "encoder_dummy" ? "loss.weight" : `model.${name}`);
  await assert.rejects(loadModel(parts, { device, config: CONFIG }), /lacks "encoder_dummy"$/);
  const other = await renamed((name) => `backbone.${name}`);
  await assert.rejects(
    loadModel(other, { device, config: CONFIG }),
    /its tensors begin with "backbone.", without which they would be those of a walrus/,
  );
});

Deno.test("loadModel() names the configuration that would fit, and tensors that are not read", async () => {
  using device = await wasm({ threads: 1 });
  const path = fixture("golden/checkpoints/walrus.safetensors");
  const text = await Deno.readTextFile(CONFIG);
  const wider = new TextEncoder().encode(text.replace("hidden_dim: 32", "hidden_dim: 64"));
  await assert.rejects(
    loadModel(path, { device, config: wider }),
    /; it would fit one with model.hidden_dim 32, not 64; mlp_dim of model.processor.space_mixing 128, not 256$/,
  );
  using golden = await openCheckpoint(path);
  const [first] = golden.tensors.keys();
  const partly = {
    ...golden,
    tensors: new Map(golden.tensors),
    unread: new Map([[first!, "a sparse tensor"]]),
  };
  partly.tensors.delete(first!);
  const { modelOfCheckpoint } = await import("../../lib/forecast/open_model.ts");
  await assert.rejects(
    modelOfCheckpoint(partly, path, { config: CONFIG }),
    new RegExp(`lacks "${first}"; "${first}" is a sparse tensor, which is not read$`),
  );
});

Deno.test("a family that knows names with such a prefix gets them", async () => {
  const own: ModelEntry = {
    family: "own",
    configFiles: [],
    claims: (names) => names.has("model.a"),
    load: () => Promise.reject(new Error("never loaded")),
  };
  const bytes = writeSafetensors([{ name: "model.a", shape: [1], data: Float32Array.of(1) }]);
  using checkpoint = await openCheckpoint(bytes);
  const { entry, named } = await claimedBy(checkpoint, [...MODELS, own]);
  assert.deepEqual([entry.family, [...named.tensors.keys()], named.notes], ["own", ["model.a"], []]);
});

Deno.test("the configuration of a distributed checkpoint lies in its folder or beside it", async () => {
  using device = await wasm({ threads: 1 });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/shards`);
    for (const { name } of Deno.readDirSync(fixture("cases/distcp"))) {
      await Deno.copyFile(fixture(`cases/distcp/${name}`), `${folder}/shards/${name}`);
    }
    const checkpoint = `${folder}/shards`;
    await assert.rejects(loadModel(checkpoint, { device }), /there is no extended_config.yaml beside it/);
    for (const place of [`${folder}/extended_config.yaml`, `${folder}/shards/extended_config.yaml`]) {
      await Deno.copyFile(CONFIG, place);
      for (const name of [checkpoint, `${checkpoint}/`, `${checkpoint}/.metadata`]) {
        (await loadModel(name, { device }))[Symbol.dispose]();
      }
      await Deno.remove(place);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
