// What is in data, and what a network would do with it: words and rows for the set-up. Pure.

import type { Trajectory } from "walrus";
import { count, gridWords, number } from "../words.ts";
import type { Settings } from "./choice.ts";

/** How far a network knows a field. */
export type Known = "learnt" | "listed" | "unknown" | "mask";

/** A row of the set-up: a field of the data. */
export interface FieldRow {
  readonly name: string;
  /** Lowest and highest number in the input frames; null: not read. */
  readonly range: readonly [number, number] | null;
  readonly known: Known;
  /** Names of the network's table that may have been meant. */
  readonly near: readonly string[];
  /** Whether it stays the same in time. */
  readonly constant: boolean;
  /** Whether the network is given it. */
  readonly used: boolean;
  /** Name in the network's table that it goes by, where that is another. */
  readonly mapped: string | null;
}

/** What a network makes of data. */
export interface Use {
  readonly rows: readonly FieldRow[];
  /** Frames that a forecast starts from. */
  readonly frames: number;
  /** Why the network refuses them; null: it does not. */
  readonly refused: string | null;
  /** How the grid is cut. */
  readonly grid: readonly string[];
  /** Whether it was trained on data of this name. */
  readonly seen: boolean;
  /** Grids that it has learnt, where it is known. */
  readonly learntGrids: readonly (readonly number[])[] | null;
  /** Names of its table. */
  readonly table: readonly string[];
}

const MARKS: Readonly<Record<Known, string>> = {
  learnt: "learnt",
  listed: "listed, never trained: expect little",
  unknown: "not known: choose a name or leave it out",
  mask: "mask: says which cells count",
};

/** What a mark says. */
export function markWords(row: FieldRow): string {
  if (!row.used) return "left out";
  if (row.mapped) return `taken as ${row.mapped}`;
  return MARKS[row.known];
}

/** Lowest and highest finite number; null where there is none. */
export function rangeOf(values: Float32Array): readonly [number, number] | null {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** What data are, in sentences: points, frames, time, boundaries, input, truth. */
export function dataSentences(
  name: string,
  { info, steps }: Pick<Trajectory, "info" | "steps">,
  times: Float64Array,
  trajectories: number,
  frames: number,
  { start, stride, steps: planned }: Settings,
): string[] {
  const { grid, boundaries } = info;
  const time = `time ${number(times[0] ?? 0)} to ${number(times.at(-1) ?? 0)} (unit not given)`;
  const sides = grid.axes.map((axis, i) => {
    const [near, far] = boundaries[i] ?? ["open", "open"];
    return near === far ? `${axis} ${near}` : `${axis} ${near} at its start, ${far} at its end`;
  });
  const last = start + (frames - 1) * stride;
  const truth = truthSteps(steps, frames, start, stride);
  return [
    `${name}: ${gridWords(grid.shape)}, ${count(steps, "frame")}, ${time}, ${
      count(trajectories, "trajectory", "trajectories")
    }.`,
    `${sides.join(", ")}.`,
    `Input: frames ${start} to ${last}${stride > 1 ? `, every ${stride}th` : ""}.`,
    truth === 0
      ? "No truth after the input: errors can not be shown."
      : `Truth for ${Math.min(truth, planned)} of ${count(planned, "step")}.`,
  ];
}

/** What is said of a grid of a size that the network has not learnt; null: nothing. */
export function gridWarning({ learntGrids }: Use, shape: readonly number[]): string | null {
  const own = shape.filter((points) => points > 1);
  const grids = learntGrids?.filter((grid) => grid.length === own.length);
  if (!grids || grids.some((grid) => grid.every((points, i) => points === own[i]))) return null;
  if (grids.length === 0) return `The network has learnt no data in ${own.length}D.`;
  const known = grids.map((grid) => gridWords(grid)).join(" or ");
  return `The network has learnt ${known}, these are ${gridWords(own)}: expect less of it.`;
}

/** Steps after the input of which there is truth. */
export function truthSteps(steps: number, frames: number, start: number, stride: number): number {
  return Math.max(0, Math.floor((steps - 1 - start) / stride) - (frames - 1));
}

/** Frames of a window, and those of the truth after it. */
export function windowFrames(frames: number, start: number, stride: number): number[] {
  return Array.from({ length: frames }, (_, i) => start + i * stride);
}
