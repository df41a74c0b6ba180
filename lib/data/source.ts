// Whatever a user names as data, as files by name that are opened when they are read: a file, several, a folder, what
// a page was given.

import { borrowedSource, type ByteSource } from "../io/byte_source.ts";
import { fileSource, folderFiles, within } from "../io/file.ts";
import type { FileStore } from "../io/file_store.ts";
import type { HttpOptions } from "../io/http.ts";
import { isRemote, isUrl, openSource, type SourceInput } from "../io/source.ts";
import { once } from "./lifetime.ts";

/** Files by name; each call opens the file anew, and who calls closes it. */
export type FileTree = ReadonlyMap<string, () => Promise<ByteSource>>;

/** What data are read from. */
export interface Source {
  /** Path, URL or label, for messages. */
  readonly name: string;
  /** Files by their names, of a folder relative to it and sorted. */
  readonly files: FileTree;
  /** Whether it is a folder: then names say which split a file belongs to. */
  readonly folder: boolean;
  /** Opens what lies in the folder beside and beneath `files`: of a server nothing is listed, of stores not all. */
  readonly store?: () => Promise<FileStore>;
}

/** What can be opened as data: a file, several, a folder, or files by their names in a folder. */
export type DataInput = SourceInput | readonly SourceInput[] | FileTree;

/** Names of the files that may be of a format: all that were named, of a folder those whose names fit. */
export function filesLike({ files, folder }: Source, names: RegExp): string[] {
  return [...files.keys()].filter((name) => !folder || names.test(name));
}

/** Where a file was within the folder that a page's user chose; empty where it was chosen by itself. */
function placeInFolder(input: unknown): string {
  const path = typeof input === "object" && input !== null && "webkitRelativePath" in input
    ? input.webkitRelativePath
    : "";
  return typeof path === "string" ? path.replace(/^[^/]*\//, "") : "";
}

/** The name of a file without its folders. */
function nameOf(input: SourceInput): string {
  if (input instanceof Uint8Array) return "bytes";
  const path = typeof input === "string" || input instanceof URL
    ? String(input).replace(/[?#].*$/, "")
    : "name" in input && typeof input.name === "string"
    ? input.name
    : "blob";
  return path.split(/[/\\]/).at(-1) || path;
}

function opener(input: SourceInput, http: HttpOptions): () => Promise<ByteSource> {
  // What is open stays open: a caller's own source, and a server's file, whose first blocks are here already.
  const keep = isRemote(input) || (typeof input === "object" && "read" in input);
  if (!keep) return () => openSource(input, http);
  const opened = once(() => openSource(input, http));
  return async () => borrowedSource(await opened());
}

/** Several inputs by name; equal names are told apart. */
function treeOf(inputs: readonly SourceInput[], http: HttpOptions): Map<string, () => Promise<ByteSource>> {
  const files = new Map<string, () => Promise<ByteSource>>();
  for (const input of inputs) {
    const name = placeInFolder(input) || nameOf(input);
    let unique = name;
    for (let n = 2; files.has(unique); n++) unique = `${name} (${n})`;
    files.set(unique, opener(input, http));
  }
  return files;
}

function sorted(files: FileTree): FileTree {
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A local path or file URL: a folder's files, or the file. */
async function localSource(path: string | URL): Promise<Source> {
  const names = await folderFiles(path);
  const name = String(path);
  if (!names) {
    const open = () => Promise.resolve().then(() => fileSource(path));
    return { name, files: new Map([[nameOf(path), open]]), folder: false };
  }
  const files = names.map((file) =>
    [file, () => Promise.resolve().then(() => fileSource(within(path, file)))] as const
  );
  const store = async () => (await import("../io/file_store.ts")).diskStore(path);
  return { name, files: new Map(files), folder: true, store };
}

/** Names of URLs that end as folders do, and those that may be either. */
const FOLDER = /(?:\.zarr\/?|\/)$/i;
const PLAIN = /\/[^/.]+$/;

/** A folder of a server; null where the URL is a file's. */
async function remoteFolder(url: URL, http: HttpOptions): Promise<Source | null> {
  if (!/^https?:$/.test(url.protocol) || !(FOLDER.test(url.pathname) || PLAIN.test(url.pathname))) {
    return null;
  }
  const store = async () => (await import("../io/http_store.ts")).httpStore(url, http);
  if (!FOLDER.test(url.pathname) && !await (await import("../io/zarr_marks.ts")).isZarr(await store())) {
    return null;
  }
  return { name: String(url), files: new Map(), folder: true, store };
}

/**
 * The files of an input. An open `ByteSource` stays the caller's to close.
 *
 * @param input path, URL, Blob, bytes, a list of them, a folder, files by name, or the URL of a folder of Zarr
 * @param http for remote files
 * @throws RangeError for a path that does not exist, or an empty list
 */
export async function sourceOf(input: DataInput, http: HttpOptions = {}): Promise<Source> {
  if (input instanceof Map) return { name: "files", files: sorted(input as FileTree), folder: true };
  if (Array.isArray(input)) {
    const inputs = input as readonly SourceInput[];
    if (inputs.length === 0) throw new RangeError("Cannot open data: the list of files is empty");
    const files = treeOf(inputs, http);
    const folder = inputs.every((file) => placeInFolder(file) !== "");
    const name = inputs.length === 1
      ? nameOf(inputs[0]!)
      : `${nameOf(inputs[0]!)} and ${inputs.length - 1} more`;
    return { name, files: folder ? sorted(files) : files, folder };
  }
  const single = input as SourceInput;
  const isPath = typeof single === "string" || single instanceof URL;
  if (isPath && !isRemote(single)) return await localSource(isUrl(String(single)) ? new URL(single) : single);
  const folder = isPath ? await remoteFolder(new URL(single), http) : null;
  if (folder) return folder;
  const name = isPath ? String(single) : nameOf(single);
  return { name, files: treeOf([single], http), folder: false };
}
