// Families are found by what a checkpoint holds, by name, and as they are registered.

import assert from "node:assert/strict";
import type { ModelEntry } from "../../lib/models/model.ts";
import { findModel, modelEntries, modelEntry, MODELS, registerModel } from "../../lib/models/registry.ts";

const toy: ModelEntry = {
  family: "toy",
  configFiles: ["toy.json", "config.json"],
  claims: (names) => names.has("toy.in"),
  load: () => Promise.reject(new Error("never loaded")),
};
const both: ModelEntry = { ...toy, family: "both", configFiles: ["both.json"] };

Deno.test("registerModel() makes a family known until it is removed", () => {
  const names = new Set(["toy.in"]);
  assert.throws(() => findModel({ names }), /families "walrus"$/);
  const remove = registerModel(toy);
  assert.equal(findModel({ names }), toy);
  assert.equal(modelEntry("toy"), toy);
  assert.throws(() => registerModel({ ...toy }), /There is a model family "toy" already/);
  remove();
  remove();
  assert.deepEqual(modelEntries(), MODELS);
  assert.throws(() => modelEntry("toy"), /There is no model family "toy", there are "walrus"/);
});

Deno.test("findModel() goes by names, then by configuration files, and says what it saw", () => {
  const registry = [...MODELS, toy, both];
  const find = (names: readonly string[], files: readonly string[] = []) =>
    findModel({ names: new Set(names), files, name: "a.pt" }, registry).family;
  assert.equal(find(["encoder_dummy"]), "walrus");
  assert.equal(find(["blocks.0.space_mixing.fused_ff_qkv.weight"], ["toy.json"]), "walrus");
  assert.equal(find(["toy.in"]), "toy");
  assert.equal(find(["toy.in"], ["both.json"]), "both");
  // A checkpoint that lacks tensors: its family says which.
  assert.equal(find(["blocks.3.norm"], ["extended_config.yaml"]), "walrus");
  assert.throws(
    () => find(["a", "b", "c", "d", "e", "f"], ["x.yaml"]),
    (error: Error) =>
      error instanceof TypeError && error.message ===
        'Cannot tell which network "a.pt" is: it has 6 tensors, "a", "b", "c", "d", "e" and 1 more, beside it ' +
          '"x.yaml"; there are the families "walrus", "toy", "both"',
  );
});

Deno.test("the entry of this library loads its family", async () => {
  for (const entry of MODELS) assert.equal((await entry.load()).family, entry.family);
});
