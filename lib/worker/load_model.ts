// Loading a network, on this thread or in a worker.

import { type BackendName, type DeviceOptions, forForecasts, openDevice } from "../backend/auto.ts";
import type { ForecastModel } from "../forecast/forecast_model.ts";
import { loadModel as loadOnDevice, type LoadOptions } from "../forecast/load.ts";
import type { LoadedModel } from "../forecast/loaded_model.ts";
import type { SourceInput } from "../io/source.ts";
import type { ModelEntry } from "../models/model.ts";
import { modelEntries, MODELS } from "../models/registry.ts";
import type { WorkerChoice } from "./worker_handle.ts";

/** How a network is loaded that has a device of its own. */
export interface ModelOptions extends Omit<LoadOptions, "device"> {
  /** Which backend; `auto` unless given. */
  readonly backend?: BackendName;
  /** How the device is made. In a worker all processors but one compute unless it says how many. */
  readonly deviceOptions?: DeviceOptions;
  /**
   * Whether the device, and with it reading, compiling and computing, is in a worker, so that the thread that calls
   * stays free: `true`, the address of a worker's script, or a worker that is open. In pages unless told otherwise.
   */
  readonly worker?: WorkerChoice | false;
}

/** Whether this is a page's own thread. */
function isPage(): boolean {
  return "document" in globalThis;
}

/** Addresses of the modules of families that are not this library's. @throws TypeError for one without */
function modulesOf(registry: readonly ModelEntry[]): string[] {
  return registry.filter((entry) => !MODELS.includes(entry)).map(({ family, module }) => {
    if (module !== undefined) return module;
    throw new TypeError(`Model family "${family}" has no "module": a worker can not load it`);
  });
}

async function loadInWorker(
  checkpoint: SourceInput,
  choice: WorkerChoice,
  { backend = "auto", deviceOptions = {}, registry = modelEntries(), ...options }: Omit<
    ModelOptions,
    "worker"
  >,
): Promise<ForecastModel> {
  const { workerOf } = await import("./worker_handle.ts");
  const { RemoteModel } = await import("./remote_model.ts");
  const modules = modulesOf(registry);
  const { client, own } = workerOf(choice);
  using started = own;
  const sent = { ...options, backend, deviceOptions, modules };
  const opened = await client.call<Parameters<typeof RemoteModel.of>[1]>(
    "loadModel",
    [checkpoint, sent],
    true,
  );
  return await RemoteModel.of(client, opened, started.move(), registry);
}

/**
 * Opens a checkpoint and checks every tensor's name, shape and type against the network's configuration. Weights are
 * read later, when a forecast needs them.
 *
 * With `device` it computes there, and the device stays the caller's. Otherwise the model has a device of its own, in a
 * page in a worker.
 *
 * @param checkpoint `.pt`, `.safetensors`, a shard index or the folder of a distributed checkpoint: path, URL, Blob,
 *   bytes; or `hf:org/name`, of which the files are fetched and kept (`org/name` too, where there is no such path)
 * @param options device or worker, and configuration
 * @throws SyntaxError for a broken file, TypeError for weights that do not fit the configuration or the device, or for
 *   what can not be handed to a worker
 *
 * @example A checkpoint of no known family, in a worker; the example of the root module loads one that is known
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeSafetensors } from "../io/safetensors_writer.ts";
 * const checkpoint = writeSafetensors([{ name: "own.weight", shape: [1], data: Float32Array.of(1) }]);
 * await assert.rejects(loadModel(checkpoint, { worker: true, backend: "wasm" }), /own.weight/);
 * ```
 */
export function loadModel(checkpoint: SourceInput, options: LoadOptions): Promise<LoadedModel>;
/** The same with a device of its own. */
export function loadModel(checkpoint: SourceInput, options?: ModelOptions): Promise<ForecastModel>;
export async function loadModel(
  checkpoint: SourceInput,
  options: LoadOptions | ModelOptions = {},
): Promise<ForecastModel> {
  if ("device" in options) return await loadOnDevice(checkpoint, options);
  const { worker = isPage(), ...rest } = options;
  if (worker !== false) return await loadInWorker(checkpoint, worker, rest);
  const { backend = "auto", deviceOptions, ...own } = rest;
  const device = await openDevice(backend, forForecasts(deviceOptions));
  try {
    const model = await loadOnDevice(checkpoint, { ...own, device });
    model.signal.addEventListener("abort", () => device[Symbol.dispose]());
    return model;
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}
