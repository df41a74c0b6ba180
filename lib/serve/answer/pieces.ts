// Text in pieces, as bytes: what is long to write is written a little at a time, and the thread is left to others in
// between, so that nobody waits for another's answer.

/** Milliseconds that the thread is kept at once. */
const KEPT = 8;
/** Letters of a chunk, about. */
const LETTERS = 64 << 10;

/** Lets others have their turn once the thread was kept for long. */
export class Pace {
  #since = performance.now();

  /** Resolves at once, or after the others. */
  async rest(): Promise<void> {
    if (performance.now() - this.#since < KEPT) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#since = performance.now();
  }
}

/**
 * Pieces of a text as chunks of bytes, each about as large as is sent at once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const chunks = [...encoded(["{", "}"])];
 * assert.deepEqual(chunks.map((chunk) => new TextDecoder().decode(chunk)), ["{}"]);
 * ```
 */
export function* encoded(pieces: Iterable<string>): Generator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < LETTERS) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/** Chunks as a stream, each made when it is asked for. */
export function paced(chunks: Iterator<Uint8Array, unknown>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pace = new Pace();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await pace.rest();
      const { done, value } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
  }, { highWaterMark: 0 });
}
