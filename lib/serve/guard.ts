// The body of a response on its way to a reader: chunks are made as the reader takes them, a reader that stalls is given
// up, and whoever made the body hears how it ended.

import { LeftError } from "./signals.ts";
import { Refusal } from "./refusal.ts";

/** Bytes of a chunk of a body that was made whole. */
const CHUNK = 64 << 10;
/** Milliseconds that a source has for its last words. */
const GRACE = 250;

/** What is told of a body. */
export interface GuardOptions {
  /** Seconds that a reader may take for a chunk. */
  readonly stall: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told once, when it is over: bytes that were taken, and what ended it early; null where nothing did. */
  onEnd(bytes: number, error: unknown): void;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A body that was made whole, in chunks. */
function chunked(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at += CHUNK));
    },
  }, { highWaterMark: 0 });
}

/**
 * Guards a body.
 *
 * @param body whole, or a stream that makes its chunks when they are asked for
 * @param options stall, signal, who is told
 */
export function guarded(
  body: Uint8Array | ReadableStream<Uint8Array>,
  { stall, signal, onEnd }: GuardOptions,
): ReadableStream<Uint8Array> {
  const reader: Reader = (body instanceof Uint8Array ? chunked(body) : body).getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let bytes = 0;
  let over = false;
  const end = (error: unknown) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", aborted);
    // Not waited for: what makes the body may be in the midst of a frame, and is ended by its signal.
    if (error !== null) reader.cancel(error).catch(() => {});
    onEnd(bytes, error);
  };
  /** Gives the reader so long for the next chunk. */
  const wait = () => {
    const late = () => giveUp(new Refusal("timeout", `The answer was not read for ${stall} seconds`));
    timer = setTimeout(late, stall * 1000);
  };
  let fail = (_error: unknown) => {};
  const giveUp = (error: unknown) => {
    end(error);
    fail(error);
  };
  // A source that hears the same signal has its last words, an error record, before the body is broken off.
  const aborted = () => {
    // What a client that left took is given back at once; its runtime cancels the body, and logs one that fails.
    if (signal.reason instanceof LeftError) end(signal.reason);
    grace = setTimeout(() => giveUp(signal.reason), GRACE);
  };
  signal.addEventListener("abort", aborted);
  // Nobody may read it at all.
  wait();
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      fail = (error) => controller.error(error);
    },
    async pull(controller) {
      clearTimeout(timer);
      try {
        const { done, value } = await reader.read();
        if (over) return;
        if (done) {
          clearTimeout(grace);
          end(null);
          return controller.close();
        }
        bytes += value.length;
        controller.enqueue(value);
        wait();
      } catch (error) {
        clearTimeout(grace);
        giveUp(error);
      }
    },
    cancel: (reason) => {
      clearTimeout(grace);
      end(new LeftError("The client left", { cause: reason }));
    },
  }, { highWaterMark: 0 });
}
