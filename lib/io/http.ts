// Remote files by range requests, with a small cache of blocks: readers ask for many small ranges close together.

import { type ByteSource, checkRange, memorySource } from "./byte_source.ts";

/** Bytes of a cached block. */
const BLOCK = 1 << 16;
/** Blocks kept: 16 MiB. */
const KEPT = 256;
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

async function request(url: string, first: number, last: number, options: HttpOptions): Promise<Response> {
  const headers = { range: `bytes=${first}-${last}` };
  try {
    return await (options.fetch ?? fetch)(url, {
      headers,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return fail(url, (error as Error).message, error);
  }
}

/** The body of a server that ignores ranges, when it is small enough to keep. */
async function wholeBody(url: string, response: Response): Promise<ByteSource> {
  const length = Number(response.headers.get("content-length") ?? NaN);
  if (!(length <= WHOLE)) {
    await response.body?.cancel();
    fail(
      url,
      `the server ignores ranges and the file has ${length || "unknown"} bytes, wanted at most ${WHOLE}`,
    );
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length > WHOLE) fail(url, `the server sent ${bytes.length} bytes, wanted at most ${WHOLE}`);
  return memorySource(bytes, url);
}

/**
 * Opens a remote file.
 *
 * @param address http or https URL
 * @param options signal, fetch
 * @throws RangeError naming the URL and what the server answered
 */
export async function httpSource(address: string | URL, options: HttpOptions = {}): Promise<ByteSource> {
  const url = String(address);
  const first = await request(url, 0, BLOCK - 1, options);
  if (first.status === 200) return await wholeBody(url, first);
  if (first.status === 416) return memorySource(new Uint8Array(0), url);
  if (first.status !== 206) {
    await first.body?.cancel();
    fail(url, `the server answered ${first.status} ${first.statusText}`);
  }
  const size = Number(/\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1] ?? NaN);
  if (!Number.isSafeInteger(size)) {
    await first.body?.cancel();
    fail(url, `the server gave no size, its Content-Range is "${first.headers.get("content-range")}"`);
  }
  const version = first.headers.get("etag") ?? first.headers.get("last-modified");
  const blocks = new Map<number, Uint8Array>([[0, new Uint8Array(await first.arrayBuffer())]]);

  /** Fetches the blocks `from` to `to` (included) in one request. */
  const fetchBlocks = async (from: number, to: number) => {
    const start = from * BLOCK;
    const end = Math.min(size, (to + 1) * BLOCK);
    const response = await request(url, start, end - 1, options);
    if (response.status !== 206) {
      await response.body?.cancel();
      fail(url, `bytes ${start} to ${end} were wanted, the server answered ${response.status}`);
    }
    const now = response.headers.get("etag") ?? response.headers.get("last-modified");
    if (now !== version) {
      await response.body?.cancel();
      fail(url, "the file changed on the server while it was read");
    }
    const body = new Uint8Array(await response.arrayBuffer());
    if (body.length !== end - start) {
      fail(url, `${end - start} bytes were wanted, the server sent ${body.length}`);
    }
    for (let b = from; b <= to; b++) blocks.set(b, body.subarray((b - from) * BLOCK, (b - from + 1) * BLOCK));
  };
  const trim = () => {
    for (const b of blocks.keys()) {
      if (blocks.size <= KEPT) return;
      blocks.delete(b);
    }
  };
  return {
    name: url,
    size,
    async read(offset, length) {
      checkRange({ name: url, size }, offset, length);
      if (length === 0) return new Uint8Array(0);
      const [from, to] = [Math.floor(offset / BLOCK), Math.floor((offset + length - 1) / BLOCK)];
      for (let b = from; b <= to; b++) {
        if (blocks.has(b)) continue;
        let last = b;
        while (last < to && !blocks.has(last + 1)) last++;
        await fetchBlocks(b, last);
        b = last;
      }
      const out = new Uint8Array(length);
      for (let b = from; b <= to; b++) {
        const block = blocks.get(b)!;
        const start = Math.max(0, offset - b * BLOCK);
        const part = block.subarray(start, Math.min(block.length, offset + length - b * BLOCK));
        out.set(part, Math.max(0, b * BLOCK - offset));
        // Most recently used last.
        blocks.delete(b);
        blocks.set(b, block);
      }
      trim();
      return out;
    },
    close: () => blocks.clear(),
    [Symbol.dispose]: () => blocks.clear(),
  };
}
