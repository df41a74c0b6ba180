// The private storage that a browser gives a page (OPFS), as a folder. Files are written at positions in workers only;
// there are no links, so a small file holds the path it stands for. Locks hold between a site's tabs.

import { DiskFullError, type Folder, type PositionedFile } from "./folder.ts";

/** The part of the storage that is used; typed by hand: the libraries of pages and workers do not go together. */
interface Directory {
  readonly kind: "directory";
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<Directory>;
  getFileHandle(name: string, options: { create: boolean }): Promise<StoredFile>;
  removeEntry(name: string, options: { recursive: boolean }): Promise<void>;
  keys(): AsyncIterableIterator<string>;
}

interface StoredFile {
  readonly kind: "file";
  getFile(): Promise<File>;
  createSyncAccessHandle?(): Promise<AccessHandle>;
  move?(folder: Directory, name: string): Promise<void>;
}

interface AccessHandle {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface Browser {
  readonly storage?: {
    getDirectory?(): Promise<Directory>;
    estimate?(): Promise<{ quota?: number; usage?: number }>;
  };
  readonly locks?: {
    request(name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<void>;
  };
}

/** First letters of a file that stands for another. */
const LINK = "stands for ";
/** Longest file that may be one. */
const LONGEST_LINK = 1024;

const isMissing = (error: unknown) => ["NotFoundError", "TypeMismatchError"].includes((error as Error).name);

function refused(path: string, error: unknown): never {
  if ((error as Error).name === "QuotaExceededError") {
    throw new DiskFullError(`Cannot write "${path}": the browser's storage for this site is full`, {
      cause: error,
    });
  }
  throw new RangeError(`Cannot write "${path}": ${(error as Error).message}`, { cause: error });
}

function positioned(path: string, handle: AccessHandle): PositionedFile {
  return {
    size: () => Promise.resolve(handle.getSize()),
    read(offset, length) {
      const bytes = new Uint8Array(length);
      return Promise.resolve(bytes.subarray(0, handle.read(bytes, { at: offset })));
    },
    write(offset, bytes) {
      return Promise.resolve().then(() => {
        let written = 0;
        try {
          written = handle.write(bytes, { at: offset });
        } catch (error) {
          refused(path, error);
        }
        if (written < bytes.length) {
          throw new DiskFullError(`Cannot write "${path}": the browser's storage for this site is full`);
        }
      });
    },
    close() {
      handle.flush();
      return Promise.resolve(handle.close());
    },
  };
}

/** A storage's directory by path, and what is done in it. */
class Tree {
  constructor(readonly root: Directory) {}

  async folder(path: string, create: boolean): Promise<Directory> {
    let folder = this.root;
    for (const part of path.split("/").filter(Boolean)) {
      folder = await folder.getDirectoryHandle(part, { create });
    }
    return folder;
  }

  /** The folder of a path and its last part. */
  async place(path: string, create: boolean): Promise<[Directory, string]> {
    const at = path.lastIndexOf("/");
    return [await this.folder(path.slice(0, Math.max(0, at)), create), path.slice(at + 1)];
  }

  async file(path: string, create: boolean): Promise<StoredFile> {
    const [folder, name] = await this.place(path, create);
    return await folder.getFileHandle(name, { create });
  }

  async open(path: string): Promise<AccessHandle> {
    const file = await this.file(path, true);
    if (!file.createSyncAccessHandle) {
      throw new TypeError(`Cannot write "${path}": files of a page's storage are written in workers only`);
    }
    return await file.createSyncAccessHandle();
  }
}

/** What is found, or null where there is nothing. */
async function orNull<T>(wanted: Promise<T>): Promise<T | null> {
  try {
    return await wanted;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * A folder of the page's private storage.
 *
 * @param name of the folder
 * @throws TypeError where there is no such storage
 */
export async function browserFolder(name: string): Promise<Folder> {
  const browser = (globalThis as { navigator?: Browser }).navigator;
  const storage = browser?.storage;
  if (!storage?.getDirectory) {
    throw new TypeError(
      "Cannot keep files: this runtime has neither a file system nor private storage for a page",
    );
  }
  const top = await storage.getDirectory();
  const tree = new Tree(await top.getDirectoryHandle(name, { create: true }));

  /** The path that a link leads to; the path itself for other files. */
  const linked = async (path: string): Promise<string | null> => {
    const handle = await orNull(tree.file(path, false));
    if (!handle) return null;
    const file = await handle.getFile();
    const text = file.size > LONGEST_LINK ? "" : await file.text();
    if (!text.startsWith(LINK)) return path;
    const target = text.slice(LINK.length);
    return await orNull(tree.file(target, false)) ? target : null;
  };
  const stored = async (path: string): Promise<File | null> => {
    const target = await linked(path);
    return target === null ? null : await (await tree.file(target, false)).getFile();
  };
  const write = async (path: string, bytes: Uint8Array) => {
    const handle = await tree.open(path).catch((error) => refused(path, error));
    try {
      handle.truncate(0);
      await positioned(path, handle).write(0, bytes);
    } finally {
      handle.close();
    }
  };
  return {
    name: `the browser's storage (${name})`,
    linked,
    write,
    async info(path) {
      if (await orNull(tree.folder(path, false))) return { size: 0, folder: true };
      const file = await stored(path);
      return file && { size: file.size, folder: false };
    },
    async list(path) {
      const folder = await orNull(tree.folder(path, false));
      return folder ? (await Array.fromAsync(folder.keys())).sort() : [];
    },
    async read(path) {
      const file = await stored(path);
      return file && new Uint8Array(await file.arrayBuffer());
    },
    open: async (path) => positioned(path, await tree.open(path).catch((error) => refused(path, error))),
    async move(from, to) {
      const file = await tree.file(from, false);
      if (!file.move) {
        throw new TypeError(`Cannot rename "${from}": this browser can not rename stored files`);
      }
      await file.move(...await tree.place(to, true));
    },
    async remove(path) {
      const place = await orNull(tree.place(path, false));
      if (place) await orNull(place[0].removeEntry(place[1], { recursive: true }));
    },
    link: (path, target) => write(path, new TextEncoder().encode(LINK + target)),
    async lock(path, signal) {
      if (!browser?.locks) return () => Promise.resolve();
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      await new Promise<void>((resolve, reject) => {
        browser.locks!.request(`${name}/${path}`, signal ? { signal } : {}, () => {
          resolve();
          return held;
        }).catch(reject);
      });
      return () => Promise.resolve(release());
    },
    async free() {
      const { quota, usage = 0 } = await storage.estimate?.() ?? {};
      return quota === undefined ? null : quota - usage;
    },
    async input(path) {
      const file = await stored(path);
      if (!file) throw new RangeError(`Cannot open "${path}": there is no such file`);
      // A name for messages; the bytes stay where they are.
      return new File([file], path.slice(path.lastIndexOf("/") + 1));
    },
  };
}
