// Reads the safetensors format: an 8-byte length, a JSON header, raw little-endian data; and sharded checkpoints
// through their index. Nothing is allocated before it is checked against the size of the file, and the byte ranges
// must cover the data once and leave nothing over, as the format asks.

import { type ByteSource, readInto } from "./byte_source.ts";
import type { HttpOptions } from "./http.ts";
import { STORED_BYTES, type StoredType, toFloat32, toUint16 } from "./numbers.ts";
import { quoted, shown } from "./quote.ts";
import { openSource, sibling, type SourceInput } from "./source.ts";
import {
  checkElements,
  type Checkpoint,
  checkpointOf,
  elementsOf,
  isHalf,
  type StoredTensor,
} from "./stored_tensor.ts";

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

/** Longest header accepted: parsed JSON takes many times its length. Enough for 100 000 tensors. */
const LONGEST_HEADER = 16 << 20;
/** Most files of a sharded checkpoint: each is held open. */
const MOST_SHARDS = 512;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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

/** JSON of a part of the file; damage names the file. */
async function readJson(source: ByteSource, offset: number, length: number, what: string): Promise<unknown> {
  const bytes = await source.read(offset, length);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    refuse(source, `${what}: ${quoted((error as Error).message)}`);
  }
}

/** Length of the header as the first 8 bytes claim it. */
async function headerLength(source: ByteSource): Promise<bigint> {
  const prefix = await source.read(0, 8);
  return new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
}

const OPENING_BRACE = 0x7b;

/** Whether a file has the outline of the format: a header that fits and starts as an object. */
export async function looksLikeSafetensors(source: ByteSource): Promise<boolean> {
  if (source.size < 9 || await headerLength(source) > BigInt(source.size - 8)) return false;
  return (await source.read(8, 1))[0] === OPENING_BRACE;
}

async function readHeader(source: ByteSource): Promise<{ header: Record<string, unknown>; start: number }> {
  if (source.size < 8) refuse(source, `it has ${source.size} bytes, wanted a safetensors file of at least 8`);
  const length = await headerLength(source);
  if (length > BigInt(source.size - 8)) {
    refuse(
      source,
      `its header claims ${length} bytes, the file has ${source.size}; it is no safetensors file`,
    );
  }
  if (length > BigInt(LONGEST_HEADER)) {
    refuse(source, `its header has ${length} bytes, wanted at most ${LONGEST_HEADER}`);
  }
  const header = await readJson(source, 8, Number(length), "its header is no JSON");
  if (!isRecord(header)) refuse(source, "its header is no JSON object");
  return { header, start: 8 + Number(length) };
}

/** The texts a header keeps beside its tensors. */
function readMetadata(source: ByteSource, value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isRecord(value)) refuse(source, "its __metadata__ is no object");
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      refuse(source, `its __metadata__ ${quoted(name)} is ${shown(text)}, wanted text`);
    }
  }
  return new Map(Object.entries(value as Record<string, string>));
}

/** A checked entry of the header. */
function checkEntry(source: ByteSource, name: string, value: unknown, dataBytes: number): Entry {
  const fail = (why: string): never => refuse(source, `tensor ${quoted(name)}: ${why}`);
  if (!isRecord(value)) return fail("its entry is no object");
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    return fail(`its type is ${shown(dtype)}, wanted one of ${Object.keys(TYPES).join(", ")}`);
  }
  if (!Array.isArray(shape) || !Array.isArray(range) || range.length !== 2) {
    return fail("its entry is incomplete");
  }
  const [from, to] = range as [unknown, unknown];
  if (
    typeof from !== "number" || typeof to !== "number" || !Number.isSafeInteger(from) ||
    !Number.isSafeInteger(to)
  ) {
    return fail(`its byte range is ${shown(range)}`);
  }
  if (from < 0 || to < from || to > dataBytes) {
    fail(`its bytes ${from} to ${to} leave the file, which has ${dataBytes} bytes of data`);
  }
  const bytes = elementsOf(shape, fail) * STORED_BYTES[TYPES[dtype]!];
  if (bytes !== to - from) fail(`${dtype} ${shown(shape)} needs ${bytes} bytes, its range has ${to - from}`);
  return { dtype, shape: shape as number[], data_offsets: [from, to] };
}

/** Refuses tensors that overlap, and bytes that belong to none: what is not named could hide anything. */
function checkCover(source: ByteSource, entries: readonly (readonly [string, Entry])[], dataBytes: number) {
  const sorted = entries.filter(([, e]) => e.data_offsets[1] > e.data_offsets[0])
    .sort((a, b) => a[1].data_offsets[0] - b[1].data_offsets[0]);
  let end = 0;
  let before = "";
  for (const [name, { data_offsets: [from, to] }] of sorted) {
    if (from < end) refuse(source, `tensors ${quoted(before)} and ${quoted(name)} overlap`);
    if (from > end) refuse(source, `bytes ${end} to ${from} of its data belong to no tensor`);
    [end, before] = [to, name];
  }
  if (end !== dataBytes) refuse(source, `bytes ${end} to ${dataBytes} of its data belong to no tensor`);
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
  checkCover(source, entries, source.size - start);
  const metadata = readMetadata(source, header.__metadata__);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype: label, shape, data_offsets: [from, to] }] of entries) {
    const dtype = TYPES[label]!;
    const width = STORED_BYTES[dtype];
    const bytes = (first = 0, end = (to - from) / width) =>
      source.read(start + from + first * width, (end - first) * width);
    tensors.set(name, {
      name,
      dtype,
      shape,
      contiguous: true,
      read: async (first, end) => toFloat32(await bytes(first, end), dtype),
      async readInto(into, first) {
        checkElements(source, name, first + into.length / width, (to - from) / width);
        await readInto(source, start + from + first * width, into);
      },
      ...(isHalf(dtype) ? { readBits: async (first, end) => toUint16(await bytes(first, end)) } : {}),
    });
  }
  return checkpointOf({ name: source.name, format: "safetensors", metadata, tensors }, () => source.close());
}

/** Largest index accepted. */
const LARGEST_INDEX = 16 << 20;

/**
 * Opens a sharded checkpoint through its index, `{"weight_map": {tensor: file}}`.
 *
 * @param source the index; closed when read
 * @param input how the index was named: shards are its siblings
 * @param options for remote files
 * @throws SyntaxError for an index that is broken or leaves its folder, RangeError for a shard that is missing
 */
export async function openShards(
  source: ByteSource,
  input: SourceInput,
  options: HttpOptions = {},
): Promise<Checkpoint> {
  if (source.size > LARGEST_INDEX) {
    refuse(source, `an index has at most ${LARGEST_INDEX} bytes, it ${source.size}`);
  }
  const index = await readJson(source, 0, source.size, "it is neither safetensors nor an index");
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
          `tensor ${quoted(name)} lies in ${shown(file)}, wanted the name of a file beside the index`,
        );
      }
      let shard = shards.get(file);
      if (!shard) {
        if (shards.size === MOST_SHARDS) refuse(source, `it names more than ${MOST_SHARDS} files`);
        const opened = await openSource(sibling(input, file), options);
        shard = await openSafetensors(opened).catch((error) => {
          opened.close();
          throw error;
        });
        shards.set(file, shard);
      }
      const tensor = shard.tensors.get(name);
      if (!tensor) refuse(source, `tensor ${quoted(name)} is not in ${quoted(file)}`);
      tensors.set(name, tensor);
    }
  } catch (error) {
    close();
    throw error;
  }
  source.close();
  return checkpointOf({ name: source.name, format: "safetensors", tensors }, close);
}
