// Remote files by range requests. Readers ask for many small ranges close together, so small reads go through a
// cache of blocks and share requests; large reads (tensors) go around it and are held once.

import { type ByteSource, checkRange, memorySource } from "./byte_source.ts";

/** Bytes of a cached block. */
const BLOCK = 1 << 16;
/** Blocks kept: 16 MiB. */
const KEPT = 256;
/** Reads from this length on are not cached. */
const LARGE = 4 << 20;
/** Bytes of one request of a large read: a lost connection costs no more. */
const PIECE = 64 << 20;
/** Largest file taken whole from a server that ignores ranges. */
const WHOLE = 64 << 20;

/** How a remote file is opened. */
export interface HttpOptions {
  /** Ends requests. */
  readonly signal?: AbortSignal;
  /** Instead of the global one, for tests and custom headers. */
  readonly fetch?: typeof fetch;
}

function fail(url: string, why: string, cause?: unknown): never {
  throw new RangeError(`Cannot read "${url}": ${why}`, { cause });
}

/** Fails for what may go well the next time: a connection that broke, a server that is busy, a body cut short. */
export function stumble(url: string, why: string, cause?: unknown): never {
  throw Object.assign(new RangeError(`Cannot read "${url}": ${why}`, { cause }), { passing: true });
}

/** Statuses of servers that are busy or down for a moment. */
export const BUSY: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Does it again where it fails for what may pass; how is loaded only then. */
export async function withRetries<T>(work: () => Promise<T>, { signal }: HttpOptions): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return await (await import("./http_retry.ts")).again(work, error, signal);
  }
}

/** Makes a request; what fails on the way names the URL. */
export async function request(url: string, init: RequestInit, options: HttpOptions): Promise<Response> {
  const fetcher = options.fetch ?? fetch;
  try {
    return await fetcher(url, { ...init, ...(options.signal ? { signal: options.signal } : {}) });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    // A fetch of the caller's own has its own reasons, and has tried what it will.
    return (error instanceof TypeError ? stumble : fail)(url, (error as Error).message, error);
  }
}

const rangeOf = (from: number, to: number): RequestInit => ({
  headers: { range: `bytes=${from}-${to - 1}` },
});

/** A body's chunks; what goes wrong on the way names the URL. Who stops early ends the transfer. */
async function* bodyChunks(
  url: string,
  response: Response,
  options: HttpOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  // A reader and not `for await`: not every browser iterates streams.
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (options.signal?.aborted) throw error;
    stumble(url, `the connection broke off: ${(error as Error).message}`, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** A whole body of at most `limit` bytes. */
export async function collect(
  url: string,
  response: Response,
  options: HttpOptions,
  limit: number,
): Promise<ArrayBuffer> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(url, response, options)) {
    size += chunk.length;
    if (size > limit) fail(url, `the server sent more than ${limit} bytes, wanted at most that`);
    parts.push(chunk);
  }
  return await new Blob(parts).arrayBuffer();
}

/** The body of a server that ignores ranges, when it is small enough to keep. */
async function wholeBody(url: string, response: Response, options: HttpOptions): Promise<ByteSource> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > WHOLE) {
    await response.body?.cancel();
    fail(url, `the server ignores ranges and the file has ${announced} bytes, wanted at most ${WHOLE}`);
  }
  return memorySource(new Uint8Array(await collect(url, response, options, WHOLE)), url);
}

/** What tells one state of a remote file from another; null when the server does not say. */
function versionOf(response: Response): string | null {
  return response.headers.get("etag")?.replace(/^W\//, "") ?? response.headers.get("last-modified");
}

/** First byte and size of the file as the answer gives them; null where the header is missing or hidden. */
function contentRange(response: Response): { start: number; size: number } | null {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return found && { start: Number(found[1]), size: Number(found[2]) };
}

/** Size of a file whose ranges are served without it: other origins may see Content-Length but not Content-Range. */
async function sizeByHead(url: string, options: HttpOptions): Promise<number> {
  const response = await request(url, { method: "HEAD" }, options);
  const length = response.headers.get("content-length");
  if (!response.ok || length === null || response.headers.has("content-encoding")) {
    fail(
      url,
      `the server gives no size: no Content-Range, and HEAD is answered ${response.status} without one`,
    );
  }
  return Number(length);
}

/**
 * Opens a remote file.
 *
 * @param address http or https URL
 * @param options signal, fetch
 * @throws RangeError naming the URL and what the server answered
 */
export function httpSource(address: string | URL, options: HttpOptions = {}): Promise<ByteSource> {
  return withRetries(() => openRemote(String(address), options), options);
}

async function openRemote(url: string, options: HttpOptions): Promise<ByteSource> {
  const first = await request(url, rangeOf(0, BLOCK), options);
  if (first.status === 200) return await wholeBody(url, first, options);
  if (first.status !== 206) {
    await first.body?.cancel();
    // A range of an empty file cannot be satisfied.
    if (first.status === 416) return memorySource(new Uint8Array(0), url);
    const why = `the server answered ${first.status} ${first.statusText}`.trimEnd();
    (BUSY.includes(first.status) ? stumble : fail)(url, why, first.status);
  }
  const start = new Uint8Array(await collect(url, first, options, BLOCK));
  const size = contentRange(first)?.size ?? await sizeByHead(url, options);
  if (!Number.isSafeInteger(size) || start.length !== Math.min(size, BLOCK)) {
    stumble(url, `the server says it has ${size} bytes and sent ${start.length} of the first ${BLOCK}`);
  }
  return new RemoteFile(url, size, versionOf(first), start, options).source();
}

class RemoteFile {
  readonly #url: string;
  readonly #size: number;
  readonly #version: string | null;
  readonly #options: HttpOptions;
  /** Blocks by number, also those on their way; least recently used first. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  #open = true;

  constructor(
    url: string,
    size: number,
    version: string | null,
    start: Uint8Array,
    options: HttpOptions,
  ) {
    this.#url = url;
    this.#size = size;
    this.#version = version;
    this.#options = options;
    this.#keep(0, Promise.resolve(start));
  }

  source(): ByteSource {
    const close = () => {
      this.#open = false;
      this.#blocks.clear();
    };
    return {
      name: this.#url,
      size: this.#size,
      read: async (offset, length) => {
        this.#check(offset, length);
        const bytes = new Uint8Array(length);
        await this.#readInto(offset, bytes);
        return bytes;
      },
      readInto: (offset, into) => this.#readInto(offset, into),
      close,
      [Symbol.dispose]: close,
    };
  }

  #check(offset: number, length: number): void {
    if (!this.#open) fail(this.#url, "it is closed");
    checkRange({ name: this.#url, size: this.#size }, offset, length);
  }

  async #readInto(offset: number, out: Uint8Array): Promise<void> {
    this.#check(offset, out.length);
    if (out.length >= LARGE) {
      for (let done = 0; done < out.length; done += PIECE) {
        await this.#fetch(offset + done, out.subarray(done, done + PIECE));
      }
    } else if (out.length > 0) await this.#readBlocks(offset, out);
  }

  async #readBlocks(offset: number, out: Uint8Array): Promise<void> {
    const [from, to] = [Math.floor(offset / BLOCK), Math.floor((offset + out.length - 1) / BLOCK)];
    for (let b = from; b <= to; b++) {
      if (this.#blocks.has(b)) continue;
      let end = b + 1;
      while (end <= to && !this.#blocks.has(end)) end++;
      this.#request(b, end);
    }
    // All are taken before the first wait: others may push them out of the cache meanwhile.
    const blocks = Array.from({ length: to - from + 1 }, (_, i) => this.#use(from + i));
    for (const [i, waiting] of blocks.entries()) {
      const start = (from + i) * BLOCK;
      const block = await waiting;
      out.set(
        block.subarray(Math.max(0, offset - start), offset + out.length - start),
        Math.max(0, start - offset),
      );
    }
    for (const b of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT) break;
      this.#blocks.delete(b);
    }
  }

  /** A block that is there or on its way, which becomes the most recently used. */
  #use(b: number): Promise<Uint8Array> {
    const block = this.#blocks.get(b)!;
    this.#blocks.delete(b);
    this.#blocks.set(b, block);
    return block;
  }

  #keep(b: number, block: Promise<Uint8Array>): void {
    this.#blocks.set(b, block);
    // A failed block is requested again by the next read.
    block.catch(() => {
      if (this.#blocks.get(b) === block) this.#blocks.delete(b);
    });
  }

  /** Asks for the blocks `from` to `end` (excluded) in one request. */
  #request(from: number, end: number): void {
    const start = from * BLOCK;
    const body = new Uint8Array(Math.min(this.#size, end * BLOCK) - start);
    const arrived = this.#fetch(start, body);
    for (let b = from; b < end; b++) {
      // Copies, or one kept block would hold its neighbours.
      this.#keep(b, arrived.then(() => body.slice((b - from) * BLOCK, (b - from + 1) * BLOCK)));
    }
  }

  #fetch(start: number, into: Uint8Array): Promise<void> {
    const range = rangeOf(start, start + into.length);
    return withRetries(async () => {
      await this.#fill(await request(this.#url, range, this.#options), start, into);
    }, this.#options);
  }

  /** Checks an answer and moves its body to where it belongs. */
  async #fill(response: Response, start: number, into: Uint8Array): Promise<void> {
    const wanted = `bytes ${start} to ${start + into.length} were wanted, the server`;
    const refuse = async (why: string, how = fail): Promise<never> => {
      await response.body?.cancel();
      return how(this.#url, why);
    };
    if (response.status !== 206) {
      const how = BUSY.includes(response.status) ? stumble : fail;
      return await refuse(`${wanted} answered ${response.status}`, how);
    }
    const range = contentRange(response);
    if (range && range.start !== start) return await refuse(`${wanted} sent those from ${range.start} on`);
    if ((range && range.size !== this.#size) || versionOf(response) !== this.#version) {
      return await refuse("the file changed on the server while it was read");
    }
    let done = 0;
    for await (const chunk of bodyChunks(this.#url, response, this.#options)) {
      if (done + chunk.length > into.length) stumble(this.#url, `${wanted} sent more`);
      into.set(chunk, done);
      done += chunk.length;
    }
    if (done !== into.length) stumble(this.#url, `${wanted} sent ${done}`);
  }
}
