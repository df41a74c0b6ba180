// Writing zip archives of entries that are stored as they are, up to 4 GiB.

import { crc32 } from "./crc32.ts";
import { CENTRAL, DATE, END, LOCAL, record, UTF8_NAMES } from "./zip_records.ts";

const LARGEST = 0xffffffff;
const VERSION = 20;

/**
 * A zip archive.
 *
 * @param files bytes by name
 * @throws RangeError for more than 4 GiB
 */
export function writeZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const encoded = new TextEncoder().encode(name);
    const shared = [
      [2, VERSION],
      [2, UTF8_NAMES],
      [2, 0],
      [2, 0],
      [2, DATE],
      [4, crc32(bytes)],
      [4, bytes.length],
      [4, bytes.length],
      [2, encoded.length],
      [2, 0],
    ] as const;
    parts.push(record([4, LOCAL], ...shared), encoded, bytes);
    // Comment, disk, attributes, place of the local header.
    const rest = [[2, 0], [2, 0], [2, 0], [4, 0], [4, offset]] as const;
    directory.push(record([4, CENTRAL], [2, VERSION], ...shared, ...rest), encoded);
    offset += 30 + encoded.length + bytes.length;
  }
  const count = Object.keys(files).length;
  const size = directory.reduce((n, { length }) => n + length, 0);
  if (offset + size > LARGEST || count > 0xffff) {
    throw new RangeError(
      `Cannot write an archive of ${count} files and ${offset} bytes, wanted less than 4 GiB`,
    );
  }
  const end = record([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  const all = [...parts, ...directory, end];
  const out = new Uint8Array(offset + size + end.length);
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
