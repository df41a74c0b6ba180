// The error of forecasts against the step, beside that of persistence.

import { type Scene } from "../scene.ts";
import { decades } from "./axes.ts";
import { type ChartData, stepAxis, timeBelow, trackSeries } from "./series.ts";

/** The chart of a quantity's VRMSE. */
export function vrmseChart(scene: Scene, quantity: number, step: number): ChartData {
  const { quantities, scores, steps } = scene;
  const tracks = scores.map(({ id, label, vrmse }) => ({
    id,
    label,
    points: (vrmse[quantity] ?? []).map((value, i) => [i + 1, value] as const),
  }));
  const values = tracks.flatMap(({ points }) => points.map(([, value]) => value));
  const ends = steps.truth > 0 && steps.truth < steps.planned ? `No truth after step ${steps.truth}.` : null;
  return {
    id: "vrmse",
    title: `VRMSE of ${quantities[quantity]!.label}`,
    subtitle: "no unit, log axis",
    xName: "step",
    series: trackSeries(scene, tracks),
    x: stepAxis(scene),
    // Up to 1 at least, and by whole decades: a forecast in progress never moves what is drawn by a little.
    y: decades(values, [1, 0.1]),
    rule: step >= 1 ? step : null,
    level: { value: 1, label: "as wrong as the mean" },
    below: timeBelow(scene),
    note: ends,
    empty: steps.truth === 0 ? "No truth to compare with." : "Errors come with the first step.",
  };
}
