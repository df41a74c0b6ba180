// Validation between steps: one-step and rollout VRMSE of the real channels on held-out data (training.md section 9,
// evaluation.md section 1).

import type { FieldMap } from "../data/fields.ts";
import type { Split } from "../data/split.ts";
import type { ForecastModel } from "../forecast/rollout.ts";
import { mean, median, modelForecast, scoreRollouts, scoreWindows } from "../forecast/skill.ts";

/** How much is validated. */
export interface ValidationSettings {
  /** Windows of one-step forecasts, evenly spread over the split. */
  readonly windows: number;
  /** Steps of rollouts from the first frame; 0: none. */
  readonly rollout: number;
  /** Trajectories of rollouts. */
  readonly trajectories: number;
  /** Whether the grid is shifted at random. */
  readonly jitter: boolean;
  /** Seed of the shifts. */
  readonly seed: number;
}

/** A system to validate on. */
export interface ValidationSystem {
  /** Where its windows come from. */
  readonly split: Split;
  /** Input frames. */
  readonly frames: number;
  /** Scales of a data-set-wide normalisation. */
  readonly scales?: { readonly std: Float32Array; readonly deltaStd: Float32Array };
}

/** Scores of a system. */
export interface Scores {
  /** Median over windows of the mean over fields, one step ahead. */
  readonly oneStep: number;
  /** The same of each field. */
  readonly fields: Readonly<Record<string, number>>;
  /** Median over trajectories of each step of a rollout, mean over fields. */
  readonly rollout: readonly number[];
}

/** Evenly spread numbers below `total`, at most `count` of them. */
function spread(total: number, count: number): number[] {
  const kept = Math.min(total, count);
  return Array.from({ length: kept }, (_, i) => Math.floor((i + 0.5) * total / kept));
}

/**
 * Scores a model on a system.
 *
 * @param model a loaded model or one in training
 * @param system held-out data
 * @param settings how much
 * @param fieldMap names of the data's channels in the model's field table, where they differ
 */
export async function validate(
  model: ForecastModel,
  { split, frames, scales }: ValidationSystem,
  settings: ValidationSettings,
  fieldMap: FieldMap = {},
): Promise<Scores> {
  const { jitter, seed } = settings;
  const forecast = modelForecast(model, { jitter, seed, fieldMap, ...(scales ? { scales } : {}) });
  const places = split.places(frames, 1);
  const chosen = spread(places.length, settings.windows).map((index) => places[index]!);
  const each = await scoreWindows(forecast, split, frames, chosen);
  const trajectories = split.trajectories();
  const rolled = spread(trajectories.length, settings.trajectories).map((index) => trajectories[index]!);
  const curves = await scoreRollouts(forecast, split, frames, rolled, settings.rollout);
  const fields = Object.keys(each[0] ?? {});
  const longest = Math.max(0, ...curves.map((curve) => curve.length));
  return {
    oneStep: median(each.map((values) => mean(Object.values(values)))),
    fields: Object.fromEntries(fields.map((field) => [field, median(each.map((values) => values[field]!))])),
    rollout: Array.from(
      { length: longest },
      (_, step) => median(curves.flatMap((curve) => curve[step] ?? [])),
    ),
  };
}
