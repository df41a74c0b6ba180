// Bytes unpacked within a bound. They are given to the decoder in pieces that can not become much at once: what is over
// the bound is never in memory.

import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";

/** Packed bytes given at once: of these deflate makes 4 MiB at most. */
const PIECE = 4096;

/** More than the bound. */
export class Overflow extends RangeError {
  override name = "Overflow";
}

/**
 * Unpacks bytes.
 *
 * @param packed compressed bytes
 * @param format of the compression
 * @param most bytes it may become
 * @throws Overflow when it becomes more; TypeError when it is damaged
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const packed = new Blob(["a".repeat(1000)]).stream().pipeThrough(new CompressionStream("gzip"));
 * const bytes = await new Response(packed).bytes();
 * assert.equal((await inflate(bytes, "gzip", 1000)).length, 1000);
 * await assert.rejects(inflate(bytes, "gzip", 999), /more than 999 bytes/);
 * ```
 */
export async function inflate(
  packed: Uint8Array,
  format: CompressionFormat,
  most: number,
): Promise<Uint8Array> {
  let from = 0;
  const pieces = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (from >= packed.length) return controller.close();
      controller.enqueue(packed.slice(from, from += PIECE));
    },
  }, { highWaterMark: 0 });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of pieces.pipeThrough(new DecompressionStream(format))) {
    size += part.length;
    if (size > most) throw new Overflow(`it unpacks to more than ${most} bytes`);
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  while (parts.length > 0) {
    const part = parts.shift()!;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Encodings of bodies that are read, with what unpacks them. */
const ENCODINGS: Readonly<Record<string, CompressionFormat>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/**
 * How a body is packed.
 *
 * @param encoding the header `content-encoding`; null where there is none
 * @returns null where it is not
 * @throws Refusal for another encoding than those that are read
 */
export function packingOf(encoding: string | null): CompressionFormat | null {
  const name = encoding?.trim().toLowerCase() ?? "";
  if (name === "identity" || name === "") return null;
  if (Object.hasOwn(ENCODINGS, name)) return ENCODINGS[name]!;
  const known = Object.keys(ENCODINGS).join(", ");
  throw new Refusal(
    "unsupported_media",
    `The body is encoded as ${JSON.stringify(name.slice(0, 80))}, wanted ${known} or none`,
  );
}

/**
 * A body as it was before it was compressed for the way.
 *
 * @param body as it came
 * @param encoding the header `content-encoding`; null where there is none
 * @param limits of its bytes
 * @throws Refusal for another encoding, damage, or more bytes than it may have
 */
export async function decodeBody(
  body: Uint8Array,
  encoding: string | null,
  limits: Pick<Limits, "bytes">,
): Promise<Uint8Array> {
  const packing = packingOf(encoding);
  if (!packing) return body;
  try {
    return await inflate(body, packing, limits.bytes);
  } catch (error) {
    if (error instanceof Overflow) {
      throw new Refusal(
        "too_large",
        `The body unpacks to more than ${limits.bytes} bytes, the most it may have`,
      );
    }
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal("malformed", `The body is no ${packing} that can be unpacked: ${error.message}`);
  }
}
