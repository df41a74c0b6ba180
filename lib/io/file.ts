// Local files: the only module that touches the runtime's file system, and only when called. Works in Deno; in a
// page it says why it can not.

import { type ByteSource, checkRange } from "./byte_source.ts";

/** The part of Deno's file API that is used here; typed by hand so that the module type-checks in browsers. */
interface FileSystem {
  openSync(path: string | URL): OpenFile;
  statSync(path: string | URL): { readonly isDirectory: boolean; readonly size: number };
  writeFile(path: string, data: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  mkdir(path: string, options: { recursive: boolean }): Promise<void>;
}

interface OpenFile {
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

/**
 * Writes a file so that it is whole or absent: under a temporary name, then renamed.
 *
 * @param path where to
 * @param bytes the contents
 * @param signal aborts the writing; nothing is left behind
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const system = fileSystem(`write "${path}"`);
  const folder = path.replace(/[/\\]?[^/\\]*$/, "");
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.partial`;
  try {
    if (folder) await system.mkdir(folder, { recursive: true });
    await system.writeFile(temporary, bytes, signal ? { signal } : {});
    await system.rename(temporary, path);
  } catch (error) {
    await system.remove(temporary).catch(() => {});
    throw new RangeError(`Cannot write "${path}": ${reason(error)}`, { cause: error });
  }
}
