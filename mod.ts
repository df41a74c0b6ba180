/**
 * Walrus in TypeScript: forecasts of physical simulations (fluids, plasmas, waves, acoustics, active matter; 2D and
 * 3D) with foundation models, Walrus first, in Deno, browsers and edge runtimes.
 *
 * This is the front door: load a network, open data, forecast, score. What lies behind it has sub-paths of its own:
 * `walrus/ir` and `walrus/nn` to write networks, `walrus/train` to train them, `walrus/models` to make them known,
 * `walrus/data`, `walrus/io`, `walrus/metrics` and `walrus/devices`.
 *
 * @example Forecast a simulation
 * ```ts
 * import { loadModel, openData, vrmse, wasm } from "walrus";
 *
 * using device = await wasm();
 * using model = await loadModel("examples/walrus_small/walrus.safetensors", { device });
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const truth = (await data.split()).trajectory(0);
 * const start = await truth.sample([0, 1, 2, 3, 4, 5]);
 *
 * for await (const frame of model.rollout(start, { steps: 2, seed: 1 })) {
 *   console.log(frame.time, vrmse(frame, await truth.sample([5 + frame.step])));
 * }
 * ```
 *
 * @module
 */

import { loadModel, type LoadOptions } from "./lib/forecast/load.ts";
import type { LoadedModel } from "./lib/forecast/loaded_model.ts";
import type { SourceInput } from "./lib/io/source.ts";
import { entry } from "./lib/models/walrus/entry.ts";

export { type BackendName, type DeviceOptions, openDevice } from "./lib/backend/auto.ts";
export { wasm, type WasmDevice, type WasmOptions } from "./lib/backend/wasm/device.ts";
export type { WebGpuDevice, WebGpuOptions } from "./lib/backend/webgpu/device.ts";
export { webgpu } from "./lib/backend/webgpu/open.ts";
export { type Device, DeviceLostError, DisposedError } from "./lib/compile/device.ts";
export type { Dataset, Sample, SampleInfo, Split, Trajectory } from "./lib/data/dataset.ts";
export type { DataInput } from "./lib/data/source.ts";
export type { Statistics } from "./lib/data/statistics.ts";
export type { FieldTransforms } from "./lib/data/transforms.ts";
export { modelForecast } from "./lib/forecast/forecaster.ts";
export type { Frame } from "./lib/forecast/frame.ts";
export type { ForecastModel } from "./lib/forecast/forecast_model.ts";
export type { LoadOptions } from "./lib/forecast/load.ts";
export type { LoadedModel } from "./lib/forecast/loaded_model.ts";
export type { MemoryEstimate } from "./lib/forecast/prepare.ts";
export type { RolloutOptions } from "./lib/forecast/rollout.ts";
export type { SourceInput } from "./lib/io/source.ts";
export { type Forecaster, linearExtrapolation, persistence } from "./lib/metrics/forecasters.ts";
export { FRAME_METRICS, frameMetric } from "./lib/metrics/frame.ts";
export { score, vrmse } from "./lib/metrics/score.ts";
export type { FieldMap, GridTreatment } from "./lib/models/model.ts";
export type { WeightStorage } from "./lib/weights/storage.ts";
export { loadModel, type ModelOptions } from "./lib/worker/load_model.ts";
export { openData, type OpenDataOptions } from "./lib/worker/open_data.ts";
export { openWorker } from "./lib/worker/open_worker.ts";
export type { WorkerHandle } from "./lib/worker/worker_handle.ts";

/** Walrus networks: `loadModel` for those who want no other. */
export const Walrus: {
  /**
   * Opens a Walrus checkpoint; those of other families are refused.
   *
   * @param checkpoint `.pt`, `.safetensors` or a shard index: path, URL, Blob, bytes; or `hf:org/name` on a Hub
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
