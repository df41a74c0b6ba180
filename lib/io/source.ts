// Opening whatever a user names: a path, a URL, a Blob, bytes, or a source that is open already.

import { blobSource, type ByteSource, memorySource } from "./byte_source.ts";
import { fileSource } from "./file.ts";
import { type HttpOptions, httpSource } from "./http.ts";

export type { ByteSource } from "./byte_source.ts";

/** What can be opened: a path or a file/http(s) URL, a Blob or File, bytes, an open source. */
export type SourceInput = string | URL | Blob | Uint8Array | ByteSource;

function isSource(input: unknown): input is ByteSource {
  return typeof input === "object" && input !== null && "read" in input && "size" in input;
}

/** Whether text is a URL with a scheme (a Windows drive letter is none). */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/**
 * Whether an input is on another machine: a URL that is no file's.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const inputs = ["https://example.org/a.pt", "file:///a.pt", "a.pt", new Uint8Array(1)];
 * assert.deepEqual(inputs.map(isRemote), [true, false, false, false]);
 * ```
 */
export function isRemote(input: SourceInput): boolean {
  return (typeof input === "string" && isUrl(input) && !input.startsWith("file:")) ||
    (input instanceof URL && input.protocol !== "file:");
}

/**
 * Opens an input for reading by range. A source that is open already is handed back as it is: closing the result
 * closes it.
 *
 * @param input path, URL, Blob, bytes or source
 * @param options for remote files
 * @throws RangeError for a missing file or a server that refuses; TypeError for a scheme that is not supported
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * using source = await openSource(Uint8Array.of(1, 2, 3));
 * assert.deepEqual([...(await source.read(1, 2))], [2, 3]);
 * ```
 */
export async function openSource(input: SourceInput, options: HttpOptions = {}): Promise<ByteSource> {
  if (input instanceof Uint8Array) return memorySource(input);
  if (input instanceof Blob) return blobSource(input);
  if (isSource(input)) return input;
  if (typeof input !== "string" && !(input instanceof URL)) {
    throw new TypeError(`Cannot open a value of type ${typeof input}: wanted a path, a URL, a Blob or bytes`);
  }
  const url = input instanceof URL ? input : isUrl(input) ? new URL(input) : null;
  if (!url) return fileSource(input);
  if (url.protocol === "file:") return fileSource(url);
  if (url.protocol === "http:" || url.protocol === "https:") return await httpSource(url, options);
  throw new TypeError(`Cannot open "${url}": the scheme is ${url.protocol} wanted file:, http: or https:`);
}

/**
 * A file beside another.
 *
 * @param input how the other is named
 * @param file its name
 * @throws TypeError for what has no folder
 */
export function sibling(input: SourceInput, file: string): SourceInput {
  if (input instanceof URL) return new URL(file, input);
  if (typeof input !== "string") {
    throw new TypeError(`Cannot find "${file}" beside a value of type ${typeof input}: pass a path or a URL`);
  }
  return isUrl(input) ? new URL(file, input) : input.replace(/[^/\\]*$/, "") + file;
}

/** The first bytes of a source, fewer when it is shorter. */
export async function readStart(source: ByteSource, length: number): Promise<Uint8Array> {
  return await source.read(0, Math.min(length, source.size));
}

/**
 * All bytes of a small file.
 *
 * @param input what to open
 * @param limit largest size accepted
 * @throws RangeError when it is larger
 */
export async function readSmall(input: SourceInput, limit: number): Promise<Uint8Array> {
  using source = await openSource(input);
  if (source.size > limit) {
    throw new RangeError(
      `Cannot read "${source.name}": it has ${source.size} bytes, wanted at most ${limit}`,
    );
  }
  return await source.read(0, source.size);
}
