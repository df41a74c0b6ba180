// What a disk's folder needs of the system: locks and room. Deno's locks are those of the operating system (flock),
// which Python's programs take as well; Node has none, so there a file that is renewed every few seconds says that
// someone works.

import { builtin } from "./builtin.ts";
import { pause } from "./pause.ts";

/** The part of `node:fs/promises` that is used. */
interface Disk {
  stat(path: string): Promise<{ readonly mtimeMs: number }>;
  writeFile(path: string, bytes: Uint8Array, options: { flag: string }): Promise<void>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
  utimes(path: string, accessed: Date, modified: Date): Promise<void>;
  statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number }>;
}

/** The part of a Deno file that locks. */
interface LockableFile {
  tryLock(exclusive: boolean): Promise<boolean>;
  close(): void;
}

/** The part of Deno that is used. */
interface DenoRuntime {
  open(path: string, options: { read: boolean; write: boolean; create: boolean }): Promise<LockableFile>;
  readonly permissions: { query(right: { name: string; kind: string }): Promise<{ state: string }> };
}

function deno(): DenoRuntime | null {
  return (globalThis as { Deno?: DenoRuntime }).Deno ?? null;
}

/** Whether the disk may be asked for its room: no user is asked for a right that only makes an error come earlier. */
async function mayAskRoom(): Promise<boolean> {
  const { state } = await deno()?.permissions.query({ name: "sys", kind: "statfs" }) ?? { state: "granted" };
  return state === "granted";
}

/** Milliseconds between tries to take a lock. */
const POLL = 50;
/** Milliseconds after which a lock file that no one renews is no one's. */
const STALE = 20_000;

/** Takes the operating system's lock where the runtime can. */
async function systemLock(path: string, signal?: AbortSignal): Promise<(() => Promise<void>) | null> {
  const runtime = deno();
  if (!runtime) return null;
  const file = await runtime.open(path, { read: true, write: true, create: true });
  try {
    while (!await file.tryLock(true)) await pause(POLL, signal);
  } catch (error) {
    file.close();
    throw error;
  }
  // Closing gives a lock back, and so does the end of the process, however it comes.
  return () => Promise.resolve(file.close());
}

/** Makes a file that is not there yet. @returns whether it was this process that made it */
async function makeFile(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.writeFile(path, new Uint8Array(0), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

const remove = (disk: Disk, path: string) => disk.rm(path, { recursive: false, force: true });

/** Whether no one renews a file any more. */
async function isStale(disk: Disk, path: string): Promise<boolean> {
  const modified = await disk.stat(path).then(({ mtimeMs }) => mtimeMs, () => Date.now());
  return Date.now() - modified > STALE;
}

/** Removes a lock that no one renews. Who does it has a lock for that, or two would remove each other's new ones. */
async function removeStale(disk: Disk, held: string): Promise<void> {
  const guard = `${held}.stale`;
  if (!await makeFile(disk, guard)) {
    if (await isStale(disk, guard)) await remove(disk, guard);
    return;
  }
  try {
    if (await isStale(disk, held)) await remove(disk, held);
  } finally {
    await remove(disk, guard);
  }
}

/** Takes a lock that is a file: who makes it has it, who stops renewing it loses it. */
async function fileLock(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const disk = builtin<Disk>("fs/promises")!;
  const held = `${path}.held`;
  while (!await makeFile(disk, held)) {
    if (await isStale(disk, held)) await removeStale(disk, held);
    else await pause(POLL, signal);
  }
  const renewal = setInterval(() => {
    const now = new Date();
    disk.utimes(held, now, now).catch(() => {});
  }, STALE / 4);
  return async () => {
    clearInterval(renewal);
    await remove(disk, held);
  };
}

/**
 * Waits until no one else has a lock.
 *
 * @param path of its file, whose folder exists
 * @param signal ends the wait
 * @returns gives it back
 */
export async function lockFile(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  return await systemLock(path, signal) ?? await fileLock(path, signal);
}

/**
 * Bytes that may still be written.
 *
 * @param path of a folder, that does not have to exist yet
 * @returns null where no one knows
 */
export async function roomOf(path: string): Promise<number | null> {
  const disk = builtin<Disk>("fs/promises");
  if (!disk || !await mayAskRoom()) return null;
  // The nearest folder that exists.
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const found = await disk.statfs(at).catch(() => null);
    if (found) return found.bavail * found.bsize;
  }
  return null;
}
