// Zip archives with stored entries, 64-bit sizes included: the container of PyTorch checkpoints. Only the central
// directory is read; entries are ranges. Everything an archive claims is checked against the size of the file
// before it is believed.

import type { ByteSource } from "./byte_source.ts";
import { quoted } from "./quote.ts";

/** An entry: where its bytes lie. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
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

function number64(source: ByteSource, data: DataView, offset: number): number {
  const value = data.getBigUint64(offset, true);
  if (value > BigInt(source.size)) {
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
        return number64(source, data, next - 8);
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
 * @returns entries by name
 * @throws SyntaxError for a broken archive, a compressed or encrypted entry
 */
export async function readZip(source: ByteSource): Promise<Map<string, ZipEntry>> {
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
    if (method !== 0) {
      refuse(source, `entry ${quoted(name)} is compressed (method ${method}), wanted stored as it is`);
    }
    if (stored !== size) {
      refuse(source, `entry ${quoted(name)} has ${size} bytes and is stored in ${stored}, wanted the same`);
    }
    if (headerOffset + size > source.size) {
      refuse(
        source,
        `entry ${quoted(name)} claims ${size} bytes at ${headerOffset}, the file has ${source.size}`,
      );
    }
    if (entries.has(name)) refuse(source, `the archive has two entries ${quoted(name)}`);
    entries.set(name, { name, size, headerOffset });
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
  if (offset + entry.size > source.size) refuse(source, `entry ${quoted(entry.name)} leaves the file`);
  return offset;
}
