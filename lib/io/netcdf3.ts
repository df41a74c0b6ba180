// netCDF's classic formats (netCDF-3: classic and 64-bit offset). A library reads the header, of which it is given no
// more bytes than it takes; numbers are read by range. Layout: the NetCDF Users Guide, appendix "File Format
// Specifications": variables lie one after the other, those that grow along the record dimension interleaved, a record of
// each after a record of the other.

import type { ByteSource } from "./byte_source.ts";
import { type Netcdf3Attributes, type Netcdf3Type, parseNetcdf3, WIDTHS } from "./netcdf3_header.ts";

export type { Netcdf3Attributes, Netcdf3Type } from "./netcdf3_header.ts";

/** A variable of a file. */
export interface Netcdf3Variable {
  readonly name: string;
  /** Names of its dimensions, the slowest first. */
  readonly dimensions: readonly string[];
  readonly shape: readonly number[];
  readonly type: Netcdf3Type;
  readonly attributes: Netcdf3Attributes;
  /**
   * Numbers of a box in C order, at their own precision.
   *
   * @throws RangeError for a box that leaves the variable, SyntaxError for text
   */
  read(start: readonly number[], count: readonly number[]): Promise<Float32Array | Float64Array>;
}

/** An open file. */
export interface Netcdf3File {
  readonly name: string;
  readonly attributes: Netcdf3Attributes;
  readonly variables: readonly Netcdf3Variable[];
  close(): void;
}

/** Parts of a box that lie nearer to each other than this are read with what lies between them. */
const SMALL_GAP = 1 << 16;
/** Most bytes of a box with what lies between its parts. */
const LARGEST_HULL = 64 << 20;

/** Numbers of a type in big-endian bytes. */
function decode(bytes: Uint8Array, type: Netcdf3Type): Float32Array | Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / WIDTHS[type];
  if (type === "float") {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = view.getFloat32(4 * i);
    return out;
  }
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = type === "double"
      ? view.getFloat64(8 * i)
      : type === "int"
      ? view.getInt32(4 * i)
      : type === "short"
      ? view.getInt16(2 * i)
      : view.getInt8(i);
  }
  return out;
}

/** Where the parts of a box that are in one piece begin, relative to the variable, and how many bytes each has. */
function piecesOf(
  shape: readonly number[],
  strides: readonly number[],
  start: readonly number[],
  count: readonly number[],
  width: number,
): { readonly offsets: number[]; readonly length: number } {
  let axis = shape.length;
  let length = width;
  // Axes that are read whole, and the one before them, lie in one piece, unless records of others lie between.
  while (axis > 0 && strides[axis - 1] === length) {
    axis--;
    length *= count[axis]!;
    if (count[axis] !== shape[axis]) break;
  }
  const tail = start.slice(axis).reduce((sum, from, i) => sum + from * strides[axis + i]!, 0);
  let offsets = [tail];
  for (let outer = axis - 1; outer >= 0; outer--) {
    const places = Array.from({ length: count[outer]! }, (_, i) => (start[outer]! + i) * strides[outer]!);
    offsets = places.flatMap((place) => offsets.map((offset) => place + offset));
  }
  return { offsets, length };
}

/** Reads parts that lie apart: together where little lies between them. */
async function gather(source: ByteSource, offsets: readonly number[], length: number): Promise<Uint8Array> {
  const out = new Uint8Array(offsets.length * length);
  for (let i = 0; i < offsets.length;) {
    let end = i + 1;
    const from = offsets[i]!;
    while (
      end < offsets.length && offsets[end]! - offsets[end - 1]! - length <= SMALL_GAP &&
      offsets[end]! + length - from <= LARGEST_HULL
    ) end++;
    const bytes = await source.read(from, offsets[end - 1]! + length - from);
    for (; i < end; i++) {
      const at = offsets[i]! - from;
      out.set(bytes.subarray(at, at + length), i * length);
    }
  }
  return out;
}

/**
 * Opens a file.
 *
 * @param source becomes the file's own; closed when this throws
 * @throws SyntaxError naming the file and what is wrong with it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource } from "./byte_source.ts";
 * // No dimensions, no attributes, no variables.
 * const bytes = Uint8Array.of(0x43, 0x44, 0x46, 1, ...new Array(28).fill(0));
 * assert.deepEqual((await openNetcdf3(memorySource(bytes, "a.nc"))).variables, []);
 * await assert.rejects(openNetcdf3(memorySource(bytes.slice(0, 9), "a.nc")), /"a.nc": its header is cut off/);
 * ```
 */
export async function openNetcdf3(source: ByteSource): Promise<Netcdf3File> {
  const { name } = source;
  try {
    const { attributes, variables } = await parseNetcdf3(source);
    return {
      name,
      attributes,
      variables: variables.map(({ begin, strides, ...variable }): Netcdf3Variable => ({
        ...variable,
        async read(start, count) {
          const { shape, type } = variable;
          if (type === "char") {
            throw new SyntaxError(
              `Cannot read "${name}": variable "${variable.name}" holds text, wanted numbers`,
            );
          }
          const inside = start.length === shape.length && count.length === shape.length &&
            shape.every((size, i) => start[i]! >= 0 && count[i]! >= 0 && start[i]! + count[i]! <= size);
          if (!inside) {
            throw new RangeError(
              `Cannot read "${name}": variable "${variable.name}" has shape [${shape}], wanted [${count}] from [${start}]`,
            );
          }
          if (count.includes(0)) return decode(new Uint8Array(0), type);
          const { offsets, length } = piecesOf(shape, strides, start, count, WIDTHS[type]);
          return decode(await gather(source, offsets.map((offset) => begin + offset), length), type);
        },
      })),
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}
