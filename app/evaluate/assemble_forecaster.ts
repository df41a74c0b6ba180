// Makes of a forecaster's parts its scores on a data set.

import { timeIntervals } from "walrus/metrics";
import { assembleEnsemble } from "./assemble_ensemble.ts";
import type {
  ByComponent,
  Curve,
  ForecasterScores,
  MetricScore,
  OneStepScores,
  PhysicsScores,
  RolloutScores,
} from "./evaluation.ts";
import {
  curveOf,
  type Group,
  meanOf,
  metricScore,
  numberOf,
  rounded,
  statisticOf,
  windowScore,
} from "./reduce.ts";
import { type Common, type ForecasterParts, type Of, withFull } from "./found.ts";
import { medianSpectra } from "./spectra.ts";
import type { FrameScores, RolloutPart, WindowsPart } from "./units.ts";

/** Of each metric and component (and `full`) its numbers in all frames. */
function byMetric(frames: readonly FrameScores[], fields: readonly string[]) {
  const names = Object.keys(frames[0] ?? {});
  return names.map((name) => {
    const all = frames.map((scores) => withFull(scores[name] ?? [], fields));
    const keys = [...fields, "full"];
    return [name, keys.map((key) => [key, all.map((one) => one[key]!)] as const)] as const;
  });
}

function oneStepOf(
  parts: readonly Of<WindowsPart>[],
  { fields, resampler }: Common,
): OneStepScores | null {
  const windows = parts.flatMap(({ trajectory, seed, part }) =>
    part.windows.map(({ frame, scores }) => ({ trajectory, seed, frame, scores }))
  );
  if (windows.length === 0) return null;
  const vrmse = windows.map(({ trajectory, seed, frame, scores }) => ({
    trajectory,
    seed,
    frame,
    value: withFull(scores.VRMSE!, fields).full!,
  }));
  const groups = new Map<string, Group & { values: number[] }>();
  for (const { trajectory, seed, value } of vrmse) {
    const key = `${seed}/${trajectory}`;
    if (!groups.has(key)) groups.set(key, { trajectory, seed, values: [] });
    groups.get(key)!.values.push(value);
  }
  return {
    vrmse: statisticOf([...groups.values()], resampler),
    metrics: Object.fromEntries(
      byMetric(windows.map(({ scores }) => scores), fields).map(([name, components]) => [
        name,
        Object.fromEntries(components.map(([key, values]) => [key, metricScore(values)])),
      ]),
    ),
    windows: vrmse.map(({ value, ...window }) => ({ ...window, vrmse: rounded(value) })),
  };
}

function rolloutScores(
  { trajectory, seed, part }: Of<RolloutPart>,
  fields: readonly string[],
): RolloutScores {
  return {
    trajectory,
    seed,
    steps: Object.fromEntries(
      byMetric(part.steps, fields).map(([name, components]) => [
        name,
        Object.fromEntries(components.map(([key, values]) => [key, values.map(rounded)])),
      ]),
    ),
    whole: Object.fromEntries(
      Object.entries(part.whole).map(([name, values]) => [
        name,
        Object.fromEntries(
          Object.entries(withFull(values, fields)).map(([key, value]) => [key, rounded(value)]),
        ),
      ]),
    ),
  };
}

/** Medians of every metric: over steps, in time intervals, of whole rollouts. */
function metricsOf(
  rollouts: readonly RolloutScores[],
  fields: readonly string[],
): Record<string, ByComponent<MetricScore>> {
  const keys = [...fields, "full"];
  const perStep = Object.keys(rollouts[0]?.steps ?? {}).map((name) => {
    const of = (key: string): MetricScore => {
      const curves = rollouts.map(({ steps }) => steps[name]![key]!.map(numberOf));
      const edges = timeIntervals(Math.max(...curves.map(({ length }) => length)));
      const intervals = edges.slice(1).map((to, i) => {
        const within = curves.map((curve) => curve.slice(edges[i]!, to)).filter(({ length }) => length > 0);
        return [`${edges[i]!}:${to}`, metricScore(within.map(meanOf)).lowerMedian] as const;
      });
      const score = metricScore(curves.map(meanOf));
      return intervals.length > 0 ? { ...score, intervals: Object.fromEntries(intervals) } : score;
    };
    return [name, Object.fromEntries(keys.map((key) => [key, of(key)]))] as const;
  });
  const whole = Object.keys(rollouts[0]?.whole ?? {}).map((name) => [
    name,
    Object.fromEntries(
      keys.map((key) => [key, metricScore(rollouts.map((one) => numberOf(one.whole[name]?.[key])))]),
    ),
  ]);
  return Object.fromEntries([...perStep, ...whole]);
}

function physicsOf(rollouts: readonly Of<RolloutPart>[]): PhysicsScores | null {
  const checked = rollouts.filter(({ part }) => part.physics);
  if (checked.length === 0) return null;
  return {
    series: checked.flatMap(({ trajectory, seed, part }) =>
      part.physics!.series.map(({ check, forecast, truth }) => ({
        trajectory,
        seed,
        check,
        forecast: forecast.map(rounded),
        truth: truth.map(rounded),
      }))
    ),
    breaks: checked.flatMap(({ trajectory, seed, part }) =>
      part.physics!.breaks.map((each) => ({ trajectory, seed, ...each }))
    ),
    rollouts: checked.length,
    broken: checked.filter(({ part }) => part.physics!.breaks.length > 0).length,
  };
}

/** Windows and rollouts that are not finite, in words. */
function notFiniteOf({ windows, rollouts }: ForecasterParts, fields: readonly string[]): string[] {
  const bad = (scores: FrameScores) => fields.filter((_, c) => scores.VRMSE![c] === null);
  return [
    ...windows.flatMap(({ trajectory, seed, part }) =>
      part.windows.flatMap(({ frame, scores }) => {
        const names = bad(scores);
        return names.length === 0
          ? []
          : [`trajectory ${trajectory}, seed ${seed}, frame ${frame}, ${names.join(", ")}`];
      })
    ),
    ...rollouts.flatMap(({ trajectory, seed, part }) => {
      const step = part.steps.findIndex((scores) => bad(scores).length > 0);
      return step < 0 ? [] : [
        `trajectory ${trajectory}, seed ${seed}, from step ${step + 1} on, ${
          bad(part.steps[step]!).join(", ")
        }`,
      ];
    }),
  ];
}

/**
 * Scores of a forecaster.
 *
 * @param parts what was found
 * @param common what all forecasters of the data set share
 */
export function assembleForecaster(parts: ForecasterParts, common: Common): ForecasterScores {
  const { fields, windows, steps, resampler, protocol } = common;
  const scored = parts.rollouts.filter(({ part }) => part.steps.length > 0);
  const rollouts = scored.map((one) => rolloutScores(one, fields));
  const curves = (key: string): Group[] =>
    rollouts.map(({ trajectory, seed, steps }) => ({
      trajectory,
      seed,
      values: steps.VRMSE![key]!.map(numberOf),
    }));
  const full = curves("full");
  const longest = Math.max(0, ...full.map(({ values }) => values.length));
  const all = longest > 0 ? [["all", windowScore(full, { from: 1, last: longest }, resampler)] as const] : [];
  return {
    kind: parts.kind,
    oneStep: oneStepOf(parts.windows, common),
    rollouts,
    windows: Object.fromEntries([
      ...windows.map((window) => [window.name, windowScore(full, window, resampler)] as const),
      ...all,
    ]),
    curves: Object.fromEntries(
      [...fields, "full"].map((key): [string, Curve] => [key, curveOf(curves(key), resampler)]),
    ),
    metrics: metricsOf(rollouts, fields),
    spectra: scored.length > 0
      ? medianSpectra(scored.map(({ part }) => part), fields, steps, "forecast")
      : null,
    ensemble: assembleEnsemble(parts.ensembles, fields, protocol.ensemble),
    physics: physicsOf(scored),
    notFinite: notFiniteOf(parts, fields),
  };
}
