// Tables of scores: all data sets beside each other window by window, means and mean reductions, and one data set's
// windows and metrics.

import type { ByComponent, DatasetEvaluation, Evaluation, MetricScore, Score } from "../evaluation.ts";
import type { Block, Cell, Table } from "./blocks.ts";
import { tableBlock } from "./blocks.ts";
import {
  counted,
  forecasterName,
  forecastersOf,
  intervalText,
  percentText,
  scoreText,
  windowNames,
  windowScore,
  windowWords,
} from "./words.ts";

/** Marks the least of some numbers. */
function withBest(values: readonly (Score | undefined)[], cells: readonly Cell[]): Cell[] {
  const finite = values.filter((value) => value !== null && value !== undefined);
  const least = finite.length > 1 ? Math.min(...finite) : NaN;
  return cells.map((cell, i) => values[i] === least ? { ...cell, best: true } : cell);
}

/** A score with its interval and spread over seeds. */
function scoreCell(data: DatasetEvaluation, forecaster: string, window: string): Cell {
  const found = windowScore(data, forecaster, window);
  if (!found) return { text: "-" };
  const spread = found.spread ? `seeds ±${scoreText(found.spread)}` : "";
  const note = [intervalText(found.interval), spread].filter(Boolean).join("; ");
  return { text: scoreText(found.value), ...(note ? { note } : {}) };
}

/** Windows that a data set has a number for. */
export function windowsOf(evaluation: Evaluation, datasets = evaluation.datasets): string[] {
  const forecasters = forecastersOf(evaluation);
  return windowNames(evaluation).filter((window) =>
    datasets.some((data) => forecasters.some((name) => windowScore(data, name, window)?.value != null))
  );
}

/** Mean over data sets, as the engine has it; `all`, which it has not, is computed. */
function meanOf(evaluation: Evaluation, forecaster: string, window: string): Score {
  const means = evaluation.means.find((one) => one.forecaster === forecaster);
  if (means && window === "one-step") return means.oneStep;
  if (means && window in means.windows) return means.windows[window]!;
  const values = evaluation.datasets.flatMap((data) => windowScore(data, forecaster, window)?.value ?? []);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

/** A table a window: a row a data set, a column a forecaster, the mean below. */
export function overview(evaluation: Evaluation): Block[][] {
  const forecasters = forecastersOf(evaluation);
  return windowsOf(evaluation).map((window) => {
    const rows = evaluation.datasets.flatMap((data) => {
      const values = forecasters.map((name) => windowScore(data, name, window)?.value);
      if (values.every((value) => value == null)) return [];
      const label = data.windows.find(({ name }) => name === window);
      const short = label && label.last < label.to ? ` (here ${label.from}:${label.last})` : "";
      const cells = forecasters.map((name) => ({ text: scoreText(windowScore(data, name, window)?.value) }));
      return [{ name: data.name + short, cells: withBest(values, cells) }];
    });
    const means = forecasters.map((name) => meanOf(evaluation, name, window));
    const mean = {
      name: "mean",
      cells: withBest(means, means.map((value) => ({ text: scoreText(value) }))),
    };
    return tableBlock({
      caption: `Median VRMSE, ${windowWords(window)}`,
      head: ["data set", ...forecasters.map(forecasterName)],
      rows: rows.length > 1 ? [...rows, mean] : rows,
    });
  });
}

/** Mean over data sets of one minus the ratio of two forecasters' errors, and of how many data sets. */
export function reduction(
  { datasets }: Pick<Evaluation, "datasets">,
  forecaster: string,
  other: string,
  window: string,
): { readonly mean: number; readonly count: number; readonly better: number } | null {
  const ratios = datasets.flatMap((data) => {
    const own = windowScore(data, forecaster, window)?.value;
    const theirs = windowScore(data, other, window)?.value;
    return own != null && theirs != null && theirs > 0 ? [own / theirs] : [];
  });
  if (ratios.length === 0) return null;
  return {
    mean: 1 - ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length,
    count: ratios.length,
    better: ratios.filter((ratio) => ratio < 1).length,
  };
}

/** How much lower each network's errors are than those of every other forecaster, in the mean over data sets. */
export function reductions(evaluation: Evaluation): Table {
  const windows = windowsOf(evaluation);
  const all = forecastersOf(evaluation);
  const pairs = evaluation.checkpoints.flatMap(({ name }) =>
    all.filter((other) => other !== name).map((other) => [name, other] as const)
  );
  return {
    caption:
      "Mean reduction of the error: the mean over data sets of 1 - own / other, as the paper gives it; " +
      "positive is better",
    head: ["network against", ...windows.map(windowWords)],
    rows: pairs.map(([name, other]) => ({
      name: `${name} against ${forecasterName(other)}`,
      cells: windows.map((window) => {
        const found = reduction(evaluation, name, other, window);
        return found
          ? { text: percentText(found.mean), note: `lower in ${found.better} of ${found.count}` }
          : { text: "-" };
      }),
    })),
  };
}

/** A data set's windows: a row each, a column a forecaster. */
export function windowTable(evaluation: Evaluation, data: DatasetEvaluation): Table {
  const forecasters = Object.keys(data.forecasters);
  const tried = data.trajectories.filter(({ steps }) => steps > 0).length;
  return {
    caption: `VRMSE: medians over ${counted(tried, "trajectory", "trajectories")}` +
      (tried > 1 ? `, with ${100 * evaluation.protocol.bootstrap.level} % intervals of the median` : ""),
    head: ["window", ...forecasters.map(forecasterName)],
    rows: windowsOf(evaluation, [data]).map((window) => {
      const values = forecasters.map((name) => windowScore(data, name, window)?.value);
      const cells = forecasters.map((name) => scoreCell(data, name, window));
      const label = data.windows.find(({ name }) => name === window)?.label;
      return { name: label ?? windowWords(window), cells: withBest(values, cells) };
    }),
  };
}

/** One step ahead, component by component. */
export function componentTable(data: DatasetEvaluation): Table {
  const forecasters = Object.keys(data.forecasters);
  const of = (forecaster: string, component: string) =>
    data.forecasters[forecaster]!.oneStep?.metrics.VRMSE?.[component]?.median;
  return {
    caption: "Median VRMSE one step ahead, by component",
    head: ["component", ...forecasters.map(forecasterName)],
    rows: data.fields.filter((field) => forecasters.some((name) => of(name, field) != null)).map((field) => {
      const values = forecasters.map((name) => of(name, field));
      return {
        name: field,
        cells: withBest(values, values.map((value) => ({ text: scoreText(value) }))),
      };
    }),
  };
}

/** Metrics of which more is better, or where no order is. */
const NOT_LOWER = new Set(["PearsonR", "TimeWarpingDistortion"]);

/** What metrics are called where their names are long. */
const METRIC_WORDS: Readonly<Record<string, string>> = {
  LInfinity: "L-infinity",
  PearsonR: "Pearson R",
  HistogramW1: "W1 of the histograms",
  TimeWarpingDistance: "time warping, distance",
  TimeWarpingDistortion: "time warping, shift in steps",
};

/** Bands of the spectral errors. */
export const BANDS = ["low", "middle", "high"] as const;

/** A metric in words. */
export function metricWords(name: string): string {
  const spectral = /^spectral_error_(n?mse)_per_bin_(\d)$/.exec(name);
  if (spectral) {
    return `spectral ${spectral[1]!.toUpperCase()}, ${BANDS[Number(spectral[2])] ?? spectral[2]} bin`;
  }
  return METRIC_WORDS[name] ?? name;
}

/** Every metric, one step ahead or over rollouts; medians of the mean over components. */
export function metricTable(data: DatasetEvaluation, kind: "one step" | "rollouts"): Table {
  const forecasters = Object.keys(data.forecasters);
  const of = (name: string): Readonly<Record<string, ByComponent<MetricScore>>> => {
    const scores = data.forecasters[name]!;
    return (kind === "one step" ? scores.oneStep?.metrics : scores.metrics) ?? {};
  };
  const metrics = [...new Set(forecasters.flatMap((name) => Object.keys(of(name))))];
  return {
    caption: `All metrics, ${kind}: medians of the mean over components`,
    head: ["metric", ...forecasters.map(forecasterName)],
    rows: metrics.map((metric) => {
      const values = forecasters.map((name) => of(name)[metric]?.full?.median);
      const cells = values.map((value) => ({ text: scoreText(value) }));
      return { name: metricWords(metric), cells: NOT_LOWER.has(metric) ? cells : withBest(values, cells) };
    }),
  };
}

/** VRMSE of rollouts in the log-spaced time intervals. */
export function intervalTable(data: DatasetEvaluation): Table {
  const forecasters = Object.keys(data.forecasters);
  const of = (name: string) => data.forecasters[name]!.metrics.VRMSE?.full?.intervals ?? {};
  const intervals = [...new Set(forecasters.flatMap((name) => Object.keys(of(name))))];
  return {
    caption:
      "VRMSE in log-spaced time intervals (steps from 0, the end left out), lower medians over trajectories",
    head: ["interval", ...forecasters.map(forecasterName)],
    rows: intervals.flatMap((interval) => {
      const values = forecasters.map((name) => of(name)[interval]);
      if (values.every((value) => value == null)) return [];
      const cells = values.map((value) => ({ text: scoreText(value) }));
      return [{ name: interval, cells: withBest(values, cells) }];
    }),
  };
}
