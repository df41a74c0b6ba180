// What is in data, and what a network would do with it: words and rows for the set-up. Pure but for reading frames.

import type { Sample, SampleInfo, Trajectory } from "walrus";
import { componentNames, frameSize } from "walrus/data";
import type { Model } from "walrus/models";
import { describeUse } from "../../../app/inspect/use.ts";
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

/** Data without some of their fields. */
export function withoutFields(info: SampleInfo, left: readonly string[]): SampleInfo {
  return left.length === 0
    ? info
    : { ...info, fields: info.fields.filter(({ name }) => !left.includes(name)) };
}

/** A sample without some of its fields. */
export function sampleWithout(sample: Sample, left: readonly string[]): Sample {
  if (left.length === 0) return sample;
  const kept = sample.info.fields.map(({ name }) => !left.includes(name));
  return {
    ...sample,
    info: withoutFields(sample.info, left),
    values: sample.values.filter((_, i) => kept[i]),
    ...(sample.real ? { real: sample.real.filter((_, i) => kept[i]) } : {}),
  };
}

/**
 * What a network makes of data.
 *
 * @param model without its weights
 * @param info of the data
 * @param input frames, for ranges; null: not read
 */
export function useOf(model: Model, info: SampleInfo, input: Sample | null, settings: Settings): Use {
  const { map, grid, leftOut } = settings;
  const used = withoutFields(info, leftOut);
  const described = describeUse(model, used, { map, grid });
  const numbers = new Map(input?.info.fields.map((field, i) => [field.name, input.values[i]!]));
  const rows = info.fields.map(({ name, constant, mask }): FieldRow => {
    const place = described.fields.find((field) => field.name === name);
    const known = mask
      ? "mask"
      : !place || place.columns === null
      ? "unknown"
      : place.learnt
      ? "learnt"
      : "listed";
    return {
      name,
      constant,
      range: numbers.has(name) ? rangeOf(numbers.get(name)!) : null,
      known,
      near: place?.near ?? [],
      used: place !== undefined,
      mapped: map[name] ?? null,
    };
  });
  return {
    rows,
    frames: described.frames.usual,
    refused: described.refused,
    grid: described.grid,
    seen: described.seen !== null,
    learntGrids: described.learntGrids,
    table: model.knownFields?.() ?? [],
  };
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

/** Steps after the input of which there is truth. */
export function truthSteps(steps: number, frames: number, start: number, stride: number): number {
  return Math.max(0, Math.floor((steps - 1 - start) / stride) - (frames - 1));
}

/** Frames of a window, and those of the truth after it. */
export function windowFrames(frames: number, start: number, stride: number): number[] {
  return Array.from({ length: frames }, (_, i) => start + i * stride);
}

/** Numbers of one frame in all fields that vary, for estimates. */
export function frameBytes(info: SampleInfo): number {
  return 4 * info.fields.reduce((sum, field) => sum + (field.constant ? 0 : frameSize(info, field)), 0);
}

/** Names of all components that vary. */
export function quantityNames(info: SampleInfo): string[] {
  return info.fields.flatMap((field) => field.constant ? [] : componentNames(info, field));
}
