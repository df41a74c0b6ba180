// Node's files as Deno has them.

import { builtin } from "./builtin.ts";
import type { FileSystem, OpenFile } from "./file_types.ts";

/** The part of `node:fs` that is used here, as {@link FileSystem} is typed. */
interface NodeFiles {
  openSync(path: string | URL, flags: string): number;
  readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number;
  read(
    file: number,
    into: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null, count: number) => void,
  ): void;
  write(
    file: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null, count: number) => void,
  ): void;
  fdatasync(file: number, done: (error: Error | null) => void): void;
  closeSync(file: number): void;
  statSync(path: string | URL): { isDirectory(): boolean; readonly size: number };
  readonly promises: {
    readdir(path: string | URL): Promise<string[]>;
    rename(from: string, to: string): Promise<void>;
    rm(path: string): Promise<void>;
    mkdir(path: string, options: { recursive: boolean }): Promise<unknown>;
  };
}

function openFile(fs: NodeFiles, path: string | URL, flags: string): OpenFile {
  const file = fs.openSync(path, flags);
  let position = 0;
  return {
    seekSync: (offset) => position = offset,
    readSync(into) {
      const count = fs.readSync(file, into, 0, into.length, position);
      position += count;
      return count || null;
    },
    read: (into) =>
      new Promise((resolve, reject) => {
        fs.read(file, into, 0, into.length, position, (error, count) => {
          if (error) return reject(error);
          position += count;
          resolve(count || null);
        });
      }),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        fs.write(file, bytes, 0, bytes.length, position, (error, count) => {
          if (error) return reject(error);
          position += count;
          resolve(count);
        });
      }),
    syncData: () =>
      new Promise((resolve, reject) => fs.fdatasync(file, (error) => error ? reject(error) : resolve())),
    close: () => fs.closeSync(file),
  };
}

async function* names(fs: NodeFiles, folder: string | URL): AsyncGenerator<{ readonly name: string }> {
  for (const name of await fs.promises.readdir(folder)) yield { name };
}

/** Node's file system; null in a runtime that is none. */
export function nodeFileSystem(): FileSystem | null {
  const fs = builtin<NodeFiles>("fs");
  if (!fs) return null;
  return {
    openSync: (path) => openFile(fs, path, "r"),
    // Not async functions: what is refused at once is a rejection all the same.
    open: (path) => Promise.resolve().then(() => openFile(fs, path, "wx")),
    statSync(path) {
      const info = fs.statSync(path);
      return { isDirectory: info.isDirectory(), size: info.size };
    },
    readDir: (path) => names(fs, path),
    rename: (from, to) => fs.promises.rename(from, to),
    remove: (path) => fs.promises.rm(path),
    mkdir: async (path, options) => void await fs.promises.mkdir(path, options),
  };
}
