// Arrays with a description, as docs/data.md has them in a folder, but of one trajectory and all in one request. Their
// headers are held against the limits, then they are read as such a folder.

import { openData } from "../../data/open_data.ts";
import type { FileTree } from "../../data/source.ts";
import { borrowedSource, type ByteSource, memorySource } from "../../io/byte_source.ts";
import { type NpyArray, openNpy } from "../../io/npy.ts";
import { writeNpy } from "../../io/npy_writer.ts";
import { quoted, shown } from "../../io/quote.ts";
import type { Sample } from "../../data/dataset.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { readFrames, refuseOver } from "./limit.ts";
import type { WindowOptions } from "./options.ts";
import { WINDOW } from "./refusing.ts";

/** Described arrays: all that is needed for a window. */
export interface DescribedArrays {
  /** What `arrays.yaml` says; `file` of a field may be left out. */
  readonly description: unknown;
  /** `.npy` files by the name of their array. */
  readonly arrays: ReadonlyMap<string, () => Promise<ByteSource>>;
}

type Plain = Readonly<Record<string, unknown>>;

/** Directions of space there are at most. */
const MOST_DIMENSIONS = 3;
/** Run parameters of a window. */
const MOST_SCALARS = 256;

export function refuse(why: string): never {
  throw new Refusal("malformed", `Cannot read "${WINDOW}": ${why}`);
}

function isRecord(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Collects the arrays that a description speaks of, under names that they have as files. */
class Files {
  readonly tree = new Map<string, () => Promise<ByteSource>>();
  readonly #arrays: DescribedArrays["arrays"];
  readonly #limits: Limits;

  constructor(arrays: DescribedArrays["arrays"], limits: Limits) {
    this.#arrays = arrays;
    this.#limits = limits;
  }

  /** The file of an array, opened to look at its header. */
  async take(key: string, name: string): Promise<{ readonly file: string; readonly array: NpyArray }> {
    const array = name.replace(/\.npy$/i, "");
    const open = this.#arrays.get(array);
    if (!open) {
      const there = [...this.#arrays.keys()];
      return refuse(`${key}: there is no array ${quoted(array)}, there are ${quoted(there.join(", "))}`);
    }
    const file = `${array}.npy`;
    const source = await open();
    this.tree.set(file, () => Promise.resolve(borrowedSource(source)));
    return { file, array: await openNpy(borrowedSource(source)) };
  }

  /** Numbers of a description: a list becomes an array, the name of one is held against the limits. */
  async numbers(key: string, given: unknown, most: number): Promise<unknown> {
    if (typeof given === "string") {
      const { file, array } = await this.take(key, given);
      const count = array.shape.reduce((n, size) => n * size, 1);
      refuseOver(count, most, `${key} has ${count} numbers`);
      return file;
    }
    if (!Array.isArray(given) || !given.every((value) => typeof value === "number")) return given;
    refuseOver(given.length, most, `${key} has ${given.length} numbers`);
    if (given.length === 0) return given;
    const file = `(${key}).npy`;
    const bytes = writeNpy({ shape: [given.length], data: Float64Array.from(given as number[]) });
    this.tree.set(file, () => Promise.resolve(memorySource(bytes, `${WINDOW}/${key}`)));
    return file;
  }

  /** A field with its file. @returns numbers it has, as f32 */
  async field(name: string, given: unknown, axes: number | null): Promise<{ entry: unknown; bytes: number }> {
    const key = `fields.${name}`;
    const record: Plain = isRecord(given) ? given : {};
    const called = typeof given === "string" ? given : record.file ?? record.array ?? name;
    if (typeof called !== "string") return { entry: given, bytes: 0 };
    const { file, array: { shape } } = await this.take(key, called);
    const { array: _, ...rest } = record;
    const { order = 0 } = record;
    // What is no order is refused by the description's reader, before it reads an array.
    if (axes !== null && (order === 0 || order === 1 || order === 2)) {
      const lead = record.constant === true ? 0 : 1;
      if (shape.length !== lead + axes + order) {
        const wanted = [lead ? "frames" : "", axes === 1 ? "points" : `points of ${axes} axes`]
          .concat(new Array<string>(order).fill("components")).filter(Boolean).join(", ");
        refuse(`${key} has shape ${shown(shape)}, wanted ${lead + axes + order} axes: ${wanted}`);
      }
      const points = shape.slice(lead, lead + axes).reduce((n, size) => n * size, 1);
      refuseOver(points, this.#limits.points, `${key} has ${points} points`);
    }
    return { entry: { ...rest, file }, bytes: 4 * shape.reduce((n, size) => n * size, 1) };
  }
}

/** Each member of an object through a function. */
async function each(
  key: string,
  record: unknown,
  most: number,
  change: (name: string, value: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (!isRecord(record)) return record;
  const entries = Object.entries(record);
  refuseOver(entries.length, most, `${key} has ${entries.length} entries`);
  const changed: [string, unknown][] = [];
  for (const [name, value] of entries) changed.push([name, await change(name, value)]);
  return Object.fromEntries(changed);
}

/** The description of a folder that holds the arrays, and that folder. */
async function folderOf({ description, arrays }: DescribedArrays, limits: Limits): Promise<FileTree> {
  if (!isRecord(description)) return refuse(`its description is ${shown(description)}, wanted an object`);
  const { grid, time, fields, scalars, splits, ...rest } = description;
  if (splits !== undefined) refuse("its description has splits, a window is of one trajectory");
  if (!isRecord(fields) || Object.keys(fields).length === 0) {
    refuse(`its description's fields are ${shown(fields)}, wanted an object of at least one`);
  }
  const files = new Files(arrays, limits);
  const axes = isRecord(grid) && Array.isArray(grid.axes) ? grid.axes.length : null;
  let bytes = 0;
  const taken = await each("fields", fields, limits.fields, async (name, given) => {
    const field = await files.field(name, given, axes);
    bytes += field.bytes;
    refuseOver(bytes, limits.bytes, `The window's fields take ${bytes} bytes`);
    return field.entry;
  });
  const described: Record<string, unknown> = { ...rest, fields: taken };
  if (grid !== undefined) {
    described.grid = isRecord(grid) && grid.coordinates !== undefined
      ? {
        ...grid,
        coordinates: await each("grid.coordinates", grid.coordinates, MOST_DIMENSIONS, (name, given) =>
          files.numbers(`grid.coordinates.${name}`, given, limits.points)),
      }
      : grid;
  }
  if (time !== undefined) described.time = await files.numbers("time", time, limits.points);
  if (scalars !== undefined) {
    described.scalars = await each(
      "scalars",
      scalars,
      MOST_SCALARS,
      (name, given) => files.numbers(`scalars.${name}`, given, 1),
    );
  }
  const text = new TextEncoder().encode(JSON.stringify(described));
  return files.tree.set("arrays.yaml", () => Promise.resolve(memorySource(text, WINDOW)));
}

/**
 * The window of described arrays.
 *
 * @param described arrays of one trajectory
 * @param options which of their frames
 * @param limits that hold before their numbers are read
 * @throws Refusal, or what the readers throw, naming the window and what is wrong in it
 */
export async function arraysSample(
  described: DescribedArrays,
  options: WindowOptions,
  limits: Limits,
): Promise<Sample> {
  const { split: name, trajectory = 0 } = options;
  if (name !== undefined || trajectory !== 0) {
    throw new Refusal(
      "malformed",
      `${
        name === undefined ? `trajectory ${trajectory}` : `split ${quoted(name)}`
      } was asked for, arrays are of one`,
    );
  }
  using data = await openData(await folderOf(described, limits), { format: "arrays" });
  return await readFrames((await data.split()).trajectory(0), options, limits);
}
