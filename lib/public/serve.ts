/**
 * Forecasts over HTTP: one handler for hosts, edges and pages. `export default forecastService({ .. })` is what
 * `deno serve` and edge runtimes run; `deno task serve` runs it with a configuration, metrics and logs.
 *
 * @example A service, asked without a network in between
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "walrus/data";
 * import { loadModel } from "walrus/models";
 * import { forecastService } from "walrus/serve";
 *
 * await using service = forecastService({
 *   models: { small: { load: () => loadModel("small/model.safetensors", { worker: true }) } },
 *   datasets: { mini: { open: () => openData("examples/data/gray_scott_mini.hdf5") } },
 *   limits: { running: 2, bytes: 16e6 },
 * });
 * const response = await service.fetch(new Request("http://localhost/v1/datasets"));
 * const { datasets } = await response.json();
 * assert.deepEqual(datasets[0].splits[0].grid, { axes: ["x", "y"], shape: [64, 64] });
 * ```
 *
 * @module
 */

export { readFrames } from "../serve/answer/read_frames.ts";
export { type Origin as AnswerOrigin, type WriteAnswer, writeAnswer } from "../serve/answer/whole.ts";
export type { ServedDataset } from "../serve/datasets.ts";
export type { Problem } from "../serve/errors.ts";
export type { Upstream } from "../serve/forward.ts";
export { LIMITS, type Limits } from "../serve/limits.ts";
export type { ServedModel } from "../serve/models.ts";
export { type Reason, Refusal, STATUS } from "../serve/refusal.ts";
export { type ForecastService, forecastService, type ServiceOptions } from "../serve/service.ts";
export type { ReadForecast } from "../serve/parts.ts";
export type { Phase, RequestRecord, ServiceState, Telemetry } from "../serve/telemetry.ts";
export type { Token } from "../serve/tokens.ts";
export type { DataReference, ForecastOptions, WindowOptions } from "../serve/window/options.ts";
export { type ForecastRequest, readForecast } from "../serve/window/read_window.ts";
