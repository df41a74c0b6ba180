// The rollout of the forecast command, each frame scored beside the truth as it comes.

import {
  type Device,
  type FieldTransforms,
  type LoadedModel,
  persistence,
  type Sample,
  score,
  type Statistics,
  type Trajectory,
} from "walrus";
import { scoredNames } from "walrus/metrics";
import type { Context } from "../cli.ts";
import { admit, type Kept, memoryLine } from "./memory.ts";
import type { ForecastOptions } from "./options.ts";
import { type Progress, startProgress } from "./progress.ts";
import { type Recording, startRecording } from "./recording.ts";
import type { ScoreRow } from "./table.ts";

/** A forecast and its scores. */
export interface Result {
  readonly recording: Recording;
  readonly rows: readonly ScoreRow[];
  /** Names of what is scored. */
  readonly names: readonly string[];
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

/** Forecasts and scores. */
export async function rollOut(
  model: LoadedModel,
  trajectory: Trajectory,
  start: Sample,
  statistics: Statistics | null,
  options: ForecastOptions,
  kept: Kept,
  context: Context,
  open: () => Promise<Device>,
): Promise<Result> {
  const { steps, seed, kvCache, map } = options;
  const transforms = options.transforms ?? model.model.transforms?.(start.info) ?? {};
  const scores = scorer(start, transforms);
  const { value: last } = await persistence(start, 1).next();
  const recording = startRecording(start, steps);
  const rows: ScoreRow[] = [];
  using shown = new DisposableStack();
  let progress: Progress | null = null;
  const started = () => progress ??= shown.use(startProgress("forecast", steps, context));
  const isCpu = model.device.name.startsWith("wasm");
  const rollout = model.rollout(start, {
    steps,
    seed,
    kvCache,
    map,
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
  });
  for await (const frame of rollout) {
    const index = truthIndex(start, options, frame.step);
    const known = index < trajectory.steps ? await trajectory.sample([index]) : null;
    const time = known?.times[0] ?? frame.time;
    const values = frame.values.slice(0, last!.length);
    recording.add(frame, time);
    rows.push({
      step: frame.step,
      time,
      forecast: scores(values, known),
      persistence: scores(last!, known),
    });
    started().update(frame.step);
  }
  return { recording, rows, names: scoredNames(start.info, transforms) };
}
