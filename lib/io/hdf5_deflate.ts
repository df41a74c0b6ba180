// What chunks of HDF5 files pass before they are written: bytes of equal place next to each other, which makes floats
// compress, then zlib's format. By the runtime's own zlib, where it has one that knows levels; else by the stream that
// browsers have.

import { builtin } from "./builtin.ts";

interface Zlib {
  deflateSync(bytes: Uint8Array, options: { level: number }): Uint8Array;
}

/**
 * The shuffle filter: first bytes of all numbers, then second ones, ...
 *
 * @param bytes of whole numbers
 * @param width bytes of a number
 */
export function shuffled(bytes: Uint8Array, width: number): Uint8Array {
  if (width === 1) return bytes;
  const out = new Uint8Array(bytes.length);
  for (let byte = 0, to = 0; byte < width; byte++) {
    for (let from = byte; from < bytes.length; from += width) out[to++] = bytes[from]!;
  }
  return out;
}

/**
 * Bytes in zlib's format.
 *
 * @param level 1 to 9; a browser has one of its own
 */
export async function deflated(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const zlib = builtin<Zlib>("zlib");
  if (zlib) return zlib.deflateSync(bytes, { level });
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
