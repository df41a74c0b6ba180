// The arrays of one folder, opened: their shapes say how many trajectories, frames and points there are, and must agree.

import { type NpyArray, openNpy } from "../../../io/npy.ts";
import { type Npz, openNpz } from "../../../io/npz.ts";
import { quoted } from "../../../io/quote.ts";
import type { Boundary, SampleField, SampleInfo } from "../../dataset.ts";
import type { Source } from "../../source.ts";
import type { Description, FieldDescription } from "./description.ts";

/** An open field. */
interface Field extends SampleField {
  readonly array: NpyArray;
  /** Whether each trajectory has its own. */
  readonly sampleVarying: boolean;
}

/** The open arrays of a folder. */
export interface Run {
  readonly trajectories: number;
  readonly steps: number;
  /** Those that vary in time first. */
  readonly fields: readonly Field[];
  /** Times `[steps]`, or of each trajectory after the other. */
  readonly times: Float64Array;
  /** What its trajectories are made of. */
  info(index: number): Omit<SampleInfo, "masked">;
  close(): void;
}

/** Opens the files of a folder of the source and names what is wrong in the words of the description. */
class Files {
  readonly #source: Source;
  readonly #folder: string;
  readonly #label: string;
  readonly #arrays: NpyArray[] = [];
  readonly #archives = new Map<string, Npz>();

  constructor(source: Source, folder: string, label: string) {
    this.#source = source;
    this.#folder = folder;
    this.#label = label;
  }

  refuse(why: string): never {
    throw new SyntaxError(`Cannot read "${this.#label}": ${why}`);
  }

  /** Opens an array; `key` is where the description names it. */
  async open(key: string, file: string, array?: string): Promise<NpyArray> {
    const path = this.#folder + file;
    const open = this.#source.files.get(path);
    if (!open) {
      const there = [...this.#source.files.keys()].filter((name) => /\.np[yz]$/i.test(name));
      this.refuse(`${key}: there is no file "${path}", the arrays are ${there.join(", ") || "none"}`);
    }
    if (!/\.npz$/i.test(file)) {
      const opened = await openNpy(await open());
      this.#arrays.push(opened);
      return opened;
    }
    let archive = this.#archives.get(path);
    if (!archive) this.#archives.set(path, archive = await openNpz(await open()));
    const name = array ?? key.split(".").at(-1)!;
    if (archive.arrays.includes(name)) return await archive.open(name);
    return this.refuse(
      `${key}: "${path}" has no array "${name}", it has ${quoted(archive.arrays.join(", "))}`,
    );
  }

  /** Numbers of the description, or of a file. */
  async numbers(key: string, given: readonly number[] | string): Promise<Float64Array> {
    if (typeof given !== "string") return Float64Array.from(given);
    const array = await this.open(key, given);
    return await array.readFloat64(0, array.shape.reduce((n, size) => n * size, 1));
  }

  close(): void {
    for (const array of this.#arrays) array.close();
    for (const archive of this.#archives.values()) archive.close();
  }
}

/** Sizes that the fields have shown so far; 0 while unknown. */
interface Sizes {
  trajectories: number;
  steps: number;
  points: readonly number[];
  /** The field that gave the points. */
  first: string;
}

/** Splits a field's shape into trajectories, frames, points and components, and holds it against the others. */
function checkShape(
  files: Files,
  name: string,
  { order, constant }: FieldDescription,
  shape: readonly number[],
  axes: readonly string[],
  dimensions: number,
  sizes: Sizes,
): { sampleVarying: boolean } {
  const lead = shape.length - axes.length - order;
  const least = constant ? 0 : 1;
  const components = shape.slice(shape.length - order);
  const show = (list: readonly (string | number)[]) => `[${list.join(", ")}]`;
  const known = sizes.points.length > 0 ? sizes.points : axes.map((axis) => axis.toUpperCase());
  const tail = [...known, ...new Array<number>(order).fill(dimensions)];
  const wanted = constant
    ? `${show(tail)} or ${show(["N", ...tail])}`
    : `${show(["T", ...tail])} or ${show(["N", "T", ...tail])}`;
  const like = sizes.first ? `, the points as of fields.${sizes.first}` : "";
  const refuse = (why = "") =>
    files.refuse(`fields.${name} has shape ${show(shape)}${why}, wanted ${wanted}${like}`);
  if (lead !== least && lead !== least + 1) refuse();
  if (components.some((n) => n !== dimensions)) refuse();
  const points = shape.slice(lead, lead + axes.length);
  if (
    points.some((n) => n < 1) || (sizes.points.length > 0 && points.some((n, i) => n !== sizes.points[i]))
  ) refuse();
  sizes.points = points;
  sizes.first ||= name;
  const agree = (key: "trajectories" | "steps", count: number) => {
    if (count < 1 || (sizes[key] > 0 && sizes[key] !== count)) {
      refuse(`, that is ${count} ${key === "steps" ? "frames" : key} where others have ${sizes[key]}`);
    }
    sizes[key] = count;
  };
  const sampleVarying = lead === least + 1;
  if (sampleVarying) agree("trajectories", shape[0]!);
  if (!constant) {
    agree("steps", shape[lead - 1]!);
    if (!sampleVarying) agree("trajectories", 1);
  }
  return { sampleVarying };
}

async function openFields(
  files: Files,
  description: Description,
  dimensions: number,
): Promise<{ fields: Field[]; sizes: Sizes }> {
  const sizes: Sizes = { trajectories: 0, steps: 0, points: [], first: "" };
  const entries = Object.entries(description.fields);
  const fields: Field[] = [];
  for (const constant of [false, true]) {
    for (const [name, field] of entries.filter(([, { constant: own }]) => own === constant)) {
      const array = await files.open(`fields.${name}`, field.file, field.array);
      const { axes } = description.grid;
      const { sampleVarying } = checkShape(files, name, field, array.shape, axes, dimensions, sizes);
      fields.push({ name, order: field.order, constant, array, sampleVarying });
    }
  }
  return { fields, sizes };
}

/** Coordinates of the axes, or of scattered points. */
async function readCoordinates(
  files: Files,
  { grid }: Description,
  { points }: Sizes,
): Promise<Float64Array[]> {
  const { axes, spacing, origin, coordinates } = grid;
  const scattered = axes.length === 1;
  if (!coordinates) {
    return points.map((n, axis) => {
      const step = typeof spacing === "number" ? spacing : spacing![axis]!;
      return Float64Array.from({ length: n }, (_, i) => (origin?.[axis] ?? 0) + i * step);
    });
  }
  const found: Float64Array[] = [];
  for (const [i, name] of (scattered ? Object.keys(coordinates) : axes).entries()) {
    const data = await files.numbers(`grid.coordinates.${name}`, coordinates[name]!);
    const wanted = points[scattered ? 0 : i]!;
    if (data.length !== wanted) {
      files.refuse(`grid.coordinates.${name} has ${data.length} numbers, wanted ${wanted}`);
    }
    found.push(data);
  }
  return found;
}

async function readTimes(
  files: Files,
  { time }: Description,
  { steps, trajectories }: Sizes,
): Promise<Float64Array> {
  if (typeof time === "number") return Float64Array.from({ length: steps }, (_, i) => i * time);
  const data = await files.numbers("time", time);
  if (data.length === steps || data.length === steps * trajectories) return data;
  return files.refuse(
    `time has ${data.length} numbers, wanted ${steps}, or ${steps} for each of ${trajectories} trajectories`,
  );
}

async function readScalars(
  files: Files,
  { scalars }: Description,
  count: number,
): Promise<Record<string, Float64Array>> {
  const found: Record<string, Float64Array> = {};
  for (const [name, given] of Object.entries(scalars)) {
    const data = await files.numbers(`scalars.${name}`, typeof given === "number" ? [given] : given);
    if (data.length !== 1 && data.length !== count) {
      files.refuse(
        `scalars.${name} has ${data.length} numbers, wanted 1 or one for each of ${count} trajectories`,
      );
    }
    found[name] = data;
  }
  return found;
}

/**
 * Opens the arrays of a folder.
 *
 * @param source where they lie
 * @param description what they are
 * @param folder `train/`, or empty
 * @param label path of the description, for messages
 * @throws SyntaxError naming the entry of the description and what does not fit
 */
export async function openRun(
  source: Source,
  description: Description,
  folder: string,
  label: string,
): Promise<Run> {
  const files = new Files(source, folder, label);
  try {
    const { grid, boundaries, name: dataset } = description;
    const dimensions = grid.coordinates ? Object.keys(grid.coordinates).length : grid.axes.length;
    const { fields, sizes } = await openFields(files, description, dimensions);
    const coordinates = await readCoordinates(files, description, sizes);
    const scalars = await readScalars(files, description, sizes.trajectories);
    const sides = grid.axes.map((axis): readonly [Boundary, Boundary] => {
      const given = boundaries[axis]!;
      return typeof given === "string" ? [given, given] : given;
    });
    return {
      trajectories: sizes.trajectories,
      steps: sizes.steps,
      fields,
      times: await readTimes(files, description, sizes),
      info: (index) => ({
        dataset,
        grid: { system: grid.system, axes: grid.axes, shape: sizes.points, coordinates },
        boundaries: sides,
        fields: fields.map(({ name, order, constant }) => ({ name, order, constant })),
        scalars: Object.fromEntries(
          Object.entries(scalars).map(([name, values]) => [name, values[values.length > 1 ? index : 0]!]),
        ),
      }),
      close: () => files.close(),
    };
  } catch (error) {
    files.close();
    throw error;
  }
}
