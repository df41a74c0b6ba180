// The mean of a quantity over the domain: whether a forecast keeps what the truth keeps.

import { type Scene, type Track } from "../scene.ts";
import { unitText } from "../viewer/texts.ts";
import { roundAxis } from "./axes.ts";
import { type ChartData, stepAxis, timeBelow, trackSeries } from "./series.ts";

/** Mean and spread of a frame's visible cells. */
interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

const known = new WeakMap<Float32Array, Moments>();

/** Moments of a frame; each frame is looked through once. */
export function momentsOf(numbers: Float32Array, hidden: Uint8Array | null): Moments {
  const before = known.get(numbers);
  if (before) return before;
  let [sum, squares, count] = [0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    if (hidden?.[i]) continue;
    sum += numbers[i]!;
    squares += numbers[i]! * numbers[i]!;
    count++;
  }
  const mean = sum / count;
  const moments = { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
  known.set(numbers, moments);
  return moments;
}

function means(scene: Scene, { frames, first }: Track, quantity: number): (readonly [number, number])[] {
  return frames.flatMap((frame, i) => {
    const numbers = frame?.[quantity];
    const step = first + i;
    if (!numbers || step < 0 || step > scene.steps.planned) return [];
    const { mean } = momentsOf(numbers, scene.hidden);
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
