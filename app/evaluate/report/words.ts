// Numbers and names as reports show them.

import { short } from "../../train/chart.ts";
import type { CheckpointInfo, DatasetEvaluation, Evaluation, Score } from "../evaluation.ts";

/** A score in four digits; what is not there, or not finite, as a dash. */
export function scoreText(value: Score | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e4)) return value.toExponential(2).replace("e+", "e");
  return size >= 100 ? value.toFixed(1) : size >= 10 ? value.toFixed(2) : value.toFixed(4);
}

/** An interval: `0.12 to 0.15`. */
export function intervalText(interval: readonly [number, number] | null | undefined): string {
  return interval ? interval.map((end) => short(end)).join(" to ") : "";
}

/** A share as a signed percentage. */
export function percentText(share: Score | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "-";
  return `${(100 * share).toFixed(Math.abs(share) < 0.0995 ? 1 : 0)} %`;
}

/** Seconds in a fitting unit. */
export function secondsText(seconds: Score): string {
  if (seconds === null) return "-";
  if (seconds < 1) return `${(1000 * seconds).toPrecision(3)} ms`;
  return seconds < 600 ? `${seconds.toPrecision(3)} s` : `${(seconds / 60).toFixed(0)} min`;
}

/** Bytes in a fitting unit. */
export function bytesText(bytes: Score): string {
  if (bytes === null) return "-";
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`;
}

/** A count with its noun: `1 trajectory`, `3 trajectories`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Names of the forecasters of a data set in their order. */
export function forecastersOf({ datasets }: Pick<Evaluation, "datasets">): string[] {
  return [...new Set(datasets.flatMap(({ forecasters }) => Object.keys(forecasters)))];
}

/** A forecaster's name for people. */
export function forecasterName(name: string): string {
  return name === "linear" ? "linear" : name;
}

/** A network in a line. */
export function checkpointWords({ checkpoint, family, description }: CheckpointInfo): string {
  const path = checkpoint.split(/[/\\]/);
  const local = !/^[a-z]+:/.test(checkpoint) && path.length > 2;
  return `${local ? path.slice(-2).join("/") : checkpoint}: ${family}, ${description}`;
}

/** Grid of a data set: `64 x 64 (x, y)`. */
export function gridWords({ grid: { shape, axes, system } }: DatasetEvaluation): string {
  return `${shape.join(" x ")} (${axes.join(", ")}${system === "cartesian" ? "" : `; ${system}`})`;
}

/** What holds at the sides. */
export function sideWords({ grid: { axes, boundaries } }: DatasetEvaluation): string {
  const words = boundaries.map(([low, high]) => low === high ? low : `${low} and ${high}`);
  if (words.length === 0) return "no sides";
  return new Set(words).size === 1 ? words[0]! : axes.map((axis, i) => `${axis} ${words[i]}`).join(", ");
}

/** Paths within a text by the names of their files alone: where a file lay is of no use to a reader elsewhere. */
function withoutFolders(words: string): string {
  return words.replace(/"[^"]*[/\\]([^"/\\]+)"/g, '"$1"');
}

/** Names of a data set's trajectories, without folders where they are told apart all the same. */
export function trajectoryNames({ trajectories }: Pick<DatasetEvaluation, "trajectories">): string[] {
  const names = trajectories.map(({ name }) => withoutFolders(name));
  return names.map((name, i) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : trajectories[i]!.name
  );
}

/** Least width of the cards of a group in pixels: two or four go two by two. */
export function columnOf(count: number): number {
  return count === 2 || count === 4 ? 440 : 330;
}

/** A name within an address on the page. */
export function anchorOf(index: number): string {
  return `data-${index + 1}`;
}

/** Keys of windows with what they are called, `one-step` first and every step last. */
export function windowNames({ protocol: { windows } }: Pick<Evaluation, "protocol">): string[] {
  return ["one-step", ...windows.map(({ name }) => name), "all"];
}

/** What a window is called where it heads a table. */
export function windowWords(name: string): string {
  return name === "one-step" ? "one step" : name === "all" ? "all steps" : name;
}

/** The number of a window, `one-step` among them, and what is known of its uncertainty. */
export function windowScore(
  data: DatasetEvaluation,
  forecaster: string,
  window: string,
): { value: Score; interval: readonly [number, number] | null; spread: Score } | null {
  const scores = data.forecasters[forecaster];
  if (!scores) return null;
  if (window === "one-step") {
    const own = scores.oneStep?.vrmse;
    return own ? { value: own.median, interval: own.interval, spread: own.spread } : null;
  }
  return scores.windows[window] ?? null;
}
