// Whether results can be written, found out before anything is computed: the folder can be written to, nothing that is
// there is lost, the disk has room. Leaves nothing behind.

import { statfs } from "node:fs/promises";
import { bytes } from "./words.ts";

/** What a command will write. */
export interface Outputs {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** Whether files that exist may be replaced. */
  readonly force: boolean;
  /** What they take on the disk at the most, and what would take less. */
  readonly room?: { readonly bytes: number; readonly less: string };
}

/** The folder of a path; `.` where it names none. */
export function folderOf(path: string): string {
  return path.replace(/[/\\]?[^/\\]*$/, "") || (/^[/\\]/.test(path) ? "/" : ".");
}

/** What is at a path; null for nothing. */
async function found(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw new RangeError(`Cannot write to "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** The folder itself, or the one in which it would be made. */
async function standing(wanted: string, folder = wanted): Promise<string> {
  const info = await found(folder);
  if (info?.isDirectory) return folder;
  if (info) throw new RangeError(`Cannot write to "${wanted}": "${folder}" is a file, wanted a folder`);
  return await standing(wanted, folderOf(folder.replace(/[/\\]+$/, "")));
}

/** Makes a file in a folder and removes it again. */
async function probe(folder: string, wanted: string): Promise<void> {
  try {
    const path = await Deno.makeTempFile({ dir: folder, prefix: ".walrus-", suffix: ".partial" });
    await Deno.remove(path);
  } catch (error) {
    throw new RangeError(`Cannot write to "${wanted}": ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes that are free where a folder lies; null where that is not known. */
export async function freeBytes(folder: string): Promise<number | null> {
  const right = { name: "sys", kind: "statfs" } as unknown as Deno.PermissionDescriptor;
  if ((await Deno.permissions.query(right)).state !== "granted") return null;
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // Some file systems do not say; writing will.
    return null;
  }
}

/** Those of some files that exist. */
export async function existing(files: readonly string[]): Promise<string[]> {
  const states = await Promise.all(files.map(found));
  return files.filter((_, i) => states[i] !== null);
}

/**
 * Refuses results that could not be written.
 *
 * @param outputs what will be written
 * @throws RangeError naming the folder and why nothing can be made there, a file that exists, or the room that lacks
 */
export async function checkOutputs({ files, force, room }: Outputs): Promise<void> {
  for (const wanted of new Set(files.map(folderOf))) {
    const folder = await standing(wanted);
    await probe(folder, wanted);
    const free = room ? await freeBytes(folder) : null;
    if (room && free !== null && free < room.bytes) {
      throw new RangeError(
        `Cannot write to "${wanted}": the results take up to ${bytes(room.bytes)}, the disk has ${
          bytes(free)
        } free; ${room.less}`,
      );
    }
  }
  const [first, ...more] = await existing(files);
  if (first === undefined) return;
  if ((await Deno.stat(first)).isDirectory) {
    throw new RangeError(`Cannot write "${first}": it is a folder, wanted a file`);
  }
  if (force) return;
  throw new RangeError(
    `"${first}" exists${more.length > 0 ? `, and ${more.length} more of the results` : ""}: ` +
      "--force replaces what is there, --out writes elsewhere",
  );
}
