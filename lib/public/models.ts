/**
 * What a network offers to be loaded, forecast, trained, planned and scored, and how a family of networks is made known.
 *
 * A `Model` is pure: it holds no weights, no device and no state. Whoever writes one writes functions over tensors and
 * over samples; loading, memory, rollouts and training are the library's.
 *
 * @example A network without its weights, to plan with
 * ```ts
 * import assert from "node:assert/strict";
 * import { modelEntries, openModel } from "walrus/models";
 *
 * const [first] = modelEntries();
 * const model = await openModel({ family: first!.family });
 * assert.equal(model.parameters.size, 857);
 * ```
 *
 * @module
 */

export { type Frame, frameAfter, type FrameValues } from "../forecast/frame.ts";
export type { ForecastModel } from "../forecast/forecast_model.ts";
export type { LoadOptions } from "../forecast/load.ts";
export { companionNames, isOnHub, locateModel, type ModelPlace } from "../forecast/locate.ts";
export { LoadedModel } from "../forecast/loaded_model.ts";
export { type ModelSource, openModel } from "../forecast/open_model.ts";
export type { ForecastProgram, MemoryEstimate, PreparedForecast } from "../forecast/prepare.ts";
export type { Lease } from "../forecast/program_cache.ts";
export { type ForecastHost, rollout, type RolloutOptions } from "../forecast/rollout.ts";
export { learnFrom, writeLearnt } from "../models/learn_from.ts";
export { LEARNT_FILE, unlearntFields, withLearnt } from "../models/learnt.ts";
export type {
  CreatedModel,
  FieldMap,
  FieldOptions,
  FieldPlace,
  GridTreatment,
  Inputs,
  Learnt,
  LearntField,
  LearntSystem,
  Model,
  ModelEntry,
  ModelFamily,
  ParameterInfo,
  Parameters,
  Recipe,
  ShapeOptions,
  StepPlace,
  Traced,
} from "../models/model.ts";
export {
  findModel,
  modelEntries,
  modelEntry,
  registerModel,
  type SeenCheckpoint,
} from "../models/registry.ts";
export { type RandomSource, randomSource } from "../random/random_source.ts";
export { PARAMETER_PREFIX, type WeightStorage } from "../weights/storage.ts";
export { loadModel, type ModelOptions } from "../worker/load_model.ts";
export type { WorkerChoice, WorkerHandle } from "../worker/worker_handle.ts";
