// NumPy's array files, versions 1 to 3: number types of any byte order, in C order by range, in Fortran order whole.
// Objects are refused and never unpickled. Everything a header claims is checked against the size of the file.

import { type ByteSource, memorySource } from "./byte_source.ts";
import { widenFp16 } from "./numbers.ts";
import { quoted } from "./quote.ts";

/** Number types by NumPy's names; booleans are 0 and 1. */
export type NpyType = "f2" | "f4" | "f8" | "i1" | "i2" | "i4" | "i8" | "u1" | "u2" | "u4" | "u8" | "b1";

/** An array of a file. */
export interface NpyArray {
  /** Path or URL, for messages. */
  readonly name: string;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** How its numbers are stored. */
  readonly type: NpyType;
  /**
   * Numbers in C order, as f32.
   *
   * @param from first
   * @param count how many
   * @throws RangeError when the range leaves the array
   */
  readFloat32(from: number, count: number): Promise<Float32Array>;
  /** The same in double precision. */
  readFloat64(from: number, count: number): Promise<Float64Array>;
  /** Lets go of the file. */
  close(): void;
}

const MAGIC = "\x93NUMPY";
const LARGEST_HEADER = 1 << 20;
/** Largest array in Fortran order, which is read whole. */
const LARGEST_WHOLE = 1 << 30;

const VIEWS = {
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
} as const;

function refuse(name: string, why: string): never {
  throw new SyntaxError(`Cannot read "${name}": ${why}`);
}

interface Header {
  readonly type: NpyType;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** Reads the header's dictionary, a literal of Python. */
function parseHeader(text: string, name: string): Header {
  const value = (key: string, pattern: string) =>
    new RegExp(`['"]${key}['"]\\s*:\\s*(?:${pattern})\\s*[,}]`).exec(text)?.[1];
  const type = value("descr", `['"]([^'"]*)['"]`);
  const fortran = value("fortran_order", "(True|False)");
  const shape = value("shape", "\\(([\\d\\s,L]*)\\)");
  if (type === undefined && /['"]descr['"]\s*:\s*\[/.test(text)) {
    refuse(name, "it holds records of several values, wanted one number type");
  }
  if (type === undefined || fortran === undefined || shape === undefined) {
    refuse(name, `its header is ${quoted(text.trim())}, wanted descr, fortran_order and shape`);
  }
  const [order, kind] = [type[0]!, type.slice(1)];
  if (kind.startsWith("O")) {
    refuse(name, "it holds Python objects, which are never unpickled; wanted numbers");
  }
  if (!"<>|=".includes(order) || !Object.hasOwn(VIEWS, kind)) {
    refuse(name, `its numbers are of type ${quoted(type)}, wanted ${Object.keys(VIEWS).join(", ")}`);
  }
  const sizes = shape.split(",").filter((part) => part.trim() !== "").map((part) => parseInt(part));
  return { type: kind as NpyType, bigEndian: order === ">", fortran: fortran === "True", shape: sizes };
}

/** The header and where the numbers begin. */
async function readHeader(source: ByteSource): Promise<{ header: Header; start: number }> {
  const { name, size } = source;
  const first = await source.read(0, Math.min(12, size));
  const begins = String.fromCharCode(...first.subarray(0, 6));
  if (size < 12 || begins !== MAGIC) {
    refuse(name, `it is no .npy file, its first bytes are ${quoted(begins)}`);
  }
  const major = first[6]!;
  if (major < 1 || major > 3) refuse(name, `it is of format version ${major}, wanted 1, 2 or 3`);
  const view = new DataView(first.buffer, first.byteOffset);
  const [start, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > LARGEST_HEADER || start + length > size) {
    refuse(name, `its header claims ${length} bytes, the file has ${size}`);
  }
  const text = new TextDecoder().decode(await source.read(start, length));
  return { header: parseHeader(text, name), start: start + length };
}

/** Reverses the bytes of every element in place. */
function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Elements that stand in Fortran order, put into C order. */
function toCOrder(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((n, size) => n * size, width));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += width) {
    for (let byte = 0; byte < width; byte++) out[to + byte] = bytes[from + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Numbers of whole elements, native byte order. */
function numbersOf(bytes: Uint8Array, type: NpyType): ArrayLike<number> {
  const View = VIEWS[type];
  const width = View.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = bytes.byteOffset % width ? bytes.slice() : bytes;
  const values = new View(buffer as ArrayBuffer, byteOffset, bytes.length / width);
  if (type === "f2") return widenFp16(values as Uint16Array);
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : values;
}

/**
 * Opens an array.
 *
 * @param source becomes the array's own
 * @throws SyntaxError naming the file and what is wrong with it; RangeError for a large array in Fortran order
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource } from "./byte_source.ts";
 * import { writeNpy } from "./npy_writer.ts";
 * const bytes = writeNpy({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
 * const array = await openNpy(memorySource(bytes, "x.npy"));
 * assert.deepEqual(array.shape, [2, 3]);
 * assert.deepEqual([...await array.readFloat32(3, 3)], [4, 5, 6]);
 * ```
 */
export async function openNpy(source: ByteSource): Promise<NpyArray> {
  const { name } = source;
  const { header: { type, bigEndian, fortran, shape }, start } = await readHeader(source);
  const width = VIEWS[type].BYTES_PER_ELEMENT;
  const count = shape.reduce((n, size) => n * size, 1);
  if (!(start + count * width <= source.size)) {
    refuse(
      name,
      `an array of shape [${shape.join(", ")}] needs ${count * width} bytes, it has ${source.size - start}`,
    );
  }
  // A single axis lies the same way in both orders.
  const rearranged = fortran && shape.filter((size) => size > 1).length > 1;
  if (rearranged && count * width > LARGEST_WHOLE) {
    throw new RangeError(
      `Cannot read "${name}": it has ${
        count * width
      } bytes in Fortran order, wanted at most ${LARGEST_WHOLE}, or C order (numpy.ascontiguousarray)`,
    );
  }
  const numbers = rearranged
    ? memorySource(toCOrder(await source.read(start, count * width), shape, width), name)
    : source;
  const origin = rearranged ? 0 : start;
  const read = async (from: number, length: number): Promise<ArrayLike<number>> => {
    if (!(from >= 0 && length >= 0 && from + length <= count)) {
      throw new RangeError(
        `Cannot read "${name}": numbers ${from} to ${from + length} are wanted, it has ${count}`,
      );
    }
    const bytes = await numbers.read(origin + from * width, length * width);
    if (bigEndian && width > 1) swap(bytes, width);
    return numbersOf(bytes, type);
  };
  return {
    name,
    shape,
    type,
    readFloat32: async (from, length) => {
      const values = await read(from, length);
      return values instanceof Float32Array ? values : Float32Array.from(values);
    },
    readFloat64: async (from, length) => Float64Array.from(await read(from, length)),
    close: () => source.close(),
  };
}
