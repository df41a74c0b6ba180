// Arrays of numbers in files of any container, read box by box.

import type { Hdf5File } from "../../../io/hdf5.ts";
import type { NpyArray } from "../../../io/npy.ts";

/** An array of a file. */
export interface StoredArray {
  /** As the file calls it, for messages. */
  readonly name: string;
  /** Numbers along each axis. */
  readonly shape: readonly number[];
  /**
   * Reads a box.
   *
   * @param start first index along each axis
   * @param count how many along each axis
   * @returns numbers in C order
   */
  read(start: readonly number[], count: readonly number[]): Promise<Float32Array>;
}

/**
 * An array of an HDF5 file.
 *
 * @param hdf5 open as long as the array is read
 * @param path of the dataset
 * @throws SyntaxError for a dataset that holds no numbers
 */
export async function hdf5Array(hdf5: Hdf5File, path: string): Promise<StoredArray> {
  const { shape, fault } = await hdf5.dataset(path);
  if (fault) throw new SyntaxError(`Cannot read "${hdf5.name}": dataset "${path}" ${fault}`);
  // Coordinates and times are made for as many as there are, whatever the file says of its own size.
  for (const size of shape) hdf5.checkClaim(8 * size, `an axis of "${path}"`);
  return { name: path, shape, read: (start, count) => hdf5.readFloat32(path, start, count) };
}

/** Runs of numbers that follow one another: where each begins, in C order, and how long all are. */
function runsOf(
  shape: readonly number[],
  start: readonly number[],
  count: readonly number[],
): { offsets: number[]; length: number } {
  let axis = shape.length;
  let length = 1;
  let size = 1;
  // Axes that are read whole, and the one before them, lie in one run.
  while (axis > 0) {
    axis--;
    length = count[axis]! * size;
    size *= shape[axis]!;
    if (count[axis] !== shape[axis]) break;
  }
  let offsets = [start[axis] ? start[axis]! * (size / shape[axis]!) : 0];
  for (let stride = size; axis > 0; stride *= shape[axis]!) {
    axis--;
    const places = Array.from({ length: count[axis]! }, (_, i) => (start[axis]! + i) * stride);
    offsets = places.flatMap((place) => offsets.map((offset) => place + offset));
  }
  return { offsets, length };
}

/**
 * An array of a NumPy file.
 *
 * @param array open as long as it is read
 * @param name of it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource } from "../../../io/byte_source.ts";
 * import { openNpy } from "../../../io/npy.ts";
 * import { writeNpy } from "../../../io/npy_writer.ts";
 * const bytes = writeNpy({ shape: [2, 2, 3], data: Float32Array.from({ length: 12 }, (_, i) => i) });
 * const array = npyArray(await openNpy(memorySource(bytes, "u.npy")), "u");
 * assert.deepEqual([...await array.read([0, 1, 1], [2, 1, 2])], [4, 5, 10, 11]);
 * ```
 */
export function npyArray(array: NpyArray, name: string): StoredArray {
  const { shape } = array;
  return {
    name,
    shape,
    async read(start, count) {
      const { offsets, length } = runsOf(shape, start, count);
      if (offsets.length === 1) return await array.readFloat32(offsets[0]!, length);
      const values = new Float32Array(offsets.length * length);
      for (const [i, offset] of offsets.entries()) {
        values.set(await array.readFloat32(offset, length), i * length);
      }
      return values;
    },
  };
}
