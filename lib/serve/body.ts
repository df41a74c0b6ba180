// Bodies of requests: read within bounds of size and time, decompressed within the same bounds.

import type { Holding } from "./held.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { decodeBody, packingOf } from "./window/inflate.ts";

/** Bytes that have to come before the time limit starts anew: a body that trickles is one that stalls. */
const PROGRESS = 16 << 10;

/** A body that is here. */
export interface ReadBody {
  readonly bytes: Uint8Array;
  /** Bytes that came, before decompression. */
  readonly received: number;
}

function tooLarge(bytes: number, most: number): Refusal {
  return new Refusal("too_large", `The body has ${bytes} bytes or more, at most ${most} are taken`);
}

/** Chunks as they come; ends with the reader's lock given back. */
async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  stall: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  const stop = new AbortController();
  const fired = AbortSignal.any([signal, stop.signal]);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  fired.addEventListener("abort", () => reject(fired.reason));
  const late = () =>
    stop.abort(
      new Refusal("timeout", `The body stalled: fewer than ${PROGRESS} bytes came in ${stall} seconds`, 1),
    );
  let timer = setTimeout(late, stall * 1000);
  let since = 0;
  try {
    fired.throwIfAborted();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return;
      since += value.length;
      if (since >= PROGRESS) {
        clearTimeout(timer);
        timer = setTimeout(late, stall * 1000);
        since = 0;
      }
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // What comes after an early end is not wanted; whoever sends it is told by the response.
    reader.cancel().catch(() => {});
  }
}

/** All bytes of a stream, as one array. */
async function collect(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  holding: Holding,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLarge(length, most);
    holding.add(chunk.length);
    parts.push(chunk);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Reads a request's body.
 *
 * @param request with a body
 * @param limits bytes, and seconds without progress
 * @param holding counts what is kept
 * @param signal ends it
 * @throws Refusal `too_large`, `timeout`, `unsupported_media`, `malformed`, `busy`; the signal's reason
 */
export async function readBody(
  request: Request,
  limits: Pick<Limits, "bytes" | "stall">,
  holding: Holding,
  signal: AbortSignal,
): Promise<ReadBody> {
  const encoding = request.headers.get("content-encoding");
  const isPacked = packingOf(encoding) !== null;
  const claimed = Number(request.headers.get("content-length") ?? 0);
  if (claimed > limits.bytes) throw tooLarge(claimed, limits.bytes);
  if (!request.body) {
    throw new Refusal("malformed", "The request has no body, wanted a window or a reference to data");
  }
  const bytes = await collect(chunksOf(request.body, limits.stall, signal), limits.bytes, holding).catch(
    (error) => {
      if (error instanceof Refusal || signal.aborted) throw error;
      throw new Refusal("malformed", "The body ended before its length", null, { cause: error });
    },
  );
  if (!isPacked) return { bytes, received: bytes.length };
  const unpacked = await decodeBody(bytes, encoding, limits);
  holding.add(unpacked.length);
  return { bytes: unpacked, received: bytes.length };
}
