// Requests to a Hub: redirects are followed by hand, so that the token goes to the Hub alone; what may pass (a lost
// connection, a busy server) is tried again, later each time or when the server says.

import { pause } from "../io/pause.ts";
import { attemptsOf, endpointOf, type HubOptions } from "./options.ts";

/** A Hub did not give what was requested. */
export class HubError extends RangeError {
  /** Tells it from other errors where classes do not survive, as between workers. */
  override readonly name = "HubError";

  /** Status of the answer; null: there was none. */
  readonly status: number | null;

  /**
   * Makes one.
   *
   * @param message what failed
   * @param status of the answer; null: there was none
   * @param options the cause
   */
  constructor(message: string, status: number | null, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** What may pass is tried again. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
/** Milliseconds before the second attempt; doubled for each after it. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 20_000;
/** Longest wait that a server may ask for. */
const LONGEST_ASKED = 10 * 60_000;
/** Milliseconds in which a server has to begin its answer. */
const PATIENCE = 30_000;

/** Milliseconds that a server asks to be left alone; null when it does not. */
function askedWait(response: Response): number | null {
  const text = response.headers.get("retry-after");
  if (text === null) return null;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.min(LONGEST_ASKED, Math.max(0, wait)) : null;
}

/**
 * Waits before another attempt.
 *
 * @param failed attempts that failed in a row
 * @param response what the last was answered, if it was
 */
export async function waitToRetry(failed: number, options: HubOptions, response?: Response): Promise<void> {
  const wait = (response && askedWait(response)) ?? Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failed - 1));
  if (wait >= 1000) options.onNote?.(`the Hub is asked again in ${Math.ceil(wait / 1000)} s`);
  await pause(wait, options.signal);
}

/** A signal that ends a request when the caller's does, or when no answer begins for a while. */
function patience(
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const late = () => controller.abort(new Error(`nothing came for ${PATIENCE / 1000} s`));
  const timer = setTimeout(late, PATIENCE);
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    },
  };
}

/**
 * The chunks of a body. Who stops early ends the transfer.
 *
 * @throws Error when the connection breaks off or nothing comes for a while; the signal's reason
 */
export async function* bodyChunks(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    while (true) {
      const wait = patience(signal);
      const ended = new Promise<never>((_, reject) => {
        wait.signal.addEventListener("abort", () => reject(wait.signal.reason), { once: true });
        if (wait.signal.aborted) reject(wait.signal.reason);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), ended]);
        if (done) return;
        yield value;
      } finally {
        wait.end();
      }
    }
  } finally {
    // Not awaited: a connection that says nothing may take long to end.
    reader.cancel().catch(() => {});
  }
}

/** One request and the redirects it meets. */
async function followed(
  url: string,
  init: RequestInit,
  options: HubOptions,
  inspect?: (response: Response, url: URL) => void,
): Promise<Response> {
  const fetcher = options.fetch ?? fetch;
  const home = new URL(endpointOf(options));
  let at = new URL(url);
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const headers = new Headers(init.headers);
    const own = at.origin === home.origin;
    if (own && options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
    let response = await fetcher(at, { ...init, headers, redirect: "manual" });
    // A page may not see where it is sent; browsers themselves keep the token from other hosts.
    if (response.type === "opaqueredirect") response = await fetcher(at, { ...init, headers });
    if (own) inspect?.(response, at);
    if (!REDIRECTS.has(response.status)) return response;
    const location = response.headers.get("location");
    await response.body?.cancel();
    const next = location === null ? null : URL.parse(location, at);
    const insecure = at.protocol === "https:" && next?.protocol !== "https:";
    if (!next || !/^https?:$/.test(next.protocol) || insecure) {
      throw new HubError(
        `Cannot read "${at}": it redirects to "${location}", wanted a URL as safe`,
        response.status,
      );
    }
    at = next;
  }
  throw new HubError(`Cannot read "${url}": it redirects more than ${MOST_REDIRECTS} times`, null);
}

/** What an answer that is no success means. */
function refusal(response: Response, what: string, options: HubOptions): HubError {
  const { status } = response;
  const code = response.headers.get("x-error-code");
  const proof = options.token === undefined ? "a token is wanted" : "the token does not open it";
  const why = code === "GatedRepo" || (status === 403 && code === null)
    ? `its terms have to be accepted at ${endpointOf(options)} first, ${proof}`
    : code === "RevisionNotFound"
    ? "there is no such revision"
    : code === "EntryNotFound"
    ? "there is no such file"
    : status === 401 || code === "RepoNotFound"
    ? `there is no such repository, or it is private: ${proof}`
    : status === 404
    ? "it is not there"
    : status === 429
    ? "too many requests"
    : response.statusText;
  return new HubError(`Cannot fetch ${what}: the Hub answers ${status}, ${why}`, status);
}

/**
 * Requests something, again where that may help.
 *
 * @param url on the Hub
 * @param init method and headers
 * @param what for messages: `"hf:org/name"`
 * @param options of the Hub
 * @param inspect is shown each answer of the Hub itself, redirects included
 * @returns an answer below 300, or 416
 * @throws HubError with the status, or null when the Hub was not reached; the signal's reason
 */
export async function request(
  url: string,
  init: RequestInit,
  what: string,
  options: HubOptions,
  inspect?: (response: Response, url: URL) => void,
): Promise<Response> {
  if (options.offline) throw new HubError(`Cannot fetch ${what}: requests are off`, null);
  for (let failed = 1;; failed++) {
    const wait = patience(options.signal);
    let response: Response | undefined;
    try {
      response = await followed(url, { ...init, signal: wait.signal }, options, inspect);
      if (response.ok || response.status === 416) return response;
      await response.body?.cancel();
      const refused = refusal(response, what, options);
      if (!PASSING.has(response.status) || failed >= attemptsOf(options)) throw refused;
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (error instanceof HubError) throw error;
      const { message, name } = error as Error;
      // What a right forbids stays forbidden.
      if (name === "NotCapable" || failed >= attemptsOf(options)) {
        throw new HubError(`Cannot fetch ${what}: the Hub is not reached, ${message}`, null, {
          cause: error,
        });
      }
    } finally {
      wait.end();
    }
    await waitToRetry(failed, options, response);
  }
}
