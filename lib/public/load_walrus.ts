// `Walrus.load`: the same as `loadModel`, of one family. It stands here because only the public modules may name both a
// family and what loads networks of any.

import { loadModel, type LoadOptions } from "../forecast/load.ts";
import type { LoadedModel } from "../forecast/loaded_model.ts";
import type { SourceInput } from "../io/source.ts";
import { entry } from "../models/walrus/entry.ts";

/** Walrus networks. */
export const Walrus: {
  /**
   * Opens a Walrus checkpoint; those of other families are refused.
   *
   * @param checkpoint `.pt`, `.safetensors` or a shard index: path, URL, Blob, bytes
   * @param options device and configuration
   * @throws SyntaxError for a broken file, TypeError for weights that are not Walrus's or do not fit their configuration
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * import { Walrus, wasm } from "walrus";
   * using device = await wasm({ threads: 1 });
   * using model = await Walrus.load("examples/walrus_small/walrus.safetensors", { device });
   * assert.equal(model.model.description, "6 blocks of width 96");
   * ```
   */
  load(checkpoint: SourceInput, options: Omit<LoadOptions, "registry">): Promise<LoadedModel>;
} = {
  load: (checkpoint, options) => loadModel(checkpoint, { ...options, registry: [entry] }),
};
