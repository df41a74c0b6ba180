// Skill on a split: scores one step ahead of many windows, and along rollouts (evaluation.md section 4). Data that are not
// finite are left out and named; a forecast that is not finite keeps its score, which is NaN, and is named too.

import { describePlace, type Place, readPlace } from "../data/examples.ts";
import type { Sample, Split } from "../data/dataset.ts";
import { findNotFinite } from "../data/not_finite.ts";
import { mean, median } from "./average.ts";
import type { Forecaster } from "./forecasters.ts";
import { score, type ScoreOptions } from "./score.ts";

/** Data that could not be scored. */
export interface LeftOut {
  /** What would have been scored. */
  readonly kind: "window" | "rollout";
  /** File, trajectory, first frame. */
  readonly name: string;
  /** File, trajectory. */
  readonly trajectory: string;
  /** `frame 12, velocity_x is NaN` */
  readonly why: string;
}

/** Scores by component: `velocity_x`. */
export type ComponentScores = Readonly<Record<string, number>>;

/** Scores of windows one step ahead. */
export interface WindowScores {
  /** One entry a window, in the order of the places. */
  readonly windows: readonly { readonly name: string; readonly scores: ComponentScores }[];
  /** Windows whose data are not finite. */
  readonly leftOut: readonly LeftOut[];
}

/** The frames of a sample before the last. */
function beforeLast(sample: Sample): Sample {
  const { info, times, values } = sample;
  const kept = times.length - 1;
  return {
    ...sample,
    times: times.subarray(0, kept),
    values: values.map((v, i) =>
      info.fields[i]!.constant ? v : v.subarray(0, v.length / times.length * kept)
    ),
  };
}

/**
 * Scores of the frame that follows each of some windows.
 *
 * @param forecast what is scored
 * @param split held-out data
 * @param places windows: input frames and the frame to predict
 * @param options metric and epsilon
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * import { consecutive, placesOf } from "../data/examples.ts";
 * import { linearExtrapolation } from "./forecasters.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const split = await data.split();
 * const places = placesOf(split, consecutive(7), 1).slice(0, 2);
 * const { windows } = await scoreWindows(linearExtrapolation, split, places);
 * assert.equal(windows.length, 2);
 * ```
 */
export async function scoreWindows(
  forecast: Forecaster,
  split: Split,
  places: readonly Place[],
  options: Omit<ScoreOptions, "frame"> = {},
): Promise<WindowScores> {
  const windows: { name: string; scores: ComponentScores }[] = [];
  const leftOut: LeftOut[] = [];
  for (const place of places) {
    const name = describePlace(split, place);
    const sample = await readPlace(split, place);
    const why = findNotFinite(sample, place.frames);
    if (why) {
      leftOut.push({ kind: "window", name, trajectory: split.trajectory(place.trajectory).name, why });
      continue;
    }
    for await (const predicted of forecast(beforeLast(sample), 1)) {
      windows.push({ name, scores: score(predicted, sample, options) });
    }
  }
  return { windows, leftOut };
}

/** Scores along rollouts. */
export interface RolloutScores {
  /** One entry a trajectory that has a step, with the scores of every step. */
  readonly rollouts: readonly { readonly name: string; readonly steps: readonly ComponentScores[] }[];
  /** Starts that could not be continued, and true frames at which a rollout ends early. */
  readonly leftOut: readonly LeftOut[];
}

/** How rollouts are scored. */
export interface RolloutScoreOptions extends Omit<ScoreOptions, "frame"> {
  /** Input frames. */
  readonly frames: number;
  /** Most steps; fewer where a trajectory ends. */
  readonly steps: number;
  /** Which trajectories, all unless given. */
  readonly trajectories?: readonly number[];
}

/**
 * Scores of every step of rollouts from the first frames of trajectories.
 *
 * @param forecast what is scored
 * @param split held-out data
 * @param options frames, steps, trajectories, metric
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * import { persistence } from "./forecasters.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const { rollouts } = await scoreRollouts(persistence, await data.split(), { frames: 6, steps: 2 });
 * assert.deepEqual(Object.keys(rollouts[0]!.steps[0]!), ["A", "B"]);
 * ```
 */
export async function scoreRollouts(
  forecast: Forecaster,
  split: Split,
  options: RolloutScoreOptions,
): Promise<RolloutScores> {
  const { frames, trajectories = [...Array(split.trajectories).keys()] } = options;
  const rollouts: { name: string; steps: ComponentScores[] }[] = [];
  const leftOut: LeftOut[] = [];
  for (const index of trajectories) {
    const trajectory = split.trajectory(index);
    const { name } = trajectory;
    const possible = Math.min(options.steps, trajectory.steps - frames);
    if (possible < 1) continue;
    const inputs = Array.from({ length: frames }, (_, i) => i);
    const start = await trajectory.sample(inputs);
    const fault = findNotFinite(start, inputs);
    if (fault) {
      leftOut.push({ kind: "rollout", name, trajectory: name, why: fault });
      continue;
    }
    const steps: ComponentScores[] = [];
    for await (const predicted of forecast(start, possible)) {
      const frame = frames + steps.length;
      const truth = await trajectory.sample([frame]);
      const why = findNotFinite(truth, [frame]);
      if (why) {
        leftOut.push({ kind: "rollout", name, trajectory: name, why });
        break;
      }
      steps.push(score(predicted, truth, options));
    }
    if (steps.length > 0) rollouts.push({ name, steps });
  }
  return { rollouts, leftOut };
}

/** Mean over the components of a frame. */
export function meanScore(scores: ComponentScores): number {
  return mean(Object.values(scores));
}

/** One step ahead, in short. */
export interface WindowSummary {
  /** Median over windows of the mean over components; NaN where the forecast of a window is not finite. */
  readonly median: number;
  /** Median over windows of each component. */
  readonly components: ComponentScores;
  /** Windows whose forecast is not finite. */
  readonly notFinite: readonly string[];
}

/** Medians over windows. */
export function summarizeWindows({ windows }: WindowScores): WindowSummary {
  const means = windows.map(({ scores }) => meanScore(scores));
  const names = Object.keys(windows[0]?.scores ?? {});
  return {
    median: median(means),
    components: Object.fromEntries(
      names.map((name) => [name, median(windows.map(({ scores }) => scores[name]!))]),
    ),
    notFinite: windows.flatMap(({ name }, i) => Number.isFinite(means[i]) ? [] : [name]),
  };
}

/** Along rollouts, in short. */
export interface RolloutSummary {
  /** Median over trajectories of the mean over steps and components; NaN where there is no rollout. */
  readonly median: number;
  /** Median over trajectories at every step of the mean over components. */
  readonly steps: readonly number[];
  /** The same with the mean over trajectories. */
  readonly means: readonly number[];
  /** Trajectories whose forecast is not finite, and the first step at which it is not. */
  readonly notFinite: readonly { readonly name: string; readonly step: number }[];
}

/** Medians over trajectories. */
export function summarizeRollouts({ rollouts }: RolloutScores): RolloutSummary {
  const curves = rollouts.map(({ steps }) => steps.map(meanScore));
  const longest = Math.max(0, ...curves.map(({ length }) => length));
  const overCurves = (average: (values: number[]) => number) =>
    Array.from({ length: longest }, (_, step) => average(curves.flatMap((curve) => curve[step] ?? [])));
  return {
    median: median(curves.map(mean)),
    steps: overCurves(median),
    means: overCurves(mean),
    notFinite: curves.flatMap((curve, i) => {
      const at = curve.findIndex((value) => !Number.isFinite(value));
      return at < 0 ? [] : [{ name: rollouts[i]!.name, step: at + 1 }];
    }),
  };
}

/** Faults that are named in a line; the others are counted. */
const NAMED = 5;

/**
 * What was left out in one line, each fault once: windows that overlap share theirs.
 *
 * @param leftOut windows and rollouts that were left out
 * @param kind which of them
 * @param tried how many there were, those included
 * @returns null where nothing was left out
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const fault = { trajectory: '"a.hdf5", trajectory 0', why: "frame 5, A is NaN" };
 * const windows = [2, 3].map((frame) => (
 *   { kind: "window" as const, ...fault, name: `${fault.trajectory}, frame ${frame}` }
 * ));
 * assert.equal(
 *   describeLeftOut(windows, "window", 9),
 *   '2 of 9 windows left out, their data are not finite: "a.hdf5", trajectory 0, frame 5, A is NaN',
 * );
 * ```
 */
export function describeLeftOut(
  leftOut: readonly LeftOut[],
  kind: LeftOut["kind"],
  tried: number,
): string | null {
  const own = leftOut.filter((one) => one.kind === kind);
  if (own.length === 0) return null;
  const faults = [...new Set(own.map(({ trajectory, why }) => `${trajectory}, ${why}`))];
  const others = faults.length > NAMED ? `; and ${faults.length - NAMED} more` : "";
  const what = kind === "window" ? "left out" : "left out or cut short";
  const named = faults.slice(0, NAMED).join("; ");
  return `${own.length} of ${tried} ${kind}s ${what}, their data are not finite: ${named}${others}`;
}
