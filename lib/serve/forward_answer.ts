// Answers that are passed on record by record: only whole records are, so that an error can be told in the answer's own
// form when the other endpoint goes away in the midst of one.

import { LENGTHS, recordOf } from "./answer/records.ts";

/** How an answer falls into records. */
export interface RecordFormat {
  /**
   * Where the first record of some bytes ends.
   *
   * @returns its length with all that delimits it; null while it is not whole
   */
  endOf(bytes: Uint8Array): number | null;
  /** Whether a record says that none follows. */
  isLast(record: Uint8Array): boolean;
  /** A record that tells an error. */
  error(problem: unknown): Uint8Array<ArrayBuffer>;
}

const text = new TextEncoder();

/** Events of `text/event-stream`: lines up to an empty one. */
const events: RecordFormat = {
  endOf(bytes) {
    for (let at = bytes.indexOf(10); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(10, at + 1)) {
      if (bytes[at + 1] === 10) return at + 2;
      if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
    }
    return null;
  },
  isLast: (record) => /^event: ?(?:end|error)\r?$/m.test(new TextDecoder().decode(record.subarray(0, 64))),
  error: (problem) => text.encode(`event: error\ndata: ${JSON.stringify(problem)}\n\n`),
};

/** Records of `application/x-walrus-frames`. */
const frames: RecordFormat = {
  endOf(bytes) {
    if (bytes.length < LENGTHS) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = LENGTHS + view.getUint32(0, true) + view.getUint32(4, true);
    return bytes.length < end ? null : end;
  },
  isLast: (record) =>
    /^\s*\{\s*"(?:end|error)"/.test(new TextDecoder().decode(record.subarray(LENGTHS, LENGTHS + 64))),
  error: (problem) => recordOf({ error: problem }) as Uint8Array<ArrayBuffer>,
};

/** How an answer of this content type falls into records; null for one that is whole or broken. */
export function recordFormat(contentType: string | null): RecordFormat | null {
  const type = (contentType ?? "").replace(/;.*/, "").trim().toLowerCase();
  if (type === "text/event-stream") return events;
  return type === "application/x-walrus-frames" ? frames : null;
}

/** Chunks that are looked at as one piece of bytes; joined only when more is wanted. */
class Gathered {
  #bytes = new Uint8Array(0);
  #length = 0;

  add(chunk: Uint8Array): void {
    if (this.#length + chunk.length > this.#bytes.length) {
      // Twice as much each time, so that a record of many chunks is not copied with each of them.
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + chunk.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, length);
    this.#bytes = this.#bytes.slice(length, this.#length);
    this.#length -= length;
    return taken;
  }
}

/**
 * An answer as it is passed on. One that falls into records ends with a record that says so, or with an error; any other
 * is broken where the other endpoint's was.
 *
 * @param body the other endpoint's
 * @param format of its records, if it has some
 * @param most bytes of a record: an endless one is not gathered
 * @param problemOf what an error record tells
 */
export async function* passedOn(
  body: ReadableStream<Uint8Array>,
  format: RecordFormat | null,
  most: number,
  problemOf: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, void> {
  if (!format) return yield* body;
  const gathered = new Gathered();
  try {
    for await (const chunk of body) {
      gathered.add(chunk);
      for (let end = format.endOf(gathered.bytes); end !== null; end = format.endOf(gathered.bytes)) {
        const record = gathered.take(end);
        yield record;
        if (format.isLast(record)) return;
      }
      if (gathered.bytes.length > most) throw new RangeError(`a record of its answer exceeds ${most} bytes`);
    }
    throw new TypeError("its answer ended before its last record");
  } catch (error) {
    yield format.error(problemOf(error));
  }
}
