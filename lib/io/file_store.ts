// Files beneath a folder by their paths, of which only those that are asked for are touched: a store of very many small
// files, as Zarr is, can not be listed first. The folder may lie on a disk, on a server, in an archive or in a page.

import type { ByteSource } from "./byte_source.ts";
import { fileSource, listFolder, pathExists, within } from "./file.ts";
import { openEntry, readZip } from "./zip.ts";

/** Files beneath a folder. Paths within it are relative, their parts divided by slashes. */
export interface FileStore {
  /** Path or URL, for messages. */
  readonly name: string;
  /** All bytes of a file; null where there is none. */
  get(path: string): Promise<Uint8Array | null>;
  /** A file by range, which the caller closes; null where there is none. */
  open(path: string): Promise<ByteSource | null>;
  /** Names of the folders in a folder; null where no one can list them. */
  list(path: string): Promise<string[] | null>;
  /** Lets go of what it holds. */
  close(): void;
}

/** Largest file that is read whole. */
export const LARGEST_FILE: number = 1 << 30;

/** A whole file that is opened for it. */
async function wholeOf(opening: Promise<ByteSource | null>): Promise<Uint8Array | null> {
  using file = await opening;
  if (!file) return null;
  if (file.size <= LARGEST_FILE) return await file.read(0, file.size);
  throw new RangeError(
    `Cannot read "${file.name}": it has ${file.size} bytes, wanted at most ${LARGEST_FILE}`,
  );
}

/**
 * A folder of a disk.
 *
 * @param folder path or file URL
 */
export function diskStore(folder: string | URL): FileStore {
  const open = (path: string): Promise<ByteSource | null> =>
    Promise.resolve().then(() => {
      const place = within(folder, path);
      return pathExists(place) ? fileSource(place) : null;
    });
  return {
    name: String(folder).replace(/[/\\]+$/, ""),
    open,
    get: (path) => wholeOf(open(path)),
    list: (path) => listFolder(path === "" ? folder : within(folder, path)),
    close() {},
  };
}

/**
 * Files by name, some of which lie beneath a folder.
 *
 * @param name of the folder, for messages
 * @param files by path, each call opens one
 * @param prefix path of the folder among them, ending with a slash, or empty
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource } from "./byte_source.ts";
 * const open = () => Promise.resolve(memorySource(Uint8Array.of(7)));
 * const store = treeStore("a", new Map([["a/zarr.json", open], ["a/u/c/0", open]]), "a/");
 * assert.deepEqual(await store.list(""), ["u"]);
 * assert.deepEqual(await store.get("u/c/0"), Uint8Array.of(7));
 * assert.equal(await store.get("u/c/1"), null);
 * ```
 */
export function treeStore(
  name: string,
  files: ReadonlyMap<string, () => Promise<ByteSource>>,
  prefix: string,
): FileStore {
  const open = async (path: string) => await files.get(prefix + path)?.() ?? null;
  return {
    name,
    open,
    get: (path) => wholeOf(open(path)),
    list(path) {
      const folder = path === "" ? prefix : `${prefix}${path}/`;
      const names = new Set<string>();
      for (const file of files.keys()) {
        const rest = file.startsWith(folder) ? file.slice(folder.length) : "";
        if (rest.includes("/")) names.add(rest.slice(0, rest.indexOf("/")));
      }
      return Promise.resolve([...names]);
    },
    close() {},
  };
}

/**
 * The entries of a zip archive: stored ones are read by range, compressed ones whole.
 *
 * @param source becomes the store's own; closed when this throws
 * @throws SyntaxError for a broken archive
 */
export async function zipStore(source: ByteSource): Promise<FileStore> {
  try {
    const entries = await readZip(source, { deflated: true, rewritten: true });
    const files = new Map(
      [...entries].map(([name, entry]) => [name, () => openEntry(source, entry)] as const),
    );
    return { ...treeStore(source.name, files, ""), close: () => source.close() };
  } catch (error) {
    source.close();
    throw error;
  }
}
