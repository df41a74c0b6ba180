/**
 * Training of any network: AdamW, steps that are one program, mixtures of data sets, schedules, adapters, runs that resume
 * with the same bits, and groups of processes that share a step.
 *
 * @example The learning rate of a schedule
 * ```ts
 * import assert from "node:assert/strict";
 * import { learningRate } from "walrus/train";
 *
 * const schedule = { kind: "constant", base: 1e-3, warmup: 2, firstFactor: 0.5 } as const;
 * assert.deepEqual([0, 1, 2, 3].map((step) => learningRate(schedule, step)), [5e-4, 7.5e-4, 1e-3, 1e-3]);
 * ```
 *
 * @module
 */

export { type ProcessGroup, singleProcess } from "../distributed/process_group.ts";
export { type Purpose, PURPOSES, type Random, randomStream } from "../random/philox.ts";
export { type RandomSource, randomSource } from "../random/random_source.ts";
export {
  adamw,
  adamwRates,
  type AdamWSettings,
  type AdamWState,
  ratesType,
  RELEASED_ADAMW,
} from "../train/adamw.ts";
export { type BatchOptions, makeBatch, type TrainingBatch } from "../train/batch.ts";
export { describeBytes, parseBytes } from "../train/bytes.ts";
export {
  type BatchPlan,
  Mixture,
  type MixtureSettings,
  type MixtureSystem,
  type PlanSettings,
  readPlan,
} from "../train/mixture.ts";
export { planTraining, type Recomputation, type StateBytes, type TrainingPlan } from "../train/plan.ts";
export { DivergenceError, type RunEvent, type RunOptions, runTraining } from "../train/run.ts";
export {
  changedKeys,
  matcher,
  parseRunConfig,
  type RunConfigOptions,
  writeRunConfig,
} from "../train/run_config.ts";
export type {
  RunConfig,
  RunData,
  RunLora,
  RunModel,
  RunOptimizer,
  RunSchedule,
  RunTraining,
  RunValidation,
} from "../train/run_settings.ts";
export { decodeRunState, encodeRunState, type RunState } from "../train/run_state.ts";
export {
  agreeingSteps,
  type Cooldown,
  type InverseSquareRoot,
  learningRate,
  type Schedule,
  stableSteps,
} from "../train/schedule.ts";
export { DEFAULT_TRAINING, type Trainable, type TrainingSettings } from "../train/settings.ts";
export { type StartedModel, startModel, type StartOptions } from "../train/start_model.ts";
export { startWeights } from "../train/start_weights.ts";
export { type StepResult, Trainer, type TrainerOptions } from "../train/trainer.ts";
export type { TrainerState } from "../train/trainer_state.ts";
export { type Scores, validate, type ValidationSettings, type ValidationSystem } from "../train/validate.ts";
export type { ComputeWeights } from "../weights/fp16.ts";
export {
  adapterShapes,
  initialAdapters,
  isAdapter,
  type LoraSettings,
  mergeAdapters,
} from "../weights/lora.ts";
