// The rollout of the forecast command, each frame scored beside the truth as it comes.

import {
  type Device,
  type FieldTransforms,
  type Frame,
  type LoadedModel,
  persistence,
  type Sample,
  score,
  type Statistics,
  type Trajectory,
} from "walrus";
import { findNotFinite, locateNotFinite } from "walrus/data";
import { scoredNames } from "walrus/metrics";
import type { Context } from "../cli.ts";
import { admit } from "./memory.ts";
import type { ForecastOptions } from "./options.ts";
import { startProgress } from "./progress.ts";
import type { ScoreRow } from "./table.ts";

/** A forecast beside the truth. */
export interface Result {
  readonly frames: readonly Frame[];
  /** Null where the trajectory has no frame left. */
  readonly truth: readonly (Sample | null)[];
  readonly rows: readonly ScoreRow[];
  /** Names of what is scored. */
  readonly names: readonly string[];
  /** True frames that are not scored since they are not finite: `frame 12, A is NaN`. */
  readonly unscored: readonly string[];
  /** The first predicted frame that is not finite, and a component that is not; null where there is none. */
  readonly diverged: { readonly step: number; readonly component: string } | null;
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

/** Forecasts and scores. */
export async function rollOut(
  model: LoadedModel,
  trajectory: Trajectory,
  start: Sample,
  statistics: Statistics | null,
  options: ForecastOptions,
  context: Context,
  open: () => Promise<Device>,
): Promise<Result> {
  const { steps, seed, kvCache, map, stride, grid } = options;
  const transforms = options.transforms ?? model.model.transforms?.(start.info) ?? {};
  const scores = scorer(start, transforms);
  const lastFrame = options.start + (start.times.length - 1) * stride;
  const { value: kept } = await persistence(start, 1).next();
  const [frames, truth, rows]: [Frame[], (Sample | null)[], ScoreRow[]] = [[], [], []];
  const unscored: string[] = [];
  let diverged: Result["diverged"] = null;
  using progress = startProgress("forecast", steps, context);
  const isCpu = model.device.name.startsWith("wasm");
  const rollout = model.rollout(start, {
    steps,
    seed,
    kvCache,
    map,
    grid,
    statistics,
    ...(options.transforms ? { transforms } : {}),
    ...(options.jitter ? {} : { draws: false }),
    ...(options.lead ? { lead: options.lead } : {}),
    admit: (need) => admit(need, Deno.systemMemoryInfo().available, isCpu ? options.memory : Infinity),
    signal: context.signal,
    onDeviceLost: (error) => {
      context.warn(`warning: ${error.message}; going on with a new one`);
      return open();
    },
  });
  for await (const frame of rollout) {
    const index = lastFrame + frame.step * stride;
    const known = index < trajectory.steps ? await trajectory.sample([index]) : null;
    const bad = known && findNotFinite(known, [index]);
    if (bad) unscored.push(bad);
    const scored = bad ? null : known;
    const time = known?.times[0] ?? frame.time;
    const values = frame.values.slice(0, kept!.length);
    frames.push({ ...frame, time, times: Float64Array.of(time) });
    truth.push(known);
    rows.push({
      step: frame.step,
      time,
      forecast: scores(values, scored),
      persistence: scores(kept!, scored),
    });
    progress.update(frame.step);
    diverged ??= firstFault(frame);
    if (diverged && options.stopWhenDiverged) break;
  }
  return { frames, truth, rows, names: scoredNames(start.info, transforms), unscored, diverged };
}
