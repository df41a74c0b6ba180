// Validation between steps: one-step and rollout VRMSE of the real channels on held-out data (training.md section 9,
// evaluation.md section 1).

import type { FieldMap } from "../data/fields.ts";
import type { Split } from "../data/split.ts";
import type { Window } from "../data/window.ts";
import { frameMetric } from "../forecast/metrics.ts";
import { type ForecastModel, rollout } from "../forecast/rollout.ts";

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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** VRMSE of a window's real channels; hidden cells count as zero in both. */
function score(window: Window, predicted: Float32Array, truth: Float32Array): Record<string, number> {
  const channels = window.channels.length;
  const hidden = window.hidden;
  const masked = hidden ? truth.map((v, i) => hidden[Math.floor(i / channels)] ? 0 : v) : truth;
  const values = frameMetric("VRMSE", predicted, masked, channels);
  const real = [...window.channels.keys()].filter((c) => window.channelMask[c] === 1);
  return Object.fromEntries(real.map((c) => [window.channels[c]!, values[c]!]));
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
  const options = { jitter: settings.jitter, seed: settings.seed, fieldMap, ...(scales ? { scales } : {}) };
  const places = split.places(frames, 1);
  const each: Record<string, number>[] = [];
  for (const index of spread(places.length, settings.windows)) {
    const place = places[index]!;
    const start = await split.window(place, frames, 1);
    const truth = await split.trajectory(place.file, place.trajectory).frame(place.from + frames);
    for await (const frame of rollout(model, start, { ...options, steps: 1 })) {
      each.push(score(start, frame.values, truth.values));
    }
  }
  const curves: number[][] = [];
  const trajectories = split.wells.flatMap(({ metadata }, file) =>
    Array.from({ length: metadata.trajectories }, (_, index) => split.trajectory(file, index))
  );
  if (settings.rollout > 0) {
    for (const index of spread(trajectories.length, settings.trajectories)) {
      const trajectory = trajectories[index]!;
      const steps = Math.min(settings.rollout, trajectory.steps - frames);
      if (steps < 1) continue;
      const start = await trajectory.window({ from: 0, length: frames });
      const curve: number[] = [];
      for await (const frame of rollout(model, start, { ...options, steps })) {
        const truth = await trajectory.frame(frames - 1 + frame.step);
        curve.push(mean(Object.values(score(start, frame.values, truth.values))));
      }
      curves.push(curve);
    }
  }
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
