/**
 * Walrus in TypeScript: forecasts of physical simulations (fluids, plasmas, waves, acoustics, active matter; 2D and
 * 3D) with the Walrus foundation model, in Deno, browsers and edge runtimes.
 *
 * @example Forecast a simulation
 * ```ts
 * import { openWell, vrmse, Walrus, wasm } from "walrus";
 *
 * using device = await wasm();
 * using model = await Walrus.load("examples/walrus_small/walrus.safetensors", { device });
 * using well = await openWell("examples/data/gray_scott_mini.hdf5");
 * const truth = well.trajectory(0);
 * const start = await truth.window({ from: 0, length: 6 });
 *
 * for await (const frame of model.rollout(start, { steps: 2, seed: 1 })) {
 *   console.log(frame.time, vrmse(frame, await truth.frame(5 + frame.step)));
 * }
 * ```
 *
 * @module
 */

export { type BackendName, type DeviceOptions, openDevice } from "./lib/backend/auto.ts";
export { wasm, type WasmDevice, type WasmOptions } from "./lib/backend/wasm/device.ts";
export { webgpu, type WebGpuDevice, type WebGpuOptions } from "./lib/backend/webgpu/device.ts";
export type { Limits, Target } from "./lib/backend/webgpu/target.ts";
export { measureCeiling } from "./lib/compile/ceiling.ts";
export { compile, Compiled, type Feed, loadPlan } from "./lib/compile/compile.ts";
export {
  type BufferOptions,
  type Device,
  type DeviceBuffer,
  DeviceLostError,
  DisposedError,
  type Executable,
  type Inputs,
  type Job,
  type Loadable,
  type RunReport,
} from "./lib/compile/device.ts";
export {
  type AnyStep,
  type ContractAxis,
  type Kernel,
  printProgram,
  type Program,
  type Slot,
  type Step,
  type StepAttributes,
} from "./lib/compile/program.ts";
export {
  type CompileOptions,
  type Part,
  type PassObserver,
  type Plan,
  plan,
  type PlanTarget,
} from "./lib/compile/pipeline.ts";
export type { View } from "./lib/compile/view.ts";
export { grad } from "./lib/autodiff/grad.ts";
export { rematBlocks, rematerialize, type RematPolicy } from "./lib/autodiff/remat.ts";
export { determinant, ROTATIONS, type Symmetry, transformWindow } from "./lib/data/augment.ts";
export { type Boundaries, BOUNDARY_CODES } from "./lib/data/boundaries.ts";
export { computeStatistics } from "./lib/data/compute_statistics.ts";
export { mersenneTwister, type SamplerSeed, systemSampler } from "./lib/random/mersenne_twister.ts";
export { openSplit, Split } from "./lib/data/split.ts";
export { extendFields, fieldIndices, type FieldMap, type FieldTable } from "./lib/data/fields.ts";
export type { FieldInfo, ScalarInfo, WellMetadata } from "./lib/data/metadata.ts";
export {
  type FieldStatistic,
  globalScales,
  readStatistics,
  type Statistics,
  writeStatistics,
} from "./lib/data/statistics.ts";
export { type FieldTransform, type FieldTransforms, releasedTransforms } from "./lib/data/transforms.ts";
export {
  openWell,
  Trajectory,
  type TrajectoryFrame,
  Well,
  type WellOptions,
  type WindowRequest,
} from "./lib/data/well.ts";
export {
  type ChannelGroup,
  type FileWindows,
  findNotFinite,
  type Window,
  windowCount,
  type WindowPlace,
} from "./lib/data/window.ts";
export { type WellContents, type WritableField, writeWell } from "./lib/data/write_well.ts";
export {
  parseConfig,
  type ReadConfig,
  readConfig,
  writeConfig,
} from "./lib/models/walrus/extended_config.ts";
export {
  type ChannelFrame,
  FRAME_METRICS,
  type FrameMetric,
  frameMetric,
  vrmse,
} from "./lib/metrics/frame.ts";
export type {
  ForecastModel,
  Frame,
  MemoryNeed,
  PreparedRecall,
  PreparedStep,
  RolloutOptions,
} from "./lib/forecast/rollout.ts";
export {
  type Forecaster,
  linearExtrapolation,
  modelForecast,
  persistence,
  scoreRollouts,
  scoreWindows,
} from "./lib/forecast/skill.ts";
export { type SpectralError, spectralError } from "./lib/metrics/spectral.ts";
export {
  histogramW1,
  summarize,
  type Summary,
  timeIntervals,
  timeWarping,
  type Trajectory as ScoredTrajectory,
  type Warping,
  windowMean,
} from "./lib/metrics/trajectory.ts";
export { type LoadOptions, Walrus, type WeightStorage } from "./lib/forecast/walrus.ts";
export { type Quantized, quantizeRows } from "./lib/weights/read.ts";
export { type Checkpoint, openCheckpoint, type StoredTensor } from "./lib/io/checkpoint.ts";
export type { AttributeValue } from "./lib/io/hdf5.ts";
export type { HttpOptions } from "./lib/io/http.ts";
export type { StoredType } from "./lib/io/numbers.ts";
export {
  type StreamedTensor,
  streamSafetensors,
  type WritableTensor,
  type WritableType,
  writeSafetensors,
} from "./lib/io/safetensors_writer.ts";
export { type ByteSource, openSource, type SourceInput } from "./lib/io/source.ts";
export { evaluate } from "./lib/ir/evaluate.ts";
export { check } from "./lib/ir/check.ts";
export { print } from "./lib/ir/print.ts";
/** Builders of graphs: `tensor.add`, `tensor.contract`, .. */
export * as tensor from "./lib/ir/tensor.ts";
export { namedScope, type Graph, type Tensors, trace, type Tree } from "./lib/ir/trace.ts";
export type {
  Attributes,
  Fused,
  FusedAttributes,
  Node,
  Op,
  Primitive,
  PrimitiveAttributes,
  Tensor,
} from "./lib/ir/node.ts";
export type { Layout } from "./lib/ir/layout.ts";
export type { Expression, ScalarFunction } from "./lib/ir/scalar.ts";
export type { DType, HostArray, Shape, Type } from "./lib/ir/types.ts";
export {
  type NormalizationKind,
  RELEASED_CONFIG,
  RELEASED_FIELDS,
  type RotaryKind,
  type WalrusConfig,
} from "./lib/models/walrus/config.ts";
export type { Triple } from "./lib/nn/conv.ts";
export { type AdamWSettings, RELEASED_ADAMW } from "./lib/train/adamw.ts";
export { type BatchOptions, makeBatch, type TrainingBatch } from "./lib/train/batch.ts";
export type { ComputeWeights } from "./lib/weights/fp16.ts";
export { initialWeights } from "./lib/models/walrus/initialize.ts";
export { adapterShapes, initialAdapters, type LoraSettings, mergeAdapters } from "./lib/weights/lora.ts";
export { type LossSettings, RELEASED_LOSS } from "./lib/models/walrus/loss.ts";
export { type BatchPlan, Mixture, type MixtureSettings, type MixtureSystem } from "./lib/train/mixture.ts";
export { type ModelSettings, type Network, startNetwork, UNCHANGED_MODEL } from "./lib/train/network.ts";
export { planTraining, type TrainingPlan } from "./lib/train/plan.ts";
export {
  DivergenceError,
  type RunEvent,
  type RunOptions,
  runTraining,
  type Scales,
} from "./lib/train/run.ts";
export { decodeRunState, encodeRunState, type RunState } from "./lib/train/run_state.ts";
export {
  type Cooldown,
  type InverseSquareRoot,
  inverseSquareRootRate,
  learningRate,
  type Schedule,
} from "./lib/train/schedule.ts";
export {
  type BatchShape,
  RELEASED_TRAINING,
  releasedTrainable,
  type Trainable,
  type TrainingSettings,
} from "./lib/train/step.ts";
export { type StepResult, Trainer, type TrainerOptions, type TrainerState } from "./lib/train/trainer.ts";
export {
  type Scores,
  validate,
  type ValidationSettings,
  type ValidationSystem,
} from "./lib/train/validate.ts";
export type { Axis, Boundary, Geometry, Shifts } from "./lib/models/walrus/geometry.ts";
export { parameterShapes } from "./lib/models/walrus/parameters.ts";
export type { StepShape } from "./lib/models/walrus/step.ts";
