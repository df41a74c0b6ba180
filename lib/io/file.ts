// Local files: the only module that touches the runtime's file system, and only when called. Works in Deno; in a
// page it says why it can not. What is written is whole or absent: a temporary name first, renamed at the end.

import { type ByteSource, checkRange } from "./byte_source.ts";

/** The part of Deno's file API that is used here; typed by hand so that the module type-checks in browsers. */
interface FileSystem {
  openSync(path: string | URL): OpenFile;
  open(path: string, options: { write: boolean; createNew: boolean }): Promise<OpenFile>;
  statSync(path: string | URL): { readonly isDirectory: boolean; readonly size: number };
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  mkdir(path: string, options: { recursive: boolean }): Promise<void>;
}

interface Writable {
  write(bytes: Uint8Array): Promise<number>;
  syncData(): Promise<void>;
}

interface OpenFile extends Writable {
  seekSync(offset: number, whence: number): number;
  readSync(into: Uint8Array): number | null;
  close(): void;
}

const FROM_START = 0;

function fileSystem(why: string): FileSystem {
  const runtime = (globalThis as { Deno?: FileSystem }).Deno;
  if (!runtime) {
    throw new TypeError(`Cannot ${why}: this runtime has no file system, pass a URL, a Blob or bytes`);
  }
  return runtime;
}

/** Words for what the runtime refused. */
function reason(error: unknown): string {
  const { name, message } = error as Error;
  if (name === "NotFound") return "there is no such file";
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
  const readSync = (offset: number, length: number) => {
    if (!open) throw new RangeError(`Cannot read "${name}": it is closed`);
    checkRange({ name, size }, offset, length);
    const bytes = new Uint8Array(length);
    file.seekSync(offset, FROM_START);
    for (let done = 0; done < length;) {
      const count = file.readSync(bytes.subarray(done));
      if (!count) throw new RangeError(`Cannot read "${name}": it ended at byte ${offset + done} of ${size}`);
      done += count;
    }
    return bytes;
  };
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    name,
    size,
    readSync,
    read: (offset, length) => Promise.resolve().then(() => readSync(offset, length)),
    close,
    [Symbol.dispose]: close,
  };
}

/** What a file is written from: all bytes, or chunks that are made as they are written. */
export type FileContents = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeChunks(file: Writable, contents: FileContents, signal?: AbortSignal): Promise<void> {
  const chunks = contents instanceof Uint8Array ? [contents] : contents;
  for await (const chunk of chunks) {
    for (let done = 0; done < chunk.length;) {
      signal?.throwIfAborted();
      done += await file.write(chunk.subarray(done));
    }
  }
  signal?.throwIfAborted();
  // A rename may reach the disk before the data does.
  await file.syncData();
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
  const system = fileSystem(`write "${path}"`);
  const refuse = (error: unknown): never => {
    throw new RangeError(`Cannot write "${path}": ${reason(error)}`, { cause: error });
  };
  const folder = path.replace(/[/\\]?[^/\\]*$/, "");
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`;
  signal?.throwIfAborted();
  if (folder) await system.mkdir(folder, { recursive: true }).catch(refuse);
  const file = await system.open(temporary, { write: true, createNew: true }).catch(refuse);
  const writable: Writable = {
    write: (bytes) => file.write(bytes).catch(refuse),
    syncData: () => file.syncData().catch(refuse),
  };
  try {
    try {
      await writeChunks(writable, contents, signal);
    } finally {
      file.close();
    }
    await system.rename(temporary, path).catch(refuse);
  } catch (error) {
    await system.remove(temporary).catch(() => {});
    throw error;
  }
}
