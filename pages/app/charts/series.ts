// What charts show, made of a scene: lines of numbers, before anything is drawn.

import { type Scene, timeOf } from "../scene.ts";
import type { Axis } from "./axes.ts";

/** A line. */
export interface Series {
  readonly id: string;
  /** Null: it has no name of its own, as members of an ensemble but one. */
  readonly label: string | null;
  /** Custom property that colours it. */
  readonly color: string;
  readonly dashed?: boolean;
  readonly thin?: boolean;
  /** x and y in rising order of x; NaN where there is no value. */
  readonly points: readonly (readonly [number, number])[];
}

/** A chart. */
export interface ChartData {
  /** For file names: `vrmse`. */
  readonly id: string;
  readonly title: string;
  /** Under the title: unit, kind of axis. */
  readonly subtitle: string;
  readonly xName: string;
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
  /** x of what the panels show; null for none. */
  readonly rule: number | null;
  /** A line of one value, with what it means. */
  readonly level: { readonly value: number; readonly label: string } | null;
  /** What stands under a mark of x: the time of a step. */
  below?(x: number): string | null;
  /** Said under the chart. */
  readonly note: string | null;
  /** Said instead of a chart that has no lines yet. */
  readonly empty: string;
}

/** Colours by id of a track. */
const COLORS: Readonly<Record<string, string>> = {
  a: "--line-1",
  b: "--line-2",
  mean: "--line-2",
  truth: "--line-3",
  persistence: "--line-4",
};

/** The colour of a track. */
export function colorOf(id: string): string {
  return COLORS[id] ?? "--line-1";
}

/** The lines of some tracks' numbers; members are thin, and one name stands for all. */
export function trackSeries(
  scene: Scene,
  tracks: readonly { readonly id: string; readonly label: string; readonly points: Series["points"] }[],
): Series[] {
  const ensemble = scene.members.length > 1;
  let named = false;
  return tracks.map(({ id, label, points }): Series => {
    const member = ensemble && (id === "a" || id.startsWith("member"));
    const name = !member ? label : named ? null : `${scene.members.length} seeds`;
    named ||= member;
    return { id, label: name, color: colorOf(id), points, thin: member, dashed: id === "persistence" };
  });
}

/** The axis of all planned steps. */
export function stepAxis({ steps }: Scene, first = 1): Axis {
  return { low: first, high: Math.max(steps.planned, first + 1), log: false };
}

/** Header and rows of a chart's numbers, as a table and a CSV file have them. */
export function tableOf(data: ChartData): { head: string[]; rows: (number | null)[][] } {
  const { series, xName, below } = data;
  const xs = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const lookup = series.map(({ points }) => new Map(points));
  const timed = below !== undefined;
  const cell = (value: number | undefined) => value === undefined || Number.isNaN(value) ? null : value;
  return {
    head: [xName, ...timed ? ["time"] : [], ...series.map(({ id, label }) => label ?? id)],
    rows: xs.map((x) => [
      x,
      ...timed ? [cell(Number(below(x) ?? NaN))] : [],
      ...lookup.map((values) => cell(values.get(x))),
    ]),
  };
}

/** Text of a CSV file. */
export function csvText({ head, rows }: ReturnType<typeof tableOf>): string {
  const quoted = (text: string) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const lines = [
    head.map(quoted),
    ...rows.map((row) => row.map((value) => value === null ? "" : String(value))),
  ];
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}

/** Time of a step, without its unit. */
export function timeBelow({ steps }: Scene): (step: number) => string | null {
  return (step) => {
    const time = timeOf(steps, step);
    return Number.isNaN(time) ? null : String(Number(time.toPrecision(4)));
  };
}
