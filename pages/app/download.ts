// Files that are fetched whole, told how far they are; sizes before anything is loaded.

/** Told how many bytes are here, and of how many. */
export type OnBytes = (done: number, total: number | null) => void;

/** A request that a server, or the way to it, refused. */
export class DownloadError extends Error {}

/** Requests that were made before those who need them were loaded. */
const early = new Map<string, Promise<Response>>();

/** Asks for a file that {@link fetchWhole} will be asked for. */
export function fetchEarly(url: string): void {
  const response = fetch(url);
  response.catch(() => {});
  early.set(url, response);
}

/** Waits no longer than a signal lets it: what was asked for early knows none. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  signal?.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
  return Promise.race([work, aborted.promise]);
}

async function get(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  const begun = init.method === undefined ? early.get(url) : undefined;
  if (begun) early.delete(url);
  try {
    response = await (begun ? unlessAborted(begun, init.signal) : fetch(url, init));
  } catch (error) {
    if (init.signal?.aborted) throw error;
    const { host } = new URL(url);
    throw new DownloadError(
      `${host} can not be reached from this page: it is offline, or does not allow other sites to read it (CORS)`,
    );
  }
  if (!response.ok) throw new DownloadError(`${new URL(url).host} answers ${response.status} for ${url}`);
  return response;
}

function lengthOf(response: Response): number | null {
  const text = response.headers.get("content-length");
  // The length of what is compressed on the way is not that of the file.
  return text === null || response.headers.has("content-encoding") ? null : Number(text);
}

/** Bytes of a file on a server; null where it does not say. */
export async function sizeOf(url: string, signal: AbortSignal): Promise<number | null> {
  return lengthOf(await get(url, { method: "HEAD", signal }));
}

/** How a file is fetched whole. */
export interface WholeOptions {
  readonly signal: AbortSignal;
  /** Bytes, where they are known better than the server says. */
  readonly known?: number | null;
  readonly onBytes?: OnBytes;
  /** Given the bytes as they come. */
  onPart?(part: Uint8Array): void;
}

/**
 * A file, whole.
 *
 * @param url of the file
 * @param name that it is given
 * @throws DownloadError in words for people
 */
export async function fetchWhole(
  url: string,
  name: string,
  { signal, known = null, onBytes, onPart }: WholeOptions,
): Promise<File> {
  const response = await get(url, { signal });
  const total = known ?? lengthOf(response);
  if (!response.body) return new File([await response.blob()], name);
  const reader = response.body.getReader();
  // What was asked for early knows no signal.
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => {}), { once: true });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let done = 0;;) {
    const { value, done: over } = await reader.read();
    signal.throwIfAborted();
    if (over) break;
    parts.push(value);
    onPart?.(value);
    done += value.length;
    onBytes?.(done, total);
  }
  return new File(parts, name);
}
