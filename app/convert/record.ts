// What of a conversion is done: while it runs in a hidden folder, afterwards beside the data. A process that is killed
// leaves what it finished and nothing else, and the next one goes on from there.

import { atomicFile } from "walrus/io";
import type { Target } from "./settings.ts";

/** A piece that is there. */
export interface Done {
  readonly path: string;
  readonly bytes: number;
  /** Trajectories of the source, `train 3`. */
  readonly trajectories: readonly string[];
}

/** The record of a conversion. */
export interface ConversionRecord {
  readonly version: 1;
  /** Of the source, the settings and the plan: what must be equal to go on. */
  readonly digest: string;
  readonly input: string;
  readonly settings: object;
  readonly pieces: readonly Done[];
  /** All that will be there, of a conversion under way: a piece may be whole and not noted yet. */
  readonly planned?: readonly string[];
  /** Files beside the pieces; absent while the conversion is under way. */
  readonly beside?: readonly string[];
  /** What could not be carried over, and what was added. */
  readonly notes?: readonly string[];
}

/** Folder of a conversion that is under way, in that of the data set. */
export const WORK = ".convert";
/** The record of one that is done. */
export const RECORD = "conversion.json";

/** First bytes of a digest as text. */
export async function digestOf(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 16).toHex();
}

/**
 * Sizes and times of local files: who changes the source in between gets no mixture of both.
 *
 * @param input as it was given
 * @returns nothing of what is not on this machine
 */
export async function stampsOf(input: string): Promise<(string | number | null)[]> {
  try {
    const info = await Deno.stat(input);
    if (!info.isDirectory) return [info.size, info.mtime?.getTime() ?? null];
    const names = (await Array.fromAsync(Deno.readDir(input))).map(({ name }) => name).sort();
    const inner = [];
    for (const name of names) inner.push(name, ...await stampsOf(`${input}/${name}`));
    return inner;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

/** Bytes of a file; null where there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Removes a file or a folder, where there is one. */
export async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Writes a file that appears when it is whole; until then it lies in the hidden folder. */
export async function writeWhole(root: string, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${root}/${WORK}/${path.replaceAll("/", "_")}.partial`;
  await removeAll(temporary);
  const file = await atomicFile(`${root}/${path}`, temporary);
  try {
    await file.write(0, bytes);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Writes a record. */
export async function writeRecord(root: string, path: string, record: ConversionRecord): Promise<void> {
  await writeWhole(root, path, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}

/** Reads a record; null where there is none that could be read. */
export async function readRecord(path: string): Promise<ConversionRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(path)) as ConversionRecord;
    return record.version === 1 && Array.isArray(record.pieces) ? record : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Removes a file or an empty folder; one that is not there or not empty stays as it is. */
function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* It is not there, or holds something. */ }
}

/**
 * Keeps others out of a data set's folder as long as this process lives.
 *
 * @returns disposing of it lets others in
 * @throws RangeError when another process has it
 */
export async function lockFolder(root: string): Promise<Disposable> {
  await Deno.mkdir(`${root}/${WORK}`, { recursive: true });
  const file = await Deno.open(`${root}/${WORK}/lock`, { read: true, write: true, create: true });
  const dispose = () => {
    file.close();
    // Who was refused, or has ended, leaves no folder behind; who is interrupted leaves his record in it.
    const rest = [...Deno.readDirSync(root)].some(({ name }) => name === WORK)
      ? [...Deno.readDirSync(`${root}/${WORK}`)].filter(({ name }) => name !== "lock")
      : [];
    if (rest.length > 0) return;
    removeQuietly(`${root}/${WORK}/lock`);
    removeQuietly(`${root}/${WORK}`);
    removeQuietly(root);
  };
  if (await file.tryLock(true)) return { [Symbol.dispose]: dispose };
  file.close();
  throw new RangeError(`Cannot convert to "${root}": another process converts to it`);
}

/** The folder that a split of Zarr is in the end, and the one in which it is made. */
export const splitFolders = (root: string, split: string) =>
  [`${root}/${split}`, `${root}/${WORK}/store/${split}`] as const;

/** Whether there is anything at a path. */
export const exists = async (path: string) => await sizeOf(path) !== null;

/** Pieces of an earlier process that are whole. */
export async function doneBefore(
  root: string,
  before: ConversionRecord | null,
  record: ConversionRecord,
  to: Target,
): Promise<Done[]> {
  if (before?.digest !== record.digest) return [];
  const found: Done[] = [];
  for (const piece of before.pieces) {
    const [own, made] = splitFolders(root, piece.path.split("/")[0]!);
    const isThere = to === "zarr"
      ? await exists(own) || await exists(made)
      : await sizeOf(`${root}/${piece.path}`) === piece.bytes;
    if (isThere) found.push(piece);
  }
  return found;
}

/** Refuses a folder that holds something else, or removes what an earlier conversion made of it. */
export async function prepare(
  root: string,
  found: readonly (ConversionRecord | null)[],
  record: ConversionRecord,
  force: boolean,
) {
  const other = found.find((each) => each && each.digest !== record.digest);
  if (!other) {
    if (found.some(Boolean) || await isEmpty(root)) return;
    throw new RangeError(
      `"${root}" holds files that no conversion wrote: --out or --name writes elsewhere`,
    );
  }
  if (!force) {
    throw new RangeError(
      `"${root}" holds another conversion, of "${other.input}": --force replaces it, --out or --name writes elsewhere`,
    );
  }
  for (const each of found) {
    for (const path of each?.planned ?? each?.pieces.map(({ path }) => path) ?? []) {
      // Of Zarr, and of arrays, the folder of the split is the conversion's own.
      await removeAll(`${root}/${path.startsWith("data/") ? path : path.split("/")[0]}`);
    }
    for (const path of each?.beside ?? []) await removeAll(`${root}/${path}`);
  }
  await removeAll(`${root}/${RECORD}`);
  for (const name of ["store", "manifest.json"]) await removeAll(`${root}/${WORK}/${name}`);
}

/** Whether nothing lies in a folder but hidden things. */
async function isEmpty(root: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(root)) if (!name.startsWith(".")) return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return true;
}
