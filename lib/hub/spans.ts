// Bytes of one file over several connections: what is missing is cut into parts, each is requested from where it
// stands until it is there, and a connection that breaks off costs no more than what it had not brought yet.

import { bodyChunks, HubError, request, waitToRetry } from "./client.ts";
import { attemptsOf, connectionsOf, type HubOptions } from "./options.ts";
import type { Span } from "./partial.ts";

/** Bytes of one request. */
const PART = 16 << 20;
/** Bytes written at once. */
const BUFFER = 1 << 20;

/** Where bytes come from and go to. */
export interface Transfer {
  readonly url: string;
  /** For messages: `"file" of "hf:org/name"`. */
  readonly what: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>;
  /** Is shown each answer of the Hub itself; throws for one that is not of this file. */
  readonly inspect: (response: Response) => void;
  readonly options: HubOptions;
}

/** A server gives a file as a whole only. */
class WholeOnly extends Error {}

/** Cuts spans into parts. */
export function cut(spans: readonly Span[], part = PART): Span[] {
  return spans.flatMap(([from, to]) =>
    Array.from({ length: Math.ceil((to - from) / part) }, (_, i): Span => {
      return [from + i * part, Math.min(to, from + (i + 1) * part)];
    })
  );
}

/** Chunks gathered to pieces worth writing. */
class Buffer {
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(readonly transfer: Transfer, public at: number) {}

  get end(): number {
    return this.at + this.#length;
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length >= BUFFER) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#length === 0) return;
    const bytes = new Uint8Array(this.#length);
    let done = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, done);
      done += chunk.length;
    }
    const { at } = this;
    this.#chunks = [];
    this.#length = 0;
    this.at = at + bytes.length;
    await this.transfer.write(at, bytes);
  }
}

/** Keeps a body's bytes as far as they come. @returns where it stands, and what broke it off */
async function keepBody(
  response: Response,
  [from, to]: Span,
  transfer: Transfer,
): Promise<{ at: number; broken: Error | null }> {
  const buffer = new Buffer(transfer, from);
  const chunks = bodyChunks(response, transfer.options.signal);
  try {
    while (true) {
      let next;
      try {
        next = await chunks.next();
      } catch (error) {
        await buffer.flush();
        return { at: buffer.at, broken: error as Error };
      }
      if (next.done) break;
      if (buffer.end + next.value.length > to) {
        throw new HubError(
          `Cannot fetch ${transfer.what}: the server sends more than bytes ${from} to ${to}`,
          null,
        );
      }
      await buffer.add(next.value);
    }
    await buffer.flush();
  } finally {
    await chunks.return(undefined);
  }
  const broken = buffer.at < to ? new Error("the connection ended early") : null;
  return { at: buffer.at, broken };
}

/** Never from a browser's own cache: it would keep every byte a second time, and give a wrong one again. */
const FRESH: RequestInit = { cache: "no-store" };

/** An answer to a request for a range, checked; nothing else is written anywhere. */
async function checkRange(response: Response, [from]: Span, { what, size }: Transfer): Promise<void> {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  const wrong = response.status === 416
    ? `it has no bytes from ${from} on, its list says ${size}`
    : response.status === 206 && range && Number(range[1]) !== from
    ? `bytes from ${from} on were wanted, those from ${range[1]} on came`
    : response.status === 206 && range && Number(range[2]) !== size
    ? `it has ${range[2]} bytes, its list says ${size}`
    : null;
  if (wrong === null && response.status === 206) return;
  await response.body?.cancel();
  if (wrong !== null) throw new HubError(`Cannot fetch ${what}: ${wrong}`, response.status);
  throw new WholeOnly();
}

/** Brings bytes until all are there, or nothing more comes. */
async function bring(
  [from, to]: Span,
  transfer: Transfer,
  open: (at: number) => Promise<Response>,
  restarts: boolean,
): Promise<void> {
  const { what, options } = transfer;
  let at = from;
  for (let failed = 0;;) {
    const before = at;
    const response = await open(at);
    const kept = await keepBody(response, [at, to], transfer);
    at = kept.at;
    if (at >= to) return;
    if (options.signal?.aborted) throw options.signal.reason;
    failed = at > before && !restarts ? 1 : failed + 1;
    if (failed >= attemptsOf(options)) {
      const { message } = kept.broken!;
      throw new HubError(`Cannot fetch ${what}: it broke off at byte ${at}, ${message}`, null, {
        cause: kept.broken,
      });
    }
    if (restarts) at = from;
    await waitToRetry(failed, options);
  }
}

async function fetchPart(span: Span, transfer: Transfer): Promise<void> {
  const { url, what, options, inspect } = transfer;
  await bring(span, transfer, async (at) => {
    const headers = { range: `bytes=${at}-${span[1] - 1}`, "accept-encoding": "identity" };
    const response = await request(url, { ...FRESH, headers }, what, options, inspect);
    await checkRange(response, [at, span[1]], transfer);
    return response;
  }, false);
}

async function fetchWhole(transfer: Transfer): Promise<void> {
  const { url, what, options, inspect, size } = transfer;
  const headers = { "accept-encoding": "identity" };
  await bring([0, size], transfer, () => request(url, { ...FRESH, headers }, what, options, inspect), true);
}

/**
 * Fetches what is missing of a file.
 *
 * @param missing spans of it
 * @param transfer from where to where
 * @throws HubError, what `write` and `inspect` throw, the signal's reason; then nothing is written any more
 */
export async function fetchSpans(missing: readonly Span[], transfer: Transfer): Promise<void> {
  const { options } = transfer;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const stoppable = { ...transfer, options: { ...options, signal } };
  const parts = cut(missing).values();
  const work = async () => {
    for (const part of parts) await fetchPart(part, stoppable);
  };
  const workers = Array.from(
    { length: connectionsOf(options) },
    () =>
      work().catch((error) => {
        stop.abort(error);
        throw error;
      }),
  );
  await Promise.allSettled(workers);
  if (options.signal?.aborted) throw options.signal.reason;
  if (!stop.signal.aborted) return;
  if (!(stop.signal.reason instanceof WholeOnly)) throw stop.signal.reason;
  await fetchWhole(transfer);
}
