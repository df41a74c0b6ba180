// The safetensors format: an 8-byte length, a JSON header, raw little-endian data. Nothing is allocated before it
// is checked against the size of the file.

import type { ByteSource } from "./byte_source.ts";
import { narrowToBfloat, narrowToHalf, STORED_BYTES, type StoredType, toFloat32 } from "./numbers.ts";
import { isUrl, openSource, type SourceInput } from "./source.ts";
import { type Checkpoint, elementsOf, type StoredTensor } from "./stored_tensor.ts";

const TYPES: Readonly<Record<string, StoredType>> = {
  F64: "f64",
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  I64: "i64",
  I32: "i32",
  I16: "i16",
  I8: "i8",
  U8: "u8",
  BOOL: "bool",
};

/** Longest header accepted, as the reference implementation. */
const LONGEST_HEADER = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function refuse(source: { readonly name: string }, why: string): never {
  throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readHeader(source: ByteSource): Promise<{ header: Record<string, unknown>; start: number }> {
  if (source.size < 8) refuse(source, `it has ${source.size} bytes, wanted a safetensors file of at least 8`);
  const prefix = await source.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(LONGEST_HEADER, source.size - 8))) {
    refuse(
      source,
      `its header claims ${length} bytes, the file has ${source.size}; it is no safetensors file`,
    );
  }
  const text = new TextDecoder().decode(await source.read(8, Number(length)));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    refuse(source, `its header is no JSON: ${(error as Error).message}`);
  }
  if (!isRecord(header)) refuse(source, "its header is no JSON object");
  return { header, start: 8 + Number(length) };
}

/** A checked entry of the header. */
function checkEntry(source: ByteSource, name: string, value: unknown, dataBytes: number): Entry {
  const fail = (why: string): never => refuse(source, `tensor "${name}": ${why}`);
  if (!isRecord(value)) return fail("its entry is no object");
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    return fail(`its type is ${JSON.stringify(dtype)}, wanted one of ${Object.keys(TYPES).join(", ")}`);
  }
  if (!Array.isArray(shape) || !Array.isArray(range) || range.length !== 2) {
    return fail("its entry is incomplete");
  }
  const [from, to] = range as [unknown, unknown];
  if (
    typeof from !== "number" || typeof to !== "number" || !Number.isSafeInteger(from) ||
    !Number.isSafeInteger(to)
  ) {
    return fail(`its byte range is ${JSON.stringify(range)}`);
  }
  if (from < 0 || to < from || to > dataBytes) {
    fail(`its bytes ${from} to ${to} leave the file, which has ${dataBytes} bytes of data`);
  }
  const bytes = elementsOf(shape, fail) * STORED_BYTES[TYPES[dtype]!];
  if (bytes !== to - from) fail(`${dtype} [${shape}] needs ${bytes} bytes, its range has ${to - from}`);
  return { dtype, shape: shape as number[], data_offsets: [from, to] };
}

function checkOverlap(source: ByteSource, entries: readonly (readonly [string, Entry])[]): void {
  const sorted = entries.filter(([, e]) => e.data_offsets[1] > e.data_offsets[0])
    .sort((a, b) => a[1].data_offsets[0] - b[1].data_offsets[0]);
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!];
    if (after[1].data_offsets[0] < before[1].data_offsets[1]) {
      refuse(source, `tensors "${before[0]}" and "${after[0]}" overlap`);
    }
  }
}

/**
 * Opens one safetensors file.
 *
 * @param source stays open until the checkpoint is closed
 * @throws SyntaxError naming the file and the tensor
 */
export async function openSafetensors(source: ByteSource): Promise<Checkpoint> {
  const { header, start } = await readHeader(source);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => [name, checkEntry(source, name, value, source.size - start)] as const);
  checkOverlap(source, entries);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of entries) {
    const type = TYPES[dtype]!;
    const read = async () => toFloat32(await source.read(start + from, to - from), type);
    tensors.set(name, { name, dtype: type, shape, read });
  }
  const close = () => source.close();
  return { name: source.name, format: "safetensors", tensors, close, [Symbol.dispose]: close };
}

/** A file beside the index. */
function sibling(index: SourceInput, file: string): SourceInput {
  if (index instanceof URL) return new URL(file, index);
  if (typeof index !== "string") throw new TypeError("Cannot find shards: pass the index by path or URL");
  return isUrl(index) ? new URL(file, index) : index.replace(/[^/\\]*$/, "") + file;
}

/** Largest index accepted. */
const LARGEST_INDEX = 16 << 20;

/**
 * Opens a sharded checkpoint through its index, `{"weight_map": {tensor: file}}`.
 *
 * @param source the index; closed when read
 * @param input how the index was named: shards are its siblings
 */
export async function openShards(source: ByteSource, input: SourceInput): Promise<Checkpoint> {
  if (source.size > LARGEST_INDEX) {
    refuse(source, `an index has at most ${LARGEST_INDEX} bytes, it ${source.size}`);
  }
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch (error) {
    refuse(source, `it is neither safetensors nor an index: ${(error as Error).message}`);
  }
  const map = isRecord(index) ? index.weight_map : undefined;
  if (!isRecord(map)) refuse(source, `it is JSON without a "weight_map", wanted a safetensors index`);
  const shards = new Map<string, Checkpoint>();
  const tensors = new Map<string, StoredTensor>();
  const close = () => shards.forEach((shard) => shard.close());
  try {
    for (const [name, file] of Object.entries(map)) {
      if (typeof file !== "string" || !/^[^/\\]+$/.test(file) || file === "..") {
        refuse(
          source,
          `tensor "${name}" lies in ${JSON.stringify(file)}, wanted the name of a file beside the index`,
        );
      }
      let shard = shards.get(file);
      if (!shard) {
        const opened = await openSource(sibling(input, file));
        shard = await openSafetensors(opened).catch((error) => {
          opened.close();
          throw error;
        });
        shards.set(file, shard);
      }
      const tensor = shard.tensors.get(name);
      if (!tensor) refuse(source, `tensor "${name}" is not in "${file}"`);
      tensors.set(name, tensor);
    }
  } catch (error) {
    close();
    throw error;
  }
  source.close();
  return { name: source.name, format: "safetensors", tensors, close, [Symbol.dispose]: close };
}

/** A tensor to write. */
export interface WritableTensor {
  /** Key in the file. */
  readonly name: string;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Numbers in C order. */
  readonly data: Float32Array;
}

const NARROW = {
  f32: ["F32", (data: Float32Array) => data],
  f16: ["F16", narrowToHalf],
  bf16: ["BF16", narrowToBfloat],
} as const;

/**
 * A safetensors file.
 *
 * @param tensors in the order in which they are stored
 * @param dtype storage type of all
 * @param metadata text by name, kept in the header
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const bytes = writeSafetensors([{ name: "a", shape: [2], data: Float32Array.of(1, 2) }]);
 * import { openSource } from "./source.ts";
 * using file = await openSafetensors(await openSource(bytes));
 * assert.deepEqual([...(await file.tensors.get("a")!.read())], [1, 2]);
 * ```
 */
export function writeSafetensors(
  tensors: readonly WritableTensor[],
  dtype: "f32" | "f16" | "bf16" = "f32",
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const [label, narrow] = NARROW[dtype];
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let size = 0;
  for (const { name, shape, data } of tensors) {
    const bytes = data.length * STORED_BYTES[dtype];
    header[name] = { dtype: label, shape, data_offsets: [size, size + bytes] };
    size += bytes;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + padded + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, 8, 8 + padded).set(text, 8);
  let at = 8 + padded;
  for (const { data } of tensors) {
    const stored = narrow(data);
    file.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), at);
    at += stored.byteLength;
  }
  return file;
}
