/**
 * Scores of forecasts: of frames, of spectra, along trajectories and over whole splits, beside the two forecasts that need
 * no network.
 *
 * @example Persistence as a forecast, scored
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "walrus/data";
 * import { persistence, scoreRollouts, summarizeRollouts } from "walrus/metrics";
 *
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const scores = await scoreRollouts(persistence, await data.split(), { frames: 6, steps: 2 });
 * const { steps } = summarizeRollouts(scores);
 * assert.ok(steps[0]! < steps[1]!);
 * ```
 *
 * @module
 */

export {
  ensemble,
  type EnsembleFrame,
  type EnsembleMember,
  ensembleMembers,
  type EnsembleModel,
  type EnsembleOptions,
} from "../forecast/ensemble.ts";
export { quantileName, summaryFrame, summaryInfo, summaryStart } from "../forecast/summary_fields.ts";
export { modelForecast } from "../forecast/forecaster.ts";
export { mean, median } from "../metrics/average.ts";
export { bootstrapInterval, resamples } from "../metrics/bootstrap.ts";
export { breaks, PHYSICS_LAWS, type PhysicsBreak, type PhysicsLaw } from "../metrics/breaks.ts";
export {
  addTallies,
  type Coverage,
  type EnsembleScores,
  ensembleScores,
  type EnsembleTally,
  fairCrps,
  INTERVALS,
  tallyEnsemble,
  type TallyOptions,
} from "../metrics/ensemble.ts";
export { type EnsembleFrameOptions, tallyEnsembleFrame } from "../metrics/ensemble_frame.ts";
export { type Forecaster, linearExtrapolation, persistence } from "../metrics/forecasters.ts";
export { FRAME_METRICS, type FrameMetric, frameMetric, frameMetrics } from "../metrics/frame.ts";
export { type MemberStatistics, quantile, summarizeMembers } from "../metrics/members.ts";
export { physics, type PhysicsOptions } from "../metrics/physics.ts";
export type { PhysicsKind, PhysicsMeasure } from "../metrics/physics_measure.ts";
export type { PhysicsMap } from "../metrics/physics_roles.ts";
export { type PowerSpectrum, powerSpectrum, type PowerSpectrumOptions } from "../metrics/power_spectrum.ts";
export { score, scoredNames, type ScoreOptions, vrmse } from "../metrics/score.ts";
export {
  type ComponentScores,
  describeLeftOut,
  type LeftOut,
  meanScore,
  type RolloutScoreOptions,
  type RolloutScores,
  type RolloutSummary,
  scoreRollouts,
  scoreWindows,
  summarizeRollouts,
  summarizeWindows,
  type WindowScores,
  type WindowSummary,
} from "../metrics/skill.ts";
export { type SpectralError, spectralError } from "../metrics/spectral.ts";
export {
  histogramW1,
  summarize,
  type Summary,
  timeIntervals,
  timeWarping,
  type Trajectory as ScoredTrajectory,
  type Warping,
  windowMean,
} from "../metrics/trajectory.ts";
