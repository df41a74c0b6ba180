// Power spectra at the step shown: how much structure of each size a forecast keeps.

import { frameAt, type Scene, type SceneGrid } from "../scene.ts";
import { decades } from "./axes.ts";
import { type ChartData, trackSeries } from "./series.ts";

/** A spectrum that is wanted. */
export interface SpectrumRequest {
  readonly id: string;
  readonly label: string;
  readonly numbers: Float32Array;
}

/** One that is there: power by wavenumber, cycles per domain from 1. */
export interface Spectrum {
  readonly id: string;
  readonly label: string;
  readonly power: readonly number[];
}

/** The frames whose spectra are drawn at a step. */
export function spectrumRequests(scene: Scene, quantity: number, step: number): SpectrumRequest[] {
  const { truth, a, b, mean } = scene;
  const tracks = mean ? [truth, mean, a] : [truth, a, ...b ? [b] : []];
  return tracks.flatMap((track) => {
    const numbers = frameAt(track, step)?.[quantity];
    return numbers ? [{ id: track.id, label: track.label, numbers }] : [];
  });
}

/** Which axes are periodic: both of their sides. */
export function periodicAxes({ axes }: SceneGrid): boolean[] {
  return axes.map(({ boundary }) => boundary.every((side) => side === "periodic"));
}

/** The chart of spectra. `step`: the one they belong to. */
export function spectrumChart(
  scene: Scene,
  quantity: number,
  step: number,
  spectra: readonly Spectrum[],
): ChartData {
  const tapered = scene.grid.axes.filter((_, i) => !periodicAxes(scene.grid)[i]).map(({ name }) => name);
  const tracks = spectra.map(({ id, label, power }) => ({
    id,
    label,
    points: power.map((value, i) => [i + 1, value > 0 ? value : NaN] as const),
  }));
  const values = tracks.flatMap(({ points }) => points.map(([, value]) => value));
  const last = Math.max(2, ...tracks.map(({ points }) => points.length));
  const name = scene.quantities[quantity]!;
  return {
    id: "spectrum",
    title: `Spectrum of ${name.label}`,
    subtitle: `${name.unit ? `(${name.unit})\u00b2` : "no unit"}, log axes, ${
      step > 0 ? `step ${step}` : `input frame ${step + scene.steps.inputs}`
    }`,
    xName: "cycles per domain",
    // The name of a single seed among its mean: its own.
    series: trackSeries({ ...scene, members: [] }, tracks),
    x: { low: 1, high: last, log: true },
    y: decades(values),
    rule: null,
    level: null,
    note: tapered.length > 0 ? `Hann window along ${tapered.join(", ")}: not periodic.` : null,
    empty: "Spectra come with the first frame.",
  };
}
