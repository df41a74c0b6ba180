// NumPy arrays, and archives of them, as files. Apart from the readers: who only reads need not load it.

import { writeZip } from "./zip_writer.ts";

/** How a file begins. */
const MAGIC = "\x93NUMPY";

/** An array to write. */
export interface WritableArray {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** C order. */
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

const NAMES = { Float32Array: "<f4", Float64Array: "<f8", Int32Array: "<i4", Uint8Array: "|u1" } as const;

/**
 * What stands before the numbers of a .npy file, version 1.
 *
 * @param type NumPy's name of the numbers: `<f4`
 */
export function npyHeader(shape: readonly number[], type: string): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The numbers begin at a multiple of 64, so that the file can be mapped into memory.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length).fill(0x20);
  header.set([...MAGIC].map((c) => c.charCodeAt(0)));
  header.set([1, 0, length & 0xff, length >> 8], 6);
  header.set(new TextEncoder().encode(text), 10);
  header[header.length - 1] = 0x0a;
  return header;
}

/**
 * A .npy file, version 1.
 *
 * @throws RangeError when the shape does not fit the numbers
 */
export function writeNpy({ shape, data }: WritableArray): Uint8Array {
  const count = shape.reduce((n, size) => n * size, 1);
  if (count !== data.length) {
    throw new RangeError(`Cannot write ${data.length} numbers as an array of shape [${shape.join(", ")}]`);
  }
  const header = npyHeader(shape, NAMES[data.constructor.name as keyof typeof NAMES]);
  const out = new Uint8Array(header.length + data.byteLength);
  out.set(header);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return out;
}

/** A .npz file of arrays by name, not compressed. */
export function writeNpz(arrays: Readonly<Record<string, WritableArray>>): Uint8Array {
  return writeZip(
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, writeNpy(array)])),
  );
}
