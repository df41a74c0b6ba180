// Small files in the layouts of other collections, made on the spot: each number says where it stands.

import { type WritableDataset, type WritableGroup, writeHdf5 } from "../../../lib/io/hdf5_writer.ts";
import { memorySource } from "../../../lib/io/byte_source.ts";
import type { Dataset, Sample } from "../../../lib/data/dataset.ts";
import { type DataOptions, openData } from "../../../lib/data/open_data.ts";

/** A number that says which trajectory, frame, point and channel it belongs to. */
export function at(place: Readonly<Partial<Record<string, number>>>): number {
  const { n = 0, t = 0, x = 0, y = 0, z = 0, c = 0 } = place;
  return n * 10_000 + t * 1000 + x * 100 + y * 10 + z + c / 8;
}

/**
 * Numbers of an array whose axes are `axes`.
 *
 * @param more what every number belongs to besides
 */
export function placed(
  axes: string,
  shape: readonly number[],
  more: Readonly<Partial<Record<string, number>>> = {},
): Float32Array {
  const values = new Float32Array(shape.reduce((n, size) => n * size, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < values.length; i++) {
    values[i] = at({ ...more, ...Object.fromEntries([...axes].map((axis, a) => [axis, index[a]!])) });
    for (let a = shape.length - 1; a >= 0 && ++index[a]! === shape[a]; a--) index[a] = 0;
  }
  return values;
}

/** A dataset whose axes are `axes`. */
export function dataset(
  axes: string,
  shape: readonly number[],
  more: Readonly<Partial<Record<string, number>>> = {},
): WritableDataset {
  return { shape, data: placed(axes, shape, more) };
}

/** A dataset of some numbers. */
export function list(...numbers: readonly number[]): WritableDataset {
  return { shape: [numbers.length], data: Float64Array.from(numbers) };
}

/** The numbers 0, 1, .. */
export function counted(count: number): WritableDataset {
  return list(...Array.from({ length: count }, (_, i) => i));
}

/** Files by name; a tree becomes an HDF5 file. */
export type Files = Readonly<Record<string, WritableGroup | Uint8Array>>;

/** Opens files that lie in a folder together, or, where there is one, by itself. */
export async function openFiles(files: Files, options: DataOptions = {}): Promise<Dataset> {
  const entries: [string, Uint8Array][] = [];
  for (const [name, file] of Object.entries(files)) {
    entries.push([name, file instanceof Uint8Array ? file : await writeHdf5(file)]);
  }
  const [[name, bytes]] = entries as [[string, Uint8Array]];
  if (entries.length === 1) return await openData(memorySource(bytes, name), options);
  return await openData(
    new Map(entries.map(([name, bytes]) => [name, () => Promise.resolve(memorySource(bytes, name))])),
    options,
  );
}

/** The number of a field's component at a point of a frame. */
export function numberAt(
  { info, times, values }: Sample,
  field: string,
  frame: number,
  point: readonly number[],
  component = 0,
): number {
  const index = info.fields.findIndex(({ name }) => name === field);
  const { shape } = info.grid;
  const size = values[index]!.length / (info.fields[index]!.constant ? 1 : times.length);
  const components = size / shape.reduce((n, s) => n * s, 1);
  const place = point.reduce((sum, p, axis) => sum * shape[axis]! + p, 0);
  return values[index]![frame * size + place * components + component]!;
}
