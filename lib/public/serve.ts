/**
 * Forecasts over HTTP: one handler for hosts, edges and pages. `export default forecastService({ .. })` is what
 * `deno serve` and edge runtimes run; `deno task serve` runs it with a configuration, metrics and logs.
 *
 * @example A service of the shipped network, asked without a network in between
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadModel, openData } from "walrus";
 * import { forecastService } from "walrus/serve";
 *
 * await using service = forecastService({
 *   models: { small: { load: () => loadModel("examples/walrus_small/walrus.safetensors", { worker: true }) } },
 *   datasets: { mini: { open: () => openData("examples/data/gray_scott_mini.hdf5") } },
 * });
 * const response = await service.fetch(
 *   new Request("http://localhost/v1/forecast", {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({ data: { dataset: "mini" }, steps: 2, seed: 1 }),
 *   }),
 * );
 * const { window } = await response.json();
 * assert.deepEqual(window.fields.A.shape, [2, 64, 64]);
 * ```
 *
 * @module
 */

export { readFrames } from "../serve/answer/read_frames.ts";
export type { ServedDataset } from "../serve/datasets.ts";
export type { Problem } from "../serve/errors.ts";
export type { Upstream } from "../serve/forward.ts";
export { LIMITS, type Limits } from "../serve/limits.ts";
export type { ServedModel } from "../serve/models.ts";
export { type Reason, Refusal, STATUS } from "../serve/refusal.ts";
export {
  type ForecastService,
  forecastService,
  type ReadForecast,
  type ServiceOptions,
} from "../serve/service.ts";
export type { Phase, RequestRecord, ServiceState, Telemetry } from "../serve/telemetry.ts";
export type { Token } from "../serve/tokens.ts";
export type { DataReference, ForecastOptions, WindowOptions } from "../serve/window/options.ts";
export { type ForecastRequest, readForecast } from "../serve/window/read_window.ts";
