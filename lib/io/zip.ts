// Zip archives, 64-bit sizes included: the container of PyTorch checkpoints and of NumPy's npz. Only the central
// directory is read; entries are ranges. Everything an archive claims is checked against the size of the file
// before it is believed.

import { type ByteSource, memorySource, partSource } from "./byte_source.ts";
import { crc32 } from "./crc32.ts";
import { quoted } from "./quote.ts";

/** An entry: where its bytes lie. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once unpacked. */
  readonly size: number;
  /** Bytes in the archive: `size` of entries that are stored as they are. */
  readonly stored: number;
  readonly deflated: boolean;
  readonly crc: number;
  /** Offset of the local header; the data follows it. */
  readonly headerOffset: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LARGEST_DIRECTORY = 64 << 20;
const IN_64_BITS = 0xffffffff;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
/** Bytes that deflate makes of one at most. */
const MOST_EXPANSION = 1032;

const decoder = new TextDecoder();

function refuse(source: ByteSource, why: string): never {
  throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
}

async function view(source: ByteSource, offset: number, length: number): Promise<DataView> {
  if (offset < 0 || offset + length > source.size) {
    refuse(
      source,
      `the archive points to bytes ${offset} to ${offset + length}, the file has ${source.size}`,
    );
  }
  const bytes = await source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function number64(source: ByteSource, data: DataView, offset: number, expansion = 1): number {
  const value = data.getBigUint64(offset, true);
  if (value > BigInt(source.size * expansion)) {
    refuse(source, `the archive names offset ${value}, the file has ${source.size}`);
  }
  return Number(value);
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

async function findDirectory(source: ByteSource): Promise<Directory> {
  const tail = Math.min(source.size, END_BYTES + LONGEST_COMMENT);
  if (tail < END_BYTES) refuse(source, `it has ${source.size} bytes, too few for a zip archive`);
  const data = await view(source, source.size - tail, tail);
  let end = tail - END_BYTES;
  // The record's comment reaches the end of the file: a signature inside the comment is no record.
  const isRecord = (at: number) =>
    data.getUint32(at, true) === END && at + END_BYTES + data.getUint16(at + 20, true) === tail;
  while (end >= 0 && !isRecord(end)) end--;
  if (end < 0) refuse(source, "the archive's end record is missing: it is truncated or damaged");
  const directory = {
    entries: data.getUint16(end + 10, true),
    bytes: data.getUint32(end + 12, true),
    offset: data.getUint32(end + 16, true),
  };
  const locator = source.size - tail + end - 20;
  if (locator < 0) return directory;
  const found = await view(source, locator, 20);
  if (found.getUint32(0, true) !== LOCATOR_64) return directory;
  const record = await view(source, number64(source, found, 8), 56);
  if (record.getUint32(0, true) !== END_64) refuse(source, "the archive's 64-bit end record is damaged");
  return {
    entries: number64(source, record, 32),
    bytes: number64(source, record, 40),
    offset: number64(source, record, 48),
  };
}

/** The 64-bit sizes that an extra field gives in place of those that are all ones. */
function wide(source: ByteSource, data: DataView, from: number, to: number, fields: number[]): number[] {
  for (let at = from; at + 4 <= to;) {
    const [id, length] = [data.getUint16(at, true), data.getUint16(at + 2, true)];
    if (id === 1) {
      let next = at + 4;
      return fields.map((value) => {
        if (value !== IN_64_BITS) return value;
        if (next + 8 > Math.min(to, at + 4 + length)) refuse(source, "an entry's 64-bit sizes are missing");
        next += 8;
        return number64(source, data, next - 8, MOST_EXPANSION);
      });
    }
    at += 4 + length;
  }
  return fields;
}

/**
 * Reads the directory of an archive.
 *
 * @param source the archive
 * @param options `deflated`: whether entries may be compressed, so that they are no ranges of the file; `rewritten`: whether
 *   an entry may be there again, of which the last one counts, as archives have it that were added to
 * @returns entries by name
 * @throws SyntaxError for a broken archive, an encrypted entry, a compressed one where none may be
 */
export async function readZip(
  source: ByteSource,
  options: { readonly deflated?: boolean; readonly rewritten?: boolean } = {},
): Promise<Map<string, ZipEntry>> {
  const directory = await findDirectory(source);
  if (directory.bytes > LARGEST_DIRECTORY) refuse(source, `its directory claims ${directory.bytes} bytes`);
  const data = await view(source, directory.offset, directory.bytes);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.entries; i++) {
    if (at + 46 > data.byteLength || data.getUint32(at, true) !== CENTRAL) {
      refuse(source, `entry ${i} of the archive's directory is damaged`);
    }
    const [flags, method] = [data.getUint16(at + 8, true), data.getUint16(at + 10, true)];
    const lengths = [28, 30, 32].map((field) => data.getUint16(at + field, true));
    const [nameLength = 0, extraLength = 0, commentLength = 0] = lengths;
    const nameEnd = at + 46 + nameLength;
    if (nameEnd + extraLength > data.byteLength) {
      refuse(source, `entry ${i} of the archive's directory is cut off`);
    }
    const name = decoder.decode(new Uint8Array(data.buffer, data.byteOffset + at + 46, nameLength));
    const fields = [
      data.getUint32(at + 24, true),
      data.getUint32(at + 20, true),
      data.getUint32(at + 42, true),
    ];
    const [size = 0, stored = 0, headerOffset = 0] = wide(
      source,
      data,
      nameEnd,
      nameEnd + extraLength,
      fields,
    );
    if (flags & ENCRYPTED) refuse(source, `entry ${quoted(name)} is encrypted`);
    const deflated = method === DEFLATED;
    if (method !== STORED && !(deflated && options.deflated)) {
      refuse(source, `entry ${quoted(name)} is compressed (method ${method}), wanted stored as it is`);
    }
    if (deflated ? size > stored * MOST_EXPANSION : stored !== size) {
      const wanted = deflated ? `at most ${MOST_EXPANSION} times that` : "the same";
      refuse(source, `entry ${quoted(name)} has ${size} bytes and is stored in ${stored}, wanted ${wanted}`);
    }
    if (headerOffset + stored > source.size) {
      refuse(
        source,
        `entry ${quoted(name)} claims ${stored} bytes at ${headerOffset}, the file has ${source.size}`,
      );
    }
    if (entries.has(name) && !options.rewritten) {
      refuse(source, `the archive has two entries ${quoted(name)}`);
    }
    const crc = data.getUint32(at + 16, true);
    entries.set(name, { name, size, stored, deflated, crc, headerOffset });
    at = nameEnd + extraLength + commentLength;
  }
  return entries;
}

/**
 * Offset of an entry's first byte.
 *
 * @throws SyntaxError when its local header is damaged or its data leaves the file
 */
export async function dataOffset(source: ByteSource, entry: ZipEntry): Promise<number> {
  const header = await view(source, entry.headerOffset, 30);
  if (header.getUint32(0, true) !== LOCAL) {
    refuse(source, `the header of entry ${quoted(entry.name)} is damaged`);
  }
  const offset = entry.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (offset + entry.stored > source.size) refuse(source, `entry ${quoted(entry.name)} leaves the file`);
  return offset;
}

/** Largest entry that is unpacked at once. */
const LARGEST_UNPACKED = 1 << 30;

/**
 * An entry as bytes by range: a part of the file, or unpacked in memory where it is compressed.
 *
 * @param source stays open as long as the entry is read
 * @throws SyntaxError for damage, RangeError for a compressed entry too large to unpack at once
 */
export async function openEntry(source: ByteSource, entry: ZipEntry): Promise<ByteSource> {
  const name = `${source.name}/${quoted(entry.name).slice(1, -1)}`;
  const offset = await dataOffset(source, entry);
  if (!entry.deflated) return partSource(source, name, offset, entry.size);
  if (entry.size > LARGEST_UNPACKED) {
    throw new RangeError(
      `Cannot read "${name}": it is compressed and has ${entry.size} bytes, wanted at most ${LARGEST_UNPACKED}, or stored as it is`,
    );
  }
  const packed = await source.read(offset, entry.stored);
  const bytes = await inflate(packed, entry.size).catch((error) =>
    refuse(source, `entry ${quoted(entry.name)} is damaged: ${(error as Error).message}`)
  );
  if (crc32(bytes) !== entry.crc) {
    refuse(source, `entry ${quoted(entry.name)} is damaged: its checksum differs`);
  }
  return memorySource(bytes, name);
}

/** Unpacks deflated bytes to exactly `size`. */
async function inflate(packed: Uint8Array, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  let done = 0;
  while (true) {
    const { done: ended, value } = await reader.read();
    if (ended) break;
    if (done + value.length > size) {
      await reader.cancel();
      throw new RangeError(`it unpacks to more than ${size} bytes`);
    }
    bytes.set(value, done);
    done += value.length;
  }
  if (done !== size) throw new RangeError(`it unpacks to ${done} bytes, wanted ${size}`);
  return bytes;
}
