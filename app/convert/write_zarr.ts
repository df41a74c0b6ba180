// Writes Zarr, version 3: a group a split whose arrays have named dimensions as the CF conventions want them, chunks of
// frames compressed by gzip (zarr-specs, "Zarr core specification", version 3).

import { gzipSync } from "node:zlib";
import type { Dataset, SampleInfo, Trajectory } from "walrus";
import { componentNames, type SampleField } from "walrus/data";
import { batchesOf, differing, equal, writtenFields, writtenValues } from "./frames.ts";
import type { Piece, Plan } from "./plan.ts";
import type { Settings } from "./settings.ts";
import type { Beside } from "./write_npz.ts";

/** An array that a field is written as: all its components, or one of those of a matrix, which CF has not. */
interface FieldArray {
  readonly name: string;
  readonly constant: boolean;
  /** Place of the field. */
  readonly field: number;
  /** Components of the field; which of them, or null for all. */
  readonly components: number;
  readonly component: number | null;
}

function arraysOf(info: SampleInfo, fields: readonly SampleField[]): FieldArray[] {
  return fields.flatMap((each, field): FieldArray[] => {
    const names = componentNames(info, each);
    const shared = { constant: each.constant, field, components: names.length };
    if (each.order < 2) return [{ name: each.name, ...shared, component: null }];
    return names.map((name, component) => ({ name, ...shared, component }));
  });
}

/** Sizes of a frame of an array, as its dimensions have them. */
function frameShape({ grid: { shape } }: SampleInfo, { components, component }: FieldArray): number[] {
  return components > 1 && component === null ? [...shape, components] : [...shape];
}

/** An array's numbers out of those of its field. */
function part(values: Float32Array, { components, component }: FieldArray): Float32Array {
  if (component === null) return values;
  return Float32Array.from(
    { length: values.length / components },
    (_, i) => values[i * components + component]!,
  );
}

const bytesOf = (numbers: Float32Array | Float64Array) =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** A chunk as it is stored. */
function encoded(numbers: Float32Array | Float64Array, { framesPerChunk, level }: Settings): Uint8Array {
  return framesPerChunk > 0 ? gzipSync(bytesOf(numbers), { level }) : bytesOf(numbers);
}

/** Writes an array's chunk in its folder. */
async function writeChunk(
  folder: string,
  place: readonly number[],
  numbers: Float32Array,
  settings: Settings,
): Promise<number> {
  const path = `${folder}/c/${place.join("/")}`;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const stored = encoded(numbers, settings);
  await Deno.writeFile(path, stored);
  return stored.length;
}

/**
 * Writes the chunks of some trajectories' fields.
 *
 * @param trajectories of a piece
 * @param piece tells the first one's place in the split
 * @param settings how
 * @param folder of the store
 * @param onFrames told of progress
 * @returns bytes that were written
 */
export async function writeChunks(
  trajectories: readonly Trajectory[],
  { split, first }: Piece,
  settings: Settings,
  folder: string,
  onFrames: (count: number) => void,
): Promise<number> {
  const { info } = trajectories[0]!;
  const { fields, added } = writtenFields(info);
  const arrays = arraysOf(info, fields);
  const frames = Math.max(1, settings.framesPerChunk);
  let bytes = 0;
  for (const [i, trajectory] of trajectories.entries()) {
    let at = 0;
    for await (const sample of batchesOf(trajectory, frames)) {
      const values = writtenValues(sample, added);
      for (const array of arrays) {
        const shape = frameShape(info, array);
        const zeros = shape.map(() => 0);
        const numbers = part(values[array.field]!, array);
        const own = `${folder}/${split}/${array.name}`;
        if (array.constant) {
          if (at === 0) bytes += await writeChunk(own, [first + i, ...zeros], numbers, settings);
          continue;
        }
        const size = shape.reduce((n, extent) => n * extent, frames);
        for (let chunk = 0; chunk * size < numbers.length; chunk++) {
          // The last chunk is whole, too.
          const whole = new Float32Array(size).fill(NaN);
          whole.set(numbers.subarray(chunk * size, (chunk + 1) * size));
          bytes += await writeChunk(own, [first + i, at / frames + chunk, ...zeros], whole, settings);
        }
      }
      at += sample.times.length;
      onFrames(sample.times.length);
    }
  }
  return bytes;
}

/** What a store says of an array. */
function metadata(
  shape: readonly number[],
  chunks: readonly number[],
  type: "float32" | "float64",
  dimensions: readonly string[],
  attributes: object,
  { framesPerChunk, level }: Settings,
) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: type,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: "NaN",
    codecs: [
      { name: "bytes", configuration: { endian: "little" } },
      ...framesPerChunk > 0 ? [{ name: "gzip", configuration: { level } }] : [],
    ],
    attributes,
    dimension_names: dimensions,
  };
}

/** Letters by which CF's readers know an axis, whatever its name. */
const AXES = ["X", "Y", "Z"];

/** All of a split but its chunks of frames: arrays with what they hold, by path. */
class SplitFiles {
  readonly files: [string, Uint8Array][] = [];
  readonly nodes: Record<string, object> = {};
  readonly #settings: Settings;
  readonly #split: string;

  constructor(split: string, settings: Settings) {
    this.#split = split;
    this.#settings = settings;
    this.node("", { zarr_format: 3, node_type: "group", attributes: {} });
  }

  node(name: string, value: object): void {
    const path = name ? `${this.#split}/${name}` : this.#split;
    this.nodes[path] = value;
    this.files.push([`${path}/zarr.json`, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)]);
  }

  /** An array whose numbers are here, in one chunk. */
  whole(
    name: string,
    data: Float64Array,
    shape: readonly number[],
    dimensions: readonly string[],
    attributes: object = {},
  ): void {
    this.node(name, metadata(shape, shape, "float64", dimensions, attributes, this.#settings));
    const key = ["c", ...shape.map(() => 0)].join("/");
    this.files.push([`${this.#split}/${name}/${key}`, encoded(data, this.#settings)]);
  }
}

/** What a split has beside its frames, and what could not be carried over. */
async function besideSplit(
  split: string,
  trajectories: readonly Trajectory[],
  settings: Settings,
  notes: string[],
) {
  const files = new SplitFiles(split, settings);
  const [first] = trajectories;
  const { info, steps } = first!;
  const { grid, boundaries } = info;
  const count = trajectories.length;
  const times = await first!.times();
  const own: Float64Array[] = [];
  for (const trajectory of trajectories) own.push(await trajectory.times());
  notes.push(
    ...differing("times", trajectories, (i) => equal(own[i]!, times)),
    ...differing(
      "coordinates",
      trajectories,
      (i) =>
        trajectories[i]!.info.grid.coordinates.every((values, axis) =>
          equal(values, grid.coordinates[axis]!)
        ),
    ),
  );
  files.whole("time", times, [steps], ["time"], { axis: "T" });
  grid.axes.forEach((axis, i) =>
    files.whole(axis, grid.coordinates[i]!, [grid.shape[i]!], [axis], {
      axis: AXES[i]!,
      boundary: boundaries[i]!.join(" "),
    })
  );
  for (const name of settings.scalars) {
    files.whole(name, Float64Array.from(trajectories, ({ info }) => info.scalars[name] ?? NaN), [count], [
      "trajectory",
    ]);
  }
  const frames = Math.max(1, settings.framesPerChunk);
  for (const array of arraysOf(info, writtenFields(info).fields)) {
    const shape = frameShape(info, array);
    const names = [...grid.axes, ...shape.length > grid.axes.length ? ["component"] : []];
    const [sizes, chunks, dimensions] = array.constant
      ? [[count, ...shape], [1, ...shape], ["trajectory", ...names]]
      : [[count, steps, ...shape], [1, frames, ...shape], ["trajectory", "time", ...names]];
    files.node(array.name, metadata(sizes, chunks, "float32", dimensions, {}, settings));
  }
  return files;
}

/**
 * All of a store but the chunks of frames; its root, which makes it one, comes last.
 *
 * @param data the source
 * @param plan what was written
 * @param settings how
 */
export async function besideChunks(data: Dataset, plan: Plan, settings: Settings): Promise<Beside> {
  const notes: string[] = [];
  const files: [string, Uint8Array][] = [];
  const nodes: Record<string, object> = {};
  for (const [split, items] of plan.splits) {
    const trajectories: Trajectory[] = [];
    for (const item of items) trajectories.push((await data.split(item.split)).trajectory(item.index));
    const { info } = trajectories[0]!;
    for (const { name, order } of info.fields) {
      if (order === 2) {
        notes.push(`"${name}" is a matrix, which CF's conventions do not have: its components are scalars`);
      }
    }
    if (info.grid.system !== "cartesian") {
      notes.push(`the grid's system "${info.grid.system}" is an attribute alone`);
    }
    const own = await besideSplit(split, trajectories, settings, notes);
    files.push(...own.files);
    Object.assign(nodes, own.nodes);
  }
  const [first] = [...plan.splits.values()].flat();
  const { grid } = (await data.split(first!.split)).trajectory(first!.index).info;
  const root = {
    zarr_format: 3,
    node_type: "group",
    attributes: { Conventions: "CF-1.11", title: settings.name, grid_type: grid.system },
    // So that a store on a server is read without a list of its files.
    consolidated_metadata: { kind: "inline", must_understand: false, metadata: nodes },
  };
  files.push(["zarr.json", new TextEncoder().encode(`${JSON.stringify(root, null, 2)}\n`)]);
  return { files, notes: [...new Set(notes)] };
}
