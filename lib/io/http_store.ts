// Files beneath a URL. A server does not list them; small ones come whole in one request, large ones by range.

import { type FileStore, LARGEST_FILE } from "./file_store.ts";
import { BUSY, collect, type HttpOptions, httpSource, request, stumble, withRetries } from "./http.ts";

/** Statuses that say that there is no such file. */
const ABSENT = [404, 410];

/** A file's URL; what follows the path, a token, stays. */
function beneath(folder: URL, path: string): string {
  const url = new URL(folder);
  const parts = path.split("/").map(encodeURIComponent).join("/");
  url.pathname = `${folder.pathname.replace(/\/+$/, "")}/${parts}`;
  return String(url);
}

/** A whole file; null where there is none. */
async function whole(url: string, options: HttpOptions): Promise<Uint8Array | null> {
  const response = await request(url, {}, options);
  if (!response.ok) {
    await response.body?.cancel();
    if (ABSENT.includes(response.status)) return null;
    const why = `the server answered ${response.status} ${response.statusText}`.trimEnd();
    if (BUSY.includes(response.status)) stumble(url, why);
    throw new RangeError(`Cannot read "${url}": ${why}`, { cause: response.status });
  }
  const announced = response.headers.get("content-length");
  const bytes = await collect(url, response, options, LARGEST_FILE);
  const isPlain = !response.headers.has("content-encoding");
  if (announced !== null && isPlain && Number(announced) !== bytes.byteLength) {
    stumble(url, `the server announced ${announced} bytes and sent ${bytes.byteLength}`);
  }
  return new Uint8Array(bytes);
}

/**
 * A folder of a server.
 *
 * @param folder its URL
 * @param options of all requests
 */
export function httpStore(folder: string | URL, options: HttpOptions = {}): FileStore {
  const root = new URL(folder);
  return {
    name: String(folder),
    get: (path) => withRetries(() => whole(beneath(root, path), options), options),
    async open(path) {
      try {
        return await httpSource(beneath(root, path), options);
      } catch (error) {
        if (ABSENT.includes((error as Error).cause as number)) return null;
        throw error;
      }
    },
    list: () => Promise.resolve(null),
    close() {},
  };
}
