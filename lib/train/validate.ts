// Validation between steps: one-step and rollout VRMSE of the real components on held-out data (training.md section 9,
// evaluation.md section 1). Processes share the work and all learn the scores.

import type { Split } from "../data/dataset.ts";
import { consecutive, placesOf } from "../data/examples.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldMap, GridTreatment } from "../models/model.ts";
import { type ProcessGroup, singleProcess } from "../distributed/process_group.ts";
import { modelForecast } from "../forecast/forecaster.ts";
import type { ForecastHost } from "../forecast/rollout.ts";
import { mean, median } from "../metrics/average.ts";
import { scoredNames } from "../metrics/score.ts";
import { type LeftOut, meanScore, scoreRollouts, scoreWindows } from "../metrics/skill.ts";
import { sumNumbers } from "./ranks.ts";

/** How much is validated. */
export interface ValidationSettings {
  /** Windows of one-step forecasts, evenly spread over the split. */
  readonly windows: number;
  /** Steps of rollouts from the first frame; 0: none. */
  readonly rollout: number;
  /** Trajectories of rollouts. */
  readonly trajectories: number;
  /** Whether forecasts use random draws. */
  readonly draws: boolean;
  /** Seed of the draws. */
  readonly seed: number;
  /** What is done with grids of unusual sizes; `auto` unless given. */
  readonly grid?: GridTreatment;
}

/** A system to validate on. */
export interface ValidationSystem {
  /** Where its windows come from. */
  readonly split: Split;
  /** Input frames. */
  readonly frames: number;
  /** Statistics of the data set, for networks that are normalised with them. */
  readonly statistics?: Statistics | null;
}

/** Scores of a system. */
export interface Scores {
  /**
   * Median over windows of the mean over components, one step ahead; NaN where a forecast is not finite, or where no
   * window could be scored.
   */
  readonly oneStep: number;
  /** The same of each component. */
  readonly fields: Readonly<Record<string, number>>;
  /** Median over trajectories of each step of a rollout, mean over components. */
  readonly rollout: readonly number[];
  /** Windows that were to be scored, by all processes, and how many of them were. */
  readonly windows: { readonly tried: number; readonly scored: number };
  /** Rollouts that were to be scored, by all processes. */
  readonly rollouts: number;
  /** Forecasts that are not finite, of windows and of rollouts, by all processes. */
  readonly notFinite: number;
  /** Data that could not be scored, by this process. */
  readonly leftOut: readonly LeftOut[];
}

/** Evenly spread numbers below `total`, at most `count` of them. */
function spread(total: number, count: number): number[] {
  const kept = Math.min(total, count);
  return Array.from({ length: kept }, (_, i) => Math.floor((i + 0.5) * total / kept));
}

/** Every `size`-th of some items, from `rank` on. */
function share<T>(items: readonly T[], { rank, size }: ProcessGroup): T[] {
  return items.filter((_, i) => i % size === rank);
}

/**
 * Rows of numbers of all processes, in any order; rows that no process has are empty.
 *
 * @param count rows of all processes at the most
 * @param width numbers of a row at the most
 * @param own rows of this process
 */
async function gather(
  group: ProcessGroup,
  count: number,
  width: number,
  own: readonly (readonly number[])[],
): Promise<number[][]> {
  const found = new Array<number>(count * (width + 1)).fill(0);
  own.forEach((row, i) => {
    const at = (group.rank + i * group.size) * (width + 1);
    // How many there are comes first: a sum can not tell a missing number from a zero.
    found[at] = row.length;
    row.forEach((value, k) => found[at + 1 + k] = value);
  });
  const all = await sumNumbers(group, found);
  return Array.from({ length: count }, (_, i) => {
    const at = i * (width + 1);
    return all.slice(at + 1, at + 1 + all[at]!);
  });
}

/**
 * Scores a network on a system.
 *
 * @param host a loaded model or one in training
 * @param system held-out data
 * @param settings how much
 * @param map names of the data's fields in the model's table, where they differ
 * @param group processes that share the work; this one alone unless given
 */
export async function validate(
  host: ForecastHost,
  { split, frames, statistics = null }: ValidationSystem,
  settings: ValidationSettings,
  map: FieldMap = {},
  group: ProcessGroup = singleProcess(),
): Promise<Scores> {
  const { draws, seed, rollout: steps, grid } = settings;
  const { info } = split.trajectory(0);
  const forecast = modelForecast(host, { draws, seed, map, statistics, ...(grid ? { grid } : {}) });
  const transforms = host.model.transforms?.(info) ?? {};
  const places = placesOf(split, consecutive(frames + 1));
  const chosen = spread(places.length, settings.windows).map((index) => places[index]!);
  const own = await scoreWindows(forecast, split, share(chosen, group), { transforms });
  const rolled = spread(split.trajectories, settings.trajectories);
  const trajectories = share(rolled, group);
  const along = await scoreRollouts(forecast, split, { frames, steps, trajectories, transforms });
  const names = scoredNames(info, transforms);
  const windows = await gather(
    group,
    chosen.length,
    names.length,
    own.windows.map(({ scores }) => names.map((name) => scores[name] ?? NaN)),
  );
  const curves = await gather(
    group,
    rolled.length,
    steps,
    along.rollouts.map(({ steps }) => steps.map(meanScore)),
  );
  const scored = windows.filter((row) => row.length > 0);
  const longest = Math.max(0, ...curves.map(({ length }) => length));
  return {
    oneStep: median(scored.map(mean)),
    fields: Object.fromEntries(names.map((name, i) => [name, median(scored.map((row) => row[i]!))])),
    rollout: Array.from(
      { length: longest },
      (_, step) => median(curves.flatMap((curve) => curve[step] ?? [])),
    ),
    windows: { tried: chosen.length, scored: scored.length },
    rollouts: steps > 0 ? rolled.length : 0,
    notFinite: [...scored, ...curves].filter((row) => row.some((value) => !Number.isFinite(value))).length,
    leftOut: [...own.leftOut, ...along.leftOut],
  };
}
