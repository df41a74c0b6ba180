// The rollout of the forecast command, each frame scored beside the truth as it comes.

import {
  type Device,
  type FieldTransforms,
  type Frame,
  type LoadedModel,
  persistence,
  type RolloutOptions,
  type Sample,
  score,
  type Statistics,
  type Trajectory,
} from "walrus";
import { findNotFinite, locateNotFinite } from "walrus/data";
import { ensemble, type EnsembleFrame, scoredNames, summaryFrame, summaryStart } from "walrus/metrics";
import type { Context } from "../cli.ts";
import { type EnsembleReport, EnsembleScorer } from "./ensemble_scores.ts";
import { admit, type Kept, memoryLine } from "./memory.ts";
import type { ForecastOptions } from "./options.ts";
import { type PhysicsReport, PhysicsScorer } from "./physics.ts";
import { type Progress, startProgress } from "./progress.ts";
import { type Recording, startRecording } from "./recording.ts";
import type { ScoreRow } from "./table.ts";

/** A forecast and its scores. */
export interface Result {
  readonly recording: Recording;
  readonly rows: readonly ScoreRow[];
  /** Names of what is scored. */
  readonly names: readonly string[];
  /** True frames that are not scored since they are not finite: `frame 12, A is NaN`. */
  readonly unscored: readonly string[];
  /** Scores of an ensemble; null for one forecast. */
  readonly ensemble: EnsembleReport | null;
  /** What physics keeps, and what is broken. */
  readonly physics: PhysicsReport;
  /** The first predicted frame that is not finite, and a component that is not; null where there is none. */
  readonly diverged: { readonly step: number; readonly component: string } | null;
}

/** The frame of the trajectory that a step forecasts, by its number; beyond the last where there is none. */
export function truthIndex(start: Sample, options: ForecastOptions, step: number): number {
  return options.start + (start.times.length - 1 + step) * options.stride;
}

/** Scores of every component; null where there is no truth. */
function scorer(start: Sample, transforms: FieldTransforms) {
  const names = scoredNames(start.info, transforms);
  return (values: readonly Float32Array[], truth: Sample | null): (number | null)[] => {
    const scores = truth && score(values, truth, { transforms });
    return names.map((name) => scores ? scores[name] ?? NaN : null);
  };
}

/** Where a predicted frame is not finite. */
function firstFault(frame: Frame): Result["diverged"] {
  const fault = locateNotFinite(frame);
  return fault && { step: frame.step, component: fault.component };
}

/** What is forecast: the window, and for members that start earlier the frames before it. */
export interface Starts {
  /** The input window. */
  readonly window: Sample;
  /** The same with as many frames before it as the largest start offset. */
  readonly longer: Sample;
}

/** Forecasts and scores. */
export async function rollOut(
  models: readonly [LoadedModel, ...LoadedModel[]],
  trajectory: Trajectory,
  { window: start, longer }: Starts,
  statistics: Statistics | null,
  options: ForecastOptions,
  kept: Kept,
  context: Context,
  open: () => Promise<Device>,
): Promise<Result> {
  const { steps, seed, kvCache, map, grid, average, quantiles } = options;
  const [model, ...others] = models;
  const transforms = options.transforms ?? model.model.transforms?.(start.info) ?? {};
  const scores = scorer(start, transforms);
  const { value: last } = await persistence(start, 1).next();
  const members = options.ensemble;
  // Spread and quantiles are fields beside the mean.
  const recorded = members === undefined ? start : summaryStart(start, quantiles);
  const recording = startRecording(recorded, steps);
  const rows: ScoreRow[] = [];
  const unscored: string[] = [];
  let diverged: Result["diverged"] = null;
  using shown = new DisposableStack();
  let progress: Progress | null = null;
  const started = () => progress ??= shown.use(startProgress("forecast", steps, context));
  const isCpu = model.device.name.startsWith("wasm");
  const settings: RolloutOptions = {
    steps,
    seed,
    kvCache,
    average,
    map,
    grid,
    statistics,
    ...(options.transforms ? { transforms } : {}),
    ...(options.jitter ? {} : { draws: false }),
    ...(options.lead ? { lead: options.lead } : {}),
    admit: (need) => {
      admit(need, Deno.systemMemoryInfo().available, isCpu ? options.memory : Infinity, kept);
      // The plan comes before the bar, which has its line for itself.
      if (!progress) context.print(memoryLine(need, kept));
      started();
    },
    signal: context.signal,
    onDeviceLost: (error) => {
      context.warn(`warning: ${error.message}; going on with a new one`);
      return open();
    },
  };
  const { startOffsets } = options;
  const ensembleScorer = new EnsembleScorer(seed, transforms);
  const physicsScorer = new PhysicsScorer(start, map);
  const frames: AsyncIterable<Frame | EnsembleFrame> = members === undefined
    ? model.rollout(start, settings)
    : ensemble(model, longer, { ...settings, members, quantiles, startOffsets, models: others });
  for await (const frame of frames) {
    const index = truthIndex(start, options, frame.step);
    const known = index < trajectory.steps ? await trajectory.sample([index]) : null;
    const bad = known && findNotFinite(known, [index]);
    if (bad) unscored.push(bad);
    const scored = bad ? null : known;
    const time = known?.times[0] ?? frame.time;
    const values = frame.values.slice(0, last!.length);
    recording.add("spread" in frame ? summaryFrame(frame, recorded.info) : frame, time);
    if ("spread" in frame && scored) ensembleScorer.add(frame, last!, scored);
    physicsScorer.add(frame, scored, "members" in frame ? frame.members : []);
    rows.push({
      step: frame.step,
      time,
      forecast: scores(values, scored),
      persistence: scores(last!, scored),
    });
    started().update(frame.step);
    diverged ??= firstFault(frame);
    if (diverged && options.stopWhenDiverged) break;
  }
  return {
    recording,
    rows,
    names: scoredNames(start.info, transforms),
    unscored,
    diverged,
    ensemble: members === undefined ? null : ensembleScorer.report(),
    physics: physicsScorer.report(),
  };
}
