// The mean of a quantity over the domain: whether a forecast keeps what the truth keeps.

import { type Scene, type Track } from "../scene.ts";
import { momentsOf } from "../moments.ts";
import { unitText } from "../viewer/texts.ts";
import { roundAxis } from "./axes.ts";
import { type ChartData, stepAxis, timeBelow, trackSeries } from "./series.ts";

function means(
  scene: Scene,
  { frames, first, away }: Track,
  quantity: number,
): (readonly [number, number])[] {
  return frames.flatMap((frame, i) => {
    const numbers = frame?.[quantity];
    const step = first + i;
    const mean = numbers ? momentsOf(numbers, scene.hidden).mean : away?.get(step)?.means[quantity];
    if (mean === undefined || step < 0 || step > scene.steps.planned) return [];
    return [[step, Number.isFinite(mean) ? mean : NaN] as const];
  });
}

/** The chart of a quantity's total. */
export function totalsChart(scene: Scene, quantity: number, step: number): ChartData {
  const { quantities, truth, a, b, mean, hidden } = scene;
  const name = quantities[quantity]!;
  const tracks = [truth, a, ...b ? [b] : [], ...mean ? [mean] : []].map((track) => ({
    id: track.id,
    label: track.label,
    points: means(scene, track, quantity),
  }));
  const first = truth.frames[-truth.first]?.[quantity];
  const start = first ? momentsOf(first, hidden) : null;
  // A share of almost nothing says nothing.
  const relative = start !== null && Math.abs(start.mean) > 0.1 * start.deviation && start.mean !== 0;
  const scaled = tracks.map(({ points, ...track }) => ({
    ...track,
    points: relative ? points.map(([x, y]) => [x, (100 * y) / start.mean] as const) : points,
  }));
  // Members are not drawn here: their mean is.
  const series = trackSeries({ ...scene, members: [] }, scaled);
  return {
    id: "totals",
    title: `Domain mean of ${name.label}`,
    subtitle: relative ? "% of the start" : unitText(name),
    xName: "step",
    series,
    x: stepAxis(scene, 0),
    y: roundAxis(scaled.flatMap(({ points }) => points.map(([, y]) => y))),
    rule: step >= 0 ? step : null,
    level: null,
    below: timeBelow(scene),
    note: hidden ? "Hidden cells do not count." : null,
    empty: "Totals come with the data.",
  };
}
