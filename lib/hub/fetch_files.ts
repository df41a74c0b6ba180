// Files of a repository, kept: which there are is asked of the Hub, those that are missing are fetched, and all stand
// in the snapshot of one commit. Without a connection the newest kept snapshot serves.

import type { Folder } from "../io/folder.ts";
import { quoted } from "../io/quote.ts";
import type { SourceInput } from "../io/source.ts";
import { blobPath, keepAbsence, keepCommit, keptCommit, keptFiles, snapshotPath } from "./cache.ts";
import { HubError } from "./client.ts";
import { downloadBlob, missingBytes } from "./download.ts";
import { commitOf, type HubFile, listFiles } from "./listing.ts";
import { type HubName, hubNameText, isCommit, parseHubName } from "./name.ts";
import { cacheOf, connectionsOf, type HubOptions } from "./options.ts";

/** Bytes up to which files are fetched several at once. */
const SMALL = 4 << 20;

/** A file by its path in the repository. */
export interface ListedFile {
  /** Path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** What a repository holds, and where from that is known. */
export interface Listing {
  /** Where files are kept. */
  readonly cache: Folder;
  /** At which commit. */
  readonly commit: string;
  /** Its files. */
  readonly files: readonly ListedFile[];
  /** Whether the Hub said so; else these are the files that are kept. */
  readonly fresh: boolean;
}

/** The newest kept snapshot. */
async function keptListing(cache: Folder, name: HubName): Promise<Listing | null> {
  const commit = await keptCommit(cache, name);
  if (commit === null) return null;
  const paths = await keptFiles(cache, name, commit);
  const files = await Promise.all(paths.map(async (path) => {
    return { path, size: (await cache.info(snapshotPath(name, commit, path)))!.size };
  }));
  return files.length > 0 ? { cache, commit, files, fresh: false } : null;
}

/** Refuses a path that is no file and no folder of a listing. */
async function checkPath({ cache, commit, files, fresh }: Listing, name: HubName): Promise<void> {
  const { path } = name;
  if (path === "" || files.some((file) => file.path === path || file.path.startsWith(`${path}/`))) return;
  if (fresh) await keepAbsence(cache, name, commit, path);
  const why = fresh ? "there is no such file" : "it is not kept";
  throw new HubError(
    `Cannot open ${quoted(hubNameText(name))}: ${why} at commit ${commit}`,
    fresh ? 404 : null,
  );
}

/**
 * What a repository holds: asked of the Hub; where it can not be reached, or `offline` is set, what is kept.
 *
 * @param name repository, revision, and a path that has to be there
 * @param options of the Hub
 * @param alone whether a file is all that is wanted: of a commit, which never changes, a kept one needs no one's word
 * @throws HubError for what may not be read, is not there, or neither listed nor kept
 */
export async function listRepository(name: HubName, options: HubOptions, alone = true): Promise<Listing> {
  const listing = await anyListing(name, options, alone);
  await checkPath(listing, name);
  return listing;
}

async function anyListing(name: HubName, options: HubOptions, alone: boolean): Promise<Listing> {
  const cache = await cacheOf(options);
  const settled = alone && isCommit(name.revision) && name.path !== "" &&
    (await cache.info(snapshotPath(name, name.revision, name.path)))?.folder === false;
  if (options.offline || settled) {
    const kept = await keptListing(cache, name);
    if (kept) return kept;
    throw new HubError(
      `Cannot open ${
        quoted(hubNameText(name))
      }: requests are off and nothing of it is kept in "${cache.name}"`,
      null,
    );
  }
  try {
    const commit = await commitOf(name, options);
    return { cache, commit, files: await listFiles(name, commit, options), fresh: true };
  } catch (error) {
    const isAway = error instanceof HubError && (error.status === null || error.status >= 429);
    const kept = isAway ? await keptListing(cache, name) : null;
    if (!kept) throw error;
    options.onNote?.(`${(error as Error).message}; files that are kept are used`);
    return kept;
  }
}

/** Asks whether what is missing may be fetched. */
async function admit(
  { cache }: Listing,
  name: HubName,
  files: readonly HubFile[],
  options: HubOptions,
): Promise<void> {
  const missing = await Promise.all(files.map((file) => missingBytes(cache, name, file)));
  const bytes = missing.reduce((sum, n) => sum + n, 0);
  const plan = { name: hubNameText(name), files: files.map(({ path, size }) => ({ path, size })), bytes };
  if (bytes > 0 && await options.admit?.(plan) === false) {
    throw new RangeError(
      `Fetching ${quoted(plan.name)} was refused: it has ${bytes} bytes that are not kept`,
    );
  }
}

/**
 * Makes files of a listing kept.
 *
 * @param listing of the repository
 * @param name of the repository
 * @param paths of files that are listed
 * @throws HubError, DiskFullError, the signal's reason; RangeError when `admit` refuses
 */
export async function keep(
  listing: Listing,
  name: HubName,
  paths: readonly string[],
  options: HubOptions,
): Promise<void> {
  const { cache, commit, files, fresh } = listing;
  if (!fresh) return;
  const wanted = new Set(paths);
  const missing: HubFile[] = [];
  for (const file of files as readonly HubFile[]) {
    if (wanted.has(file.path) && !await cache.info(snapshotPath(name, commit, file.path))) missing.push(file);
  }
  await admit(listing, name, missing, options);
  const fetchNext = async (queue: Iterable<HubFile>) => {
    for (const file of queue) {
      await downloadBlob(cache, name, commit, file, options);
      await cache.link(snapshotPath(name, commit, file.path), blobPath(name, file.etag));
    }
  };
  // Small files several at once; of a large one the parts are.
  const small = missing.filter(({ size }) => size < SMALL).values();
  const workers = Array.from({ length: connectionsOf(options) }, () => fetchNext(small));
  for (const ended of await Promise.allSettled(workers)) if (ended.status === "rejected") throw ended.reason;
  await fetchNext(missing.filter(({ size }) => size >= SMALL));
  // Last: whoever has no connection finds what the branch was when something of it was kept.
  await keepCommit(cache, name, commit);
}

/**
 * Fetches files of a repository.
 *
 * @param name repository, revision, and which file or folder; all of it where the name has no path
 * @param options of the Hub
 * @param only which files of these
 * @returns the folder of the commit in the cache, and paths within it
 * @throws HubError for what is not there or may not be read; DiskFullError; RangeError when `admit` refuses
 */
export async function fetchFiles(
  name: HubName,
  options: HubOptions = {},
  only?: readonly string[],
): Promise<{ readonly cache: Folder; readonly folder: string; readonly paths: readonly string[] }> {
  const listing = await listRepository(name, options);
  const { path } = name;
  const isWanted = (file: string) =>
    only?.includes(file) ?? (path === "" || file === path || file.startsWith(`${path}/`));
  const paths = listing.files.map((file) => file.path).filter(isWanted);
  await keep(listing, name, paths, options);
  return { cache: listing.cache, folder: snapshotPath(name, listing.commit), paths };
}

/**
 * Fetches one file.
 *
 * @param text `hf:org/name/path`, with `@revision` where needed
 * @param options of the Hub
 * @throws RangeError for a name of anything else than one file; otherwise as {@link fetchFiles}
 */
export async function fetchFile(text: string, options: HubOptions = {}): Promise<SourceInput> {
  const name = parseHubName(text);
  const { cache, folder, paths } = await fetchFiles(name, options);
  if (name.path === "" || paths[0] !== name.path) {
    throw new RangeError(`${quoted(text)} names a folder, wanted a file`);
  }
  return await cache.input(`${folder}/${name.path}`);
}
