// Writes the safetensors format: an 8-byte length, a JSON header, raw little-endian data. The header needs shapes
// only, so numbers may be made one tensor at a time and a file of any size takes the memory of its largest tensor.

import { narrowToBfloat, narrowToHalf, STORED_BYTES } from "./numbers.ts";
import { quoted, shown } from "./quote.ts";
import { elementsOf } from "./stored_tensor.ts";

/** How numbers are stored. */
export type WritableType = "f32" | "f16" | "bf16";

/** A tensor to write. */
export interface WritableTensor {
  /** Key in the file. */
  readonly name: string;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Numbers in C order. */
  readonly data: Float32Array;
}

/** A tensor whose numbers are made when its turn comes. */
export interface StreamedTensor extends Omit<WritableTensor, "data"> {
  /** How it is stored, where this differs from the others. */
  readonly dtype?: WritableType;
  /** Numbers in C order. */
  read(): Float32Array | Promise<Float32Array>;
}

const LABEL: Readonly<Record<WritableType, string>> = { f32: "F32", f16: "F16", bf16: "BF16" };

/** The key under which the format keeps texts. */
const METADATA = "__metadata__";

function refuse(name: string, why: string): never {
  throw new TypeError(`Cannot write tensor ${quoted(name)}: ${why}`);
}

/** Stored bytes of f32 numbers. */
function narrow(data: Float32Array, dtype: WritableType): Uint8Array {
  const stored = dtype === "f32" ? data : dtype === "f16" ? narrowToHalf(data) : narrowToBfloat(data);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

interface Placed {
  readonly tensor: StreamedTensor;
  readonly dtype: WritableType;
  readonly elements: number;
}

/** The tensors in the order in which they are stored: wide elements first, so that all start aligned. */
function place(tensors: readonly StreamedTensor[], dtype: WritableType): Placed[] {
  const names = new Set<string>();
  const placed = tensors.map((tensor): Placed => {
    const { name, shape } = tensor;
    if (name === METADATA) refuse(name, "the format keeps this name for texts");
    if (names.has(name)) refuse(name, "there are two of this name");
    names.add(name);
    const elements = elementsOf(shape, (why) => refuse(name, why));
    return { tensor, dtype: tensor.dtype ?? dtype, elements };
  });
  return placed.sort((a, b) => STORED_BYTES[b.dtype] - STORED_BYTES[a.dtype]);
}

function headerOf(placed: readonly Placed[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let at = 0;
  for (const { tensor: { name, shape }, dtype, elements } of placed) {
    const end = at + elements * STORED_BYTES[dtype];
    entries.push([name, { dtype: LABEL[dtype], shape, data_offsets: [at, end] }]);
    at = end;
  }
  // fromEntries and not assignment: a tensor may be called __proto__.
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(text, 8);
  return header;
}

/**
 * A safetensors file, piece by piece: the header, then one tensor at a time.
 *
 * @param tensors in the order in which they are stored among those of one width; wider elements come first
 * @param dtype storage type of tensors that name none
 * @param metadata text by name, kept in the header
 * @throws TypeError for two tensors of one name, or numbers that do not fill their shape
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const tensor = { name: "a", shape: [2], read: () => Float32Array.of(1, 2) };
 * const pieces = await Array.fromAsync(streamSafetensors([tensor], "f16"));
 * assert.deepEqual(pieces.map((piece) => piece.length), [64, 4]);
 * ```
 */
export async function* streamSafetensors(
  tensors: readonly StreamedTensor[],
  dtype: WritableType = "f32",
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  const placed = place(tensors, dtype);
  yield headerOf(placed, metadata);
  for (const { tensor, dtype, elements } of placed) {
    const data = await tensor.read();
    checkCount(tensor, data, elements);
    yield narrow(data, dtype);
  }
}

function checkCount({ name, shape }: Omit<WritableTensor, "data">, data: Float32Array, wanted: number): void {
  if (data.length !== wanted) {
    refuse(name, `it has ${data.length} numbers, its shape ${shown(shape)} wants ${wanted}`);
  }
}

/**
 * A safetensors file in memory.
 *
 * @param tensors in the order in which they are stored
 * @param dtype storage type of all
 * @param metadata text by name, kept in the header
 * @throws TypeError for two tensors of one name, or numbers that do not fill their shape
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openCheckpoint } from "./checkpoint.ts";
 * const bytes = writeSafetensors([{ name: "a", shape: [2], data: Float32Array.of(1, 2) }]);
 * using file = await openCheckpoint(bytes);
 * assert.deepEqual([...(await file.tensors.get("a")!.read())], [1, 2]);
 * ```
 */
export function writeSafetensors(
  tensors: readonly WritableTensor[],
  dtype: WritableType = "f32",
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const placed = place(tensors.map(({ name, shape, data }) => ({ name, shape, read: () => data })), dtype);
  const header = headerOf(placed, metadata);
  const size = placed.reduce((sum, { elements }) => sum + elements * STORED_BYTES[dtype], 0);
  tensors.forEach((tensor, i) => checkCount(tensor, tensor.data, placed[i]!.elements));
  const file = new Uint8Array(header.length + size);
  file.set(header);
  let at = header.length;
  for (const { data } of tensors) {
    file.set(narrow(data, dtype), at);
    at += data.length * STORED_BYTES[dtype];
  }
  return file;
}
