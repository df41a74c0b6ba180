// Local files, in Deno and Node. What is written is whole or absent: a temporary name first, renamed at the end.

import { type ByteSource, checkRange } from "./byte_source.ts";
import { fileSystem } from "./file_system.ts";
import type { OpenFile } from "./file_types.ts";

const FROM_START = 0;
/** Bytes that are written between looks at a signal. */
const PIECE = 16 << 20;
const MISSING = "there is no such file";

/** Words for what the runtime refused. */
function reason(error: unknown): string {
  const { name, message, code } = error as Error & { readonly code?: string };
  if (name === "NotFound" || code === "ENOENT") return MISSING;
  if (name === "NotCapable" || name === "PermissionDenied") return message;
  return message || name;
}

/**
 * Opens a local file.
 *
 * @param path path or file URL
 * @throws RangeError for a missing file or a folder; the message names it
 */
export function fileSource(path: string | URL): ByteSource {
  const name = String(path);
  const system = fileSystem(`open "${name}"`);
  let file: OpenFile;
  let size: number;
  try {
    const info = system.statSync(path);
    if (info.isDirectory) throw new RangeError("it is a folder, wanted a file");
    size = info.size;
    file = system.openSync(path);
  } catch (error) {
    throw new RangeError(`Cannot open "${name}": ${reason(error)}`, { cause: error });
  }
  let open = true;
  const closed = () => new RangeError(`Cannot read "${name}": it is closed`);
  const begin = (offset: number, length: number) => {
    if (!open) throw closed();
    checkRange({ name, size }, offset, length);
    file.seekSync(offset, FROM_START);
  };
  const ended = (at: number) => new RangeError(`Cannot read "${name}": it ended at byte ${at} of ${size}`);
  const readSync = (offset: number, length: number) => {
    begin(offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = file.readSync(bytes.subarray(done));
      if (!count) throw ended(offset + done);
      done += count;
    }
    return bytes;
  };
  let reading = false;
  const readInto = async (offset: number, into: Uint8Array) => {
    begin(offset, into.length);
    reading = true;
    try {
      for (let done = 0; done < into.length;) {
        const count = await file.read(into.subarray(done)).catch((error) => {
          throw new RangeError(`Cannot read "${name}": ${reason(error)}`, { cause: error });
        });
        if (!open) throw closed();
        if (!count) throw ended(offset + done);
        done += count;
      }
    } finally {
      reading = false;
      if (!open) file.close();
    }
  };
  // A file has one position: reads that take time wait for each other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(read: () => T | Promise<T>): Promise<T> => {
    const result = last.then(read);
    last = result.catch(() => {});
    return result;
  };
  const close = () => {
    if (!open) return;
    open = false;
    // Its number may be another file's next: a read that is under way ends first.
    if (!reading) file.close();
  };
  return {
    name,
    size,
    readSync,
    read: (offset, length) => inTurn(() => readSync(offset, length)),
    readInto: (offset, into) => inTurn(() => readInto(offset, into)),
    close,
    [Symbol.dispose]: close,
  };
}

/** Files that a folder may hold, and folders within folders: more is not one data set. */
const MOST_FILES = 100_000;
const DEEPEST = 8;

/**
 * Whether a path is a folder.
 *
 * @param path path or file URL
 * @returns false also for one that does not exist, and where there is no file system
 */
export function isFolder(path: string | URL): boolean {
  try {
    return fileSystem(`open "${path}"`).statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/**
 * Whether there is anything at a path; false in a runtime without a file system, true where that may not be known.
 *
 * @param path of a file or folder
 */
export function pathExists(path: string | URL): boolean {
  try {
    fileSystem(`look for "${path}"`).statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof TypeError) && reason(error) !== MISSING;
  }
}

/** A path within a folder. */
export function within(folder: string | URL, name: string): string | URL {
  if (typeof folder === "string") return `${folder.replace(/[/\\]+$/, "")}/${name}`;
  return new URL(name.split("/").map(encodeURIComponent).join("/"), `${String(folder).replace(/\/+$/, "")}/`);
}

/** Files that say that a folder is a store of Zarr, whose files are too many to be listed. */
export const ZARR_MARKS: readonly string[] = ["zarr.json", ".zmetadata", ".zgroup", ".zarray"];

/** Names of the folders in a folder, sorted; none where there is no such folder. */
export async function listFolder(folder: string | URL): Promise<string[]> {
  const system = fileSystem(`open "${folder}"`);
  const names: string[] = [];
  if (!isFolder(folder)) return names;
  for await (const { name } of system.readDir(folder)) if (isFolder(within(folder, name))) names.push(name);
  return names.sort();
}

/**
 * Files of a folder and of the folders in it; those whose names start with a dot are left out. A folder that is a store of
 * Zarr is told by its metadata alone, `zarr.json`, `.zgroup`: what lies in it is not listed.
 *
 * @param path path or file URL
 * @param deepest how many folders within each other are looked into
 * @returns paths relative to the folder, sorted; null when it is a file
 * @throws RangeError for a path that does not exist, or a folder of more than 100 000 files
 */
export async function folderFiles(path: string | URL, deepest: number = DEEPEST): Promise<string[] | null> {
  const system = fileSystem(`open "${path}"`);
  const files: string[] = [];
  const visit = async (folder: string | URL, prefix: string, depth: number): Promise<void> => {
    const names: string[] = [];
    for await (const { name } of system.readDir(folder)) names.push(name);
    const marks = names.filter((name) => ZARR_MARKS.includes(name));
    if (marks.length > 0) return void files.push(...marks.map((name) => prefix + name));
    for (const name of names) {
      if (name.startsWith(".")) continue;
      const inner = within(folder, name);
      // Follows links, as opening does.
      const folds = system.statSync(inner).isDirectory;
      if (folds && depth < deepest) await visit(inner, `${prefix}${name}/`, depth + 1);
      else if (!folds) files.push(prefix + name);
      if (files.length > MOST_FILES) throw new RangeError(`it has more than ${MOST_FILES} files`);
    }
  };
  try {
    if (!system.statSync(path).isDirectory) return null;
    await visit(path, "", 0);
  } catch (error) {
    throw new RangeError(`Cannot open "${path}": ${reason(error)}`, { cause: error });
  }
  return files.sort();
}

/** What a file is written from: all bytes, or chunks that are made as they are written. */
export type FileContents = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A file that is written at positions, and is whole or absent. */
export interface AtomicFile {
  /** Writes bytes; those between the end and the position are zero. */
  write(position: number, bytes: Uint8Array): Promise<void>;
  /** Gives the file its name, once all is on the disk. */
  commit(): Promise<void>;
  /** Ends it and leaves nothing behind; does nothing after `commit`. */
  discard(): Promise<void>;
}

/**
 * Begins a file that has its name only when it is whole: until then it has a temporary one. Folders are made where they
 * are missing; a file of that name is replaced.
 *
 * @param path where to
 * @param temporary its name until then, in the same folder unless given; a file of that name must not exist
 * @throws RangeError naming the path when the runtime refuses
 */
export async function atomicFile(
  path: string,
  temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`,
): Promise<AtomicFile> {
  const system = fileSystem(`write "${path}"`);
  const refuse = (error: unknown): never => {
    throw new RangeError(`Cannot write "${path}": ${reason(error)}`, { cause: error });
  };
  for (const file of [path, temporary]) {
    const folder = file.replace(/[/\\]?[^/\\]*$/, "");
    if (folder) await system.mkdir(folder, { recursive: true }).catch(refuse);
  }
  const file = await system.open(temporary, { write: true, createNew: true }).catch(refuse);
  let [open, named, at] = [true, false, 0];
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    async write(position, bytes) {
      if (position !== at) at = file.seekSync(position, FROM_START);
      for (let done = 0; done < bytes.length;) {
        const count = await file.write(bytes.subarray(done)).catch(refuse);
        done += count;
        at += count;
      }
    },
    async commit() {
      // A rename may reach the disk before the data does.
      await file.syncData().catch(refuse);
      close();
      await system.rename(temporary, path).catch(refuse);
      named = true;
    },
    async discard() {
      close();
      if (!named) await system.remove(temporary).catch(() => {});
    },
  };
}

/**
 * Writes a file so that it is whole or absent: under a temporary name in the same folder, then renamed. Folders are
 * made where they are missing; a file of that name is replaced.
 *
 * @param path where to
 * @param contents bytes, or chunks of which one at a time is held
 * @param signal ends the writing; nothing is left behind and the signal's reason is thrown
 * @throws RangeError naming the path when the runtime refuses; what `contents` throws
 */
export async function writeFileAtomic(
  path: string,
  contents: FileContents,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const file = await atomicFile(path);
  try {
    let at = 0;
    for await (const chunk of contents instanceof Uint8Array ? [contents] : contents) {
      for (let from = 0; from < chunk.length; from += PIECE) {
        signal?.throwIfAborted();
        await file.write(at + from, chunk.subarray(from, from + PIECE));
      }
      at += chunk.length;
    }
    signal?.throwIfAborted();
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}
