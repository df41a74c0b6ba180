// Files that are fetched whole, told how far they are; sizes before anything is loaded.

/** Told how many bytes are here, and of how many. */
export type OnBytes = (done: number, total: number | null) => void;

/** A request that a server, or the way to it, refused. */
export class DownloadError extends Error {}

async function get(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
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

/**
 * A file, whole.
 *
 * @param url of the file
 * @param name that it is given
 * @param known bytes, where they are known better than the server says
 * @throws DownloadError in words for people
 */
export async function fetchWhole(
  url: string,
  name: string,
  { signal, known = null, onBytes }: { signal: AbortSignal; known?: number | null; onBytes?: OnBytes },
): Promise<File> {
  const response = await get(url, { signal });
  const total = known ?? lengthOf(response);
  if (!response.body) return new File([await response.blob()], name);
  const reader = response.body.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let done = 0;;) {
    const { value, done: over } = await reader.read();
    if (over) break;
    parts.push(value);
    done += value.length;
    onBytes?.(done, total);
  }
  return new File(parts, name);
}
