// A folder on a disk, with links: by the runtime's own file functions, which Node, Deno and Bun share. Where links are
// not allowed, as on some systems, the file itself takes the place of one.

import { builtin } from "./builtin.ts";
import { lockFile, roomOf } from "./disk_system.ts";
import { DiskFullError, type Folder, type PositionedFile } from "./folder.ts";

/** The part of `node:fs/promises` that is used; typed by hand so that the module type-checks in browsers. */
interface Disk {
  stat(path: string): Promise<{ readonly size: number; isDirectory(): boolean }>;
  lstat(path: string): Promise<{ isSymbolicLink(): boolean }>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Uint8Array>;
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  open(path: string, flags: number): Promise<DiskFile>;
  mkdir(path: string, options: { recursive: boolean }): Promise<unknown>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readlink(path: string): Promise<string>;
}

interface DiskFile {
  stat(): Promise<{ readonly size: number }>;
  read(into: Uint8Array, from: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(
    bytes: Uint8Array,
    from: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

/** O_RDWR | O_CREAT: never truncates. */
function readWriteCreate(): number {
  const { constants } = builtin<{ constants: { O_RDWR: number; O_CREAT: number } }>("fs")!;
  return constants.O_RDWR | constants.O_CREAT;
}

/** Codes of errors that mean: there are no links here, or not for this process. */
const NO_LINKS = ["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EINVAL", "ERR_ACCESS_DENIED"];

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name);
}

/** Deno's words for a missing right. */
function isDenied(error: unknown): boolean {
  return ["NotCapable", "PermissionDenied", ...NO_LINKS].includes(codeOf(error)) ||
    (error as Error).name === "NotCapable";
}

const isMissing = (error: unknown) => ["ENOENT", "ENOTDIR"].includes(codeOf(error));

/** What a disk refuses, in words that name the path. */
function refused(what: string, path: string, error: unknown): never {
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    throw new DiskFullError(`Cannot ${what} "${path}": the disk is full`, { cause: error });
  }
  throw new RangeError(`Cannot ${what} "${path}": ${(error as Error).message || code}`, { cause: error });
}

function positioned(path: string, file: DiskFile): PositionedFile {
  return {
    size: async () => (await file.stat()).size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    async write(offset, bytes) {
      for (let done = 0; done < bytes.length;) {
        const written = await file.write(bytes, done, bytes.length - done, offset + done)
          .catch((error) => refused("write", path, error));
        done += written.bytesWritten;
      }
    },
    close: () => file.close(),
  };
}

/** The way from a link to its target, both within one folder. */
function relative(path: string, target: string): string {
  const [from, to] = [path.split("/").slice(0, -1), target.split("/")];
  while (from.length > 0 && from[0] === to[0]) {
    from.shift();
    to.shift();
  }
  return "../".repeat(from.length) + to.join("/");
}

/** The path that a link's text leads to. */
function followed(path: string, text: string): string {
  const parts = path.split("/").slice(0, -1);
  for (const part of text.split(/[/\\]/)) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/**
 * A folder on a disk, which is made when something is written.
 *
 * @param root its path
 * @throws TypeError in a runtime without a file system
 */
export function diskFolder(root: string): Folder {
  const found = builtin<Disk>("fs/promises");
  if (!found) {
    throw new TypeError(`Cannot keep files in "${root}": this runtime has no file system`);
  }
  const disk = found;
  const name = root.replace(/(?<=.)[/\\]+$/, "");
  const at = (path: string) => path === "" ? name : `${name}/${path}`;
  const makeFolderOf = async (path: string) => {
    const full = at(path);
    await disk.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true })
      .catch((error) => refused("write", full, error));
  };
  /** What a path gives, or null where there is nothing. */
  const orNull = async <T>(path: string, wanted: Promise<T>): Promise<T | null> => {
    try {
      return await wanted;
    } catch (error) {
      return isMissing(error) ? null : refused("read", at(path), error);
    }
  };
  const move = async (from: string, to: string) => {
    await makeFolderOf(to);
    await disk.rename(at(from), at(to)).catch((error) => refused("write", at(to), error));
  };
  return {
    name,
    move,
    async info(path) {
      const info = await orNull(path, disk.stat(at(path)));
      return info && { size: info.size, folder: info.isDirectory() };
    },
    list: async (path) => (await orNull(path, disk.readdir(at(path))) ?? []).sort(),
    read: (path) => orNull(path, disk.readFile(at(path))),
    async write(path, bytes) {
      await makeFolderOf(path);
      const temporary = `${at(path)}.${crypto.randomUUID().slice(0, 8)}.tmp`;
      try {
        await disk.writeFile(temporary, bytes);
        await disk.rename(temporary, at(path));
      } catch (error) {
        await disk.rm(temporary, { recursive: false, force: true }).catch(() => {});
        refused("write", at(path), error);
      }
    },
    async open(path) {
      await makeFolderOf(path);
      const file = await disk.open(at(path), readWriteCreate())
        .catch((error) => refused("write", at(path), error));
      return positioned(at(path), file);
    },
    remove: async (path) =>
      await disk.rm(at(path), { recursive: true, force: true })
        .catch((error) => refused("remove", at(path), error)),
    async link(path, target) {
      await makeFolderOf(path);
      await disk.rm(at(path), { recursive: false, force: true });
      try {
        await disk.symlink(relative(path, target), at(path));
      } catch (error) {
        // Another process was faster.
        if (codeOf(error) === "EEXIST") return;
        if (!isDenied(error)) refused("write", at(path), error);
        await move(target, path);
      }
    },
    async linked(path) {
      const info = await orNull(path, disk.stat(at(path)));
      if (!info || info.isDirectory()) return null;
      const isLink = (await disk.lstat(at(path))).isSymbolicLink();
      return isLink ? followed(path, await disk.readlink(at(path))) : path;
    },
    async lock(path, signal) {
      await makeFolderOf(path);
      return await lockFile(at(path), signal);
    },
    free: () => roomOf(name),
    input: (path) => Promise.resolve(at(path)),
  };
}
