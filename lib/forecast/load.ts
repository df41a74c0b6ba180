// Opening a checkpoint as a network on a device: which family it belongs to, what its configuration says, whether every
// tensor fits.

import type { Device } from "../compile/device.ts";
import type { HubOptions } from "../hub/options.ts";
import { openCheckpoint } from "../io/checkpoint.ts";
import type { SourceInput } from "../io/source.ts";
import type { ModelEntry } from "../models/model.ts";
import { locateModel } from "./locate.ts";
import { modelOfCheckpoint } from "./open_model.ts";
import type { WeightStorage } from "../weights/storage.ts";
import { WeightStore } from "../weights/store.ts";
import { LoadedModel } from "./loaded_model.ts";

/** How a model is loaded. */
export interface LoadOptions {
  /** Where it runs; stays the caller's and has to outlive the model. */
  readonly device: Device;
  /** Its configuration file; looked for beside the checkpoint when left out. */
  readonly config?: SourceInput;
  /**
   * Files beside the checkpoint by name, such as `learnt.yaml`, where it has no folder to look into: paths, Blobs or
   * bytes. Others are looked for.
   */
  readonly beside?: ReadonlyMap<string, SourceInput>;
  /**
   * How matrices are kept on the device: `stored` (the default) keeps fp16 tensors of the checkpoint as fp16, which
   * computes the same with half the memory; `f16` rounds others too; `f32` widens all; `int8` rounds large matrices to
   * 8 bits with a scale for each output, and others to fp16 (on devices that have the type); `int8-dot` also rounds
   * what those matrices are multiplied with, to 7 bits with a scale for each token, and multiplies whole numbers:
   * faster, less exact.
   */
  readonly weights?: WeightStorage;
  /** Told the name and bytes of each tensor as it is read. */
  readonly onTensor?: (name: string, bytes: number) => void;
  /** How a Hub is reached, for names that begin with `hf:`. */
  readonly hub?: HubOptions;
  /** Families of networks that are looked for; those of the library unless given. */
  readonly registry?: readonly ModelEntry[];
}

/**
 * Opens a checkpoint and checks every tensor's name, shape and type against the network's configuration. Weights are
 * read later, when a forecast needs them.
 *
 * @param checkpoint `.pt`, `.safetensors`, a shard index or the folder of a distributed checkpoint: path, URL, Blob,
 *   bytes; or `hf:org/name`, of which the files are fetched and kept (`org/name` too, where there is no such path)
 * @param options device and configuration
 * @throws SyntaxError for a broken file, TypeError for weights that do not fit the configuration or the device
 *
 * @example A checkpoint of no known family; the example of the root module loads one that is known
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "../backend/wasm/device.ts";
 * import { writeSafetensors } from "../io/safetensors_writer.ts";
 * using device = await wasm({ threads: 1 });
 * const checkpoint = writeSafetensors([{ name: "own.weight", shape: [1], data: Float32Array.of(1) }]);
 * await assert.rejects(loadModel(checkpoint, { device }), /own.weight/);
 * ```
 */
export async function loadModel(checkpoint: SourceInput, options: LoadOptions): Promise<LoadedModel> {
  const { device, weights: storage = "stored", onTensor } = options;
  if (storage.startsWith("int8") && !device.types.has("i8")) {
    throw new TypeError(
      `Weights are "${storage}", ${device.name} has no such numbers: wanted "f16" or "f32"`,
    );
  }
  const place = await locateModel({ ...options, checkpoint }, options.hub, options.registry);
  const opened = await openCheckpoint(place.checkpoint);
  try {
    const { model, checkpoint: named, warnings } = await modelOfCheckpoint(opened, place.checkpoint, {
      ...options,
      ...place,
    });
    const store = new WeightStore(device, named, model.parameters, {
      storage,
      ...(onTensor ? { onTensor } : {}),
    });
    return new LoadedModel(model, warnings, store);
  } catch (error) {
    opened.close();
    throw error;
  }
}
