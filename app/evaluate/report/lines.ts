// Charts of one data set: errors along rollouts with bands, by component and by scale, and power spectra.

import { COLORS, escaped } from "../../train/chart.ts";
import type { Curve, DatasetEvaluation, Evaluation, Score } from "../evaluation.ts";
import { type Block, html } from "./blocks.ts";
import { INK, key, type Line, plot } from "./plot.ts";
import { BANDS } from "./scores.ts";
import { forecasterName, forecastersOf } from "./words.ts";

/** How a line of a forecaster looks: the same everywhere in a report. */
export type Looks = Readonly<Record<string, Pick<Line, "name" | "color" | "dashes">>>;

/** Networks are full lines in colours, the trivial forecasts dashed grey ones. */
export function looksOf(evaluation: Evaluation): Looks {
  const networks = new Set(evaluation.checkpoints.map(({ name }) => name));
  let next = 0;
  return Object.fromEntries(
    forecastersOf(evaluation).map((name) => {
      const plain = !networks.has(name);
      const color = plain ? "var(--faint)" : COLORS[next++ % COLORS.length]!;
      const dashes = plain ? { dashes: name === "linear" ? "2 4" : "7 4" } : {};
      return [name, { name: forecasterName(name), color, ...dashes }];
    }),
  );
}

/** Trivial forecasts may be off by powers of ten: they are shown up to some multiple of what else there is. */
const ABOVE = 4;

function points(values: readonly Score[]): [number, Score][] {
  return values.map((value, i) => [i + 1, value]);
}

/** A median, and of networks its interval as a band: bands of all would cover each other. */
function lineOf(look: Looks[string], { median, low, high }: Curve): Line {
  const band = look.dashes ? {} : { band: low.map((from, i) => [from, high[i] ?? null] as const) };
  return { ...look, points: points(median), ...band };
}

/** Where the axis of errors ends. */
function topOf(lines: readonly Line[]): number {
  const largest = (line: Line) => Math.max(...line.points.map(([, value]) => value ?? -Infinity));
  const shown = lines.filter(({ name }) => name !== forecasterName("linear"));
  const most = Math.max(...(shown.length > 0 ? shown : lines).map(largest));
  return most > 0 ? ABOVE * most : Infinity;
}

/** Errors along rollouts; of all components together first, then each. */
export function errorCharts(data: DatasetEvaluation, looks: Looks): Block[][] {
  const names = Object.keys(data.forecasters);
  const components = data.fields.length > 1 ? ["full", ...data.fields] : ["full"];
  return components.map((component) => {
    const lines = names.flatMap((name) => {
      const curve = data.forecasters[name]!.curves[component];
      return curve && curve.median.length > 0 ? [lineOf(looks[name]!, curve)] : [];
    });
    const what = component === "full" ? "mean of the components" : component;
    const drawn = plot(lines, {
      label: `VRMSE by step on ${data.name}, ${what}, medians over trajectories, of ${
        lines.map(({ name }) => name).join(", ")
      }`,
      across: "step",
      top: topOf(lines),
      mark: { value: 1, name: "spatial mean" },
    });
    return drawn === "" ? [] : html(
      `<p class="caption">VRMSE, ${escaped(what)}</p>${component === "full" ? key(lines) : ""}${drawn}`,
    );
  });
}

/** Median over rollouts at every step; of few, those that are there. */
function medians(series: readonly (readonly Score[])[]): Score[] {
  const longest = Math.max(0, ...series.map(({ length }) => length));
  return Array.from({ length: longest }, (_, step) => {
    const reached = series.filter(({ length }) => step < length);
    const values = reached.map((own) => own[step]!).filter((value) => value !== null);
    // As for all medians, one that is not finite leaves none.
    if (values.length === 0 || values.length < reached.length) return null;
    const sorted = values.toSorted((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  });
}

/** Relative error of large, middle and small scales along rollouts, a chart a network. */
export function scaleCharts(evaluation: Evaluation, data: DatasetEvaluation): Block[][] {
  return evaluation.checkpoints.map(({ name }) => {
    const rollouts = data.forecasters[name]?.rollouts ?? [];
    const lines = BANDS.flatMap((band, bin) => {
      const series = rollouts.flatMap(({ steps }) => steps[`spectral_error_nmse_per_bin_${bin}`]?.full ?? []);
      const own = rollouts.flatMap(({ steps }) => {
        const found = steps[`spectral_error_nmse_per_bin_${bin}`]?.full;
        return found ? [found] : [];
      });
      return series.length === 0
        ? []
        : [{ name: `${band} wavenumbers`, color: COLORS[bin]!, points: points(medians(own)) }];
    });
    const drawn = plot(lines, {
      label: `Relative squared error of ${name} by scale along rollouts on ${data.name}`,
      across: "step",
    });
    return drawn === "" ? [] : html(
      `<p class="caption">Error by scale, ${escaped(name)}: NMSE of a third of the wavenumbers</p>${
        key(lines)
      }${drawn}`,
    );
  });
}

/** Names of the lines of all spectra. */
export function spectrumKey(data: DatasetEvaluation, looks: Looks): Block[] {
  const networks = Object.entries(data.forecasters).filter(([, { spectra }]) => spectra);
  return html(
    key([
      { name: "truth", color: INK },
      ...networks.flatMap(([name, { kind }]) => kind === "checkpoint" ? [looks[name]!] : []),
    ]),
  );
}

/** Power by wavenumber of truth and forecasts, a chart a component, at a step. */
export function spectrumCharts(data: DatasetEvaluation, looks: Looks, at: number): Block[][] {
  const { spectra } = data;
  if (!spectra || !(at in spectra.steps)) return [];
  const { wavenumbers } = spectra;
  const over = (power: readonly Score[] | undefined): [number, Score][] =>
    wavenumbers.map((k, i) => [k, power?.[i] ?? null]);
  // A forecast that repeats or extends frames has no spectrum of its own to speak of.
  const shown = Object.entries(data.forecasters).filter(([, { kind }]) => kind === "checkpoint");
  return Object.keys(spectra.truth).map((component) => {
    const truth: Line = { name: "truth", color: INK, points: over(spectra.truth[component]![at]) };
    const lines = [
      truth,
      ...shown.flatMap(([name, { spectra: own }]) =>
        own?.[component] ? [{ ...looks[name]!, points: over(own[component][at]) }] : []
      ),
    ];
    const drawn = plot(lines, {
      label: `Power spectrum of ${component} at step ${spectra.steps[at]} on ${data.name}, truth and ${
        lines.slice(1).map(({ name }) => name).join(", ")
      }`,
      across: "wavenumber, cycles per domain",
      scale: { x: "log", y: "log" },
    });
    return drawn === ""
      ? []
      : html(`<p class="caption">${escaped(component)}, step ${spectra.steps[at]}</p>${drawn}`);
  });
}
