// Bodies of requests: read within bounds of size and time, decompressed within the same bounds.

import type { Holding } from "./held.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Bytes that have to come before the time limit starts anew: a body that trickles is one that stalls. */
const PROGRESS = 16 << 10;

/** A body that is here. */
export interface ReadBody {
  readonly bytes: Uint8Array;
  /** Bytes that came, before decompression. */
  readonly received: number;
}

function tooLarge(bytes: number, most: number, what = "The body"): Refusal {
  return new Refusal("too_large", `${what} has ${bytes} bytes or more, at most ${most} are taken`);
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
  what?: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLarge(length, most, what);
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

async function* streamed(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Bytes of gzip as they were before: never more than `most`. */
async function inflated(bytes: Uint8Array, most: number, holding: Holding): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const stream = source.pipeThrough(
    new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  try {
    return await collect(streamed(stream), most, holding, "The body, decompressed,");
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("malformed", "The body is no whole gzip, which content-encoding says it is", null, {
      cause: error,
    });
  }
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
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (!["identity", "gzip"].includes(encoding)) {
    throw new Refusal("unsupported_media", `The content-encoding is "${encoding}", wanted gzip or none`);
  }
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
  if (encoding === "identity") return { bytes, received: bytes.length };
  return { bytes: await inflated(bytes, limits.bytes, holding), received: bytes.length };
}
