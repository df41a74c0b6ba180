// What of a conversion is done: while it runs in a hidden folder, afterwards beside the data. A process that is killed
// leaves what it finished and nothing else, and the next one goes on from there.

import { atomicFile } from "walrus/io";

/** A piece that is there. */
export interface Done {
  readonly path: string;
  readonly bytes: number;
  /** Trajectories of the source, `train 3`. */
  readonly trajectories: readonly string[];
}

/** The record of a conversion. */
export interface Record_ {
  readonly version: 1;
  /** Of the source, the settings and the plan: what must be equal to go on. */
  readonly digest: string;
  readonly input: string;
  readonly settings: object;
  readonly pieces: readonly Done[];
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
export async function writeRecord(root: string, path: string, record: Record_): Promise<void> {
  await writeWhole(root, path, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}

/** Reads a record; null where there is none that could be read. */
export async function readRecord(path: string): Promise<Record_ | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(path)) as Record_;
    return record.version === 1 && Array.isArray(record.pieces) ? record : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
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
  if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
  file.close();
  throw new RangeError(`Cannot convert to "${root}": another process converts to it`);
}
