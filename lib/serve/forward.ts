// Requests that another endpoint with the same API answers: a GPU host behind an edge, a larger machine behind a small
// one. Bodies stream both ways; deadline, identity and trace go along; what failed before its answer began is tried
// again, what breaks in the midst of its answer says so.

import { DEADLINE } from "./deadline.ts";
import { passedOn, recordFormat } from "./forward_answer.ts";
import { ReplayBody } from "./forward_body.ts";
import { problemOf } from "./errors.ts";
import { Refusal } from "./refusal.ts";

/** Another endpoint. */
export interface Upstream {
  /** Its address; paths are appended: `https://gpu.example`. */
  readonly url: string;
  /** Names of the models that it forecasts with; all that are not here unless given. */
  readonly models?: readonly string[];
  /** Token that it wants; the client's own is passed on unless given. */
  readonly token?: string;
  /** Times that a request is sent before it fails, 4 unless given. */
  readonly attempts?: number;
  /** Seconds to wait before the second attempt, 0.2 unless given; twice as long before each further one. */
  readonly backoff?: number;
  /** Seconds without a byte of an answer after which it counts as gone; those of the deadline unless given. */
  readonly silence?: number;
}

/** What surrounds a request that is passed on. */
export interface ForwardOptions {
  /** Of the request, to find it in the logs of both. */
  readonly id: string;
  /** Seconds that are left to answer it. */
  readonly seconds: number;
  /** Fires when the client has gone. */
  readonly signal?: AbortSignal;
  /** The body where it was read already, all of it and unpacked; the request's own unless given. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Sends a request; `fetch` unless given. */
  readonly send?: (request: Request) => Promise<Response>;
  /** Asked whether so many bytes more of a body may be kept, to be sent again; a body that is not is sent once. */
  readonly keep?: (bytes: number) => boolean;
  /** Told why an attempt failed, before the next. */
  readonly onRetry?: (why: string, attempt: number) => void;
}

/** Headers of a request that go along; others are of one connection, or nobody's affair. */
const ASKED = [
  "accept",
  "authorization",
  "content-encoding",
  "content-type",
  "traceparent",
  "tracestate",
];

/** Headers of an answer that go along. */
const ANSWERED = ["cache-control", "content-disposition", "content-type", "retry-after", "www-authenticate"];

/** What may be sent twice: an answer depends on its request alone, seed included. */
const REPEATABLE = /^(?:GET|HEAD) |^POST \/v1\/(?:forecast|ensemble)$/;

/** Answers after which the same may be asked again: a balancer without a host, a host that is full or about to end. */
const PASSING = [502, 503];

/** Most bytes of a record of an answer: a frame of 128^3 points with 32 fields. */
const MOST_RECORD = 1 << 30;

/** Waits. @throws the signal's reason as soon as it fires */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Seconds that an answer asks to wait; null where it says nothing. */
function retryAfter({ headers }: Response): number | null {
  const given = headers.get("retry-after");
  return given !== null && /^\d+$/.test(given) ? Number(given) : null;
}

/** Whether an answer is in the words of this API: else a balancer or something else gave it. */
function isOurs({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("application/problem+json") ?? false;
}

/** A request on its way to another endpoint. */
class Passage {
  readonly #request: Request;
  readonly #upstream: Upstream;
  readonly #options: ForwardOptions;
  readonly #body: ReplayBody | null;
  readonly #target: URL;
  readonly #began = performance.now();
  readonly #end = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(request: Request, upstream: Upstream, options: ForwardOptions) {
    this.#request = request;
    this.#upstream = upstream;
    this.#options = options;
    const { pathname, search } = new URL(request.url);
    this.#target = new URL(`${upstream.url.replace(/\/+$/, "")}${pathname}${search}`);
    this.#body = options.body || !request.body ? null : new ReplayBody(request.body, options.keep);
    this.#timer = setTimeout(
      () => this.#end.abort(this.#late()),
      Math.min(options.seconds * 1000, 2 ** 31 - 1),
    );
    const { signal } = options;
    if (signal?.aborted) this.#end.abort(signal.reason);
    signal?.addEventListener("abort", this.#leave, { once: true });
  }

  readonly #leave = () => this.#end.abort(this.#options.signal!.reason);

  #late(): Refusal {
    return new Refusal(
      "deadline",
      `The endpoint that computes did not answer within ${this.#options.seconds} s`,
    );
  }

  get #left(): number {
    return this.#options.seconds - (performance.now() - this.#began) / 1000;
  }

  /** Whatever happens after it is over does not count. */
  #over(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#options.signal?.removeEventListener("abort", this.#leave);
  }

  /** The same request to the other endpoint. */
  #ask(signal: AbortSignal): Request {
    const headers = new Headers();
    for (const name of ASKED) {
      const value = this.#request.headers.get(name);
      // What was read already was unpacked, too.
      if (name === "content-encoding" && this.#options.body) continue;
      if (value !== null) headers.set(name, value);
    }
    const { token } = this.#upstream;
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    headers.set("x-request-id", this.#options.id);
    headers.set(DEADLINE, Math.max(0, this.#left).toFixed(3));
    const body = this.#options.body ?? this.#body?.stream() ?? null;
    const { method } = this.#request;
    // `duplex`: Node and browsers want it said that a body streams. A redirect could lead anywhere, with the token.
    const init = { method, headers, body, signal, redirect: "manual", ...body ? { duplex: "half" } : {} };
    return new Request(this.#target, init as RequestInit);
  }

  /** Sends it until it is answered. */
  async #answer(): Promise<Response> {
    const { attempts = 4, backoff = 0.2 } = this.#upstream;
    const { send = fetch, onRetry } = this.#options;
    const isRepeatable = REPEATABLE.test(`${this.#request.method} ${new URL(this.#request.url).pathname}`);
    for (let attempt = 1;; attempt++) {
      let why: string;
      let asked: number | null = null;
      let response: Response | null = null;
      let cause: unknown;
      try {
        response = await send(this.#ask(this.#end.signal));
        if (!PASSING.includes(response.status)) return response;
        asked = retryAfter(response);
        why = `it answered ${response.status}`;
      } catch (error) {
        this.#end.signal.throwIfAborted();
        why = "it could not be reached";
        // Whoever sends the body went away, or sends too much: not the other endpoint's fault.
        if (this.#body?.failure) throw this.#body.failure;
        if (error instanceof Refusal) throw error;
        cause = error;
      }
      // Replicas that are asked at the same time should not be asked again at the same time.
      const usual = backoff * 2 ** (attempt - 1) * (0.5 + Math.random());
      const wait = Math.max(usual, asked ?? 0);
      const canRepeat = isRepeatable && (this.#body?.isWhole ?? true);
      if (attempt >= attempts || !canRepeat || wait >= this.#left) {
        if (response && isOurs(response)) return response;
        await response?.body?.cancel().catch(() => {});
        const times = attempt === 1 ? "" : ` ${attempt} times`;
        throw new Refusal("upstream", `The endpoint that computes was asked${times}: ${why}`, asked ?? 1, {
          cause,
        });
      }
      await response?.body?.cancel().catch(() => {});
      onRetry?.(why, attempt);
      await pause(wait, this.#end.signal);
    }
  }

  /** What an answer that broke off tells. */
  #problem(error: unknown): unknown {
    const { reason } = this.#end.signal;
    const known = this.#end.signal.aborted && reason instanceof Refusal ? reason : null;
    const own = error instanceof RangeError || error instanceof TypeError ? error.message : "";
    const why = known?.message ??
      `The endpoint that computes broke off its answer${/^(?:a record|its)/.test(own) ? `: ${own}` : ""}`;
    const refusal = known ?? new Refusal("upstream", why, 1);
    return problemOf(refusal, this.#options.id);
  }

  /** The bytes of an answer, counted against silence. */
  #watched(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const { silence } = this.#upstream;
    if (silence === undefined) return body;
    const reader = body.getReader();
    return new ReadableStream({
      pull: async (controller) => {
        // Only while it is asked for more: a reader that is slow is no silence of the other endpoint.
        this.#silence = setTimeout(() =>
          this.#end.abort(
            new Refusal("upstream", `The endpoint that computes was silent for ${silence} s`, 1),
          ), silence * 1000);
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } finally {
          clearTimeout(this.#silence);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }

  async run(): Promise<Response> {
    let response;
    try {
      response = await this.#answer();
    } catch (error) {
      this.#over();
      void this.#body?.cancel(error);
      throw this.#end.signal.aborted ? this.#end.signal.reason : error;
    }
    if (response.status >= 300 && response.status < 400 && response.status !== 304) {
      this.#over();
      await response.body?.cancel().catch(() => {});
      throw new Refusal(
        "upstream",
        "The endpoint that computes sent its client elsewhere, which is not followed",
      );
    }
    const headers = new Headers();
    for (const name of ANSWERED) {
      const value = response.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    // Of a compressed answer the length is another one here.
    const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
    if (length !== null) headers.set("content-length", length);
    headers.set("x-request-id", this.#options.id);
    const { status } = response;
    if (!response.body) {
      this.#over();
      return new Response(null, { status, headers });
    }
    const format = status < 300 ? recordFormat(response.headers.get("content-type")) : null;
    const parts = passedOn(
      this.#watched(response.body),
      format,
      MOST_RECORD,
      (error) => this.#problem(error),
    );
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        try {
          const { done, value } = await parts.next();
          if (!done) return controller.enqueue(value as Uint8Array<ArrayBuffer>);
          this.#over();
          controller.close();
        } catch (error) {
          this.#over();
          controller.error(error);
        }
      },
      cancel: (reason) => {
        this.#over();
        this.#end.abort(reason ?? new DOMException("The client has gone", "AbortError"));
        // The generator may wait for a byte that will not come.
        void parts.return().catch(() => {});
      },
    }, { highWaterMark: 0 });
    return new Response(body, { status, headers });
  }
}

/**
 * Has another endpoint answer a request.
 *
 * What may be repeated is, with growing pauses, as long as no byte of an answer has come and the deadline leaves time.
 * Answers in records (server-sent events, frames) end with their last record or with one that tells the error; any other
 * answer is broken where the other endpoint's was. A client that goes away ends the request there.
 *
 * @param request as it came
 * @param upstream the other endpoint
 * @param options deadline, identity, signal
 * @returns its answer
 * @throws Refusal when it can not be reached or does not answer in time; the signal's reason
 *
 * @example An endpoint that answers at once
 * ```ts
 * import assert from "node:assert/strict";
 * const request = new Request("http://edge.example/v1/models");
 * const send = ({ url }: Request) => Promise.resolve(Response.json({ url }));
 * const response = await forward(request, { url: "https://gpu.example" }, { id: "a", seconds: 1, send });
 * assert.deepEqual(await response.json(), { url: "https://gpu.example/v1/models" });
 * ```
 */
export function forward(request: Request, upstream: Upstream, options: ForwardOptions): Promise<Response> {
  return new Passage(request, upstream, options).run();
}
