// What is kept: listed, verified, removed. Blobs are checked against the checksum that is their name.

import type { Folder } from "../io/folder.ts";
import { keptFiles, repoFolder, repoOfFolder, snapshotPath } from "./cache.ts";
import { followingChecksum, hashOfEtag } from "./checksum.ts";
import type { HubName } from "./name.ts";
import { blobOfPartial } from "./partial.ts";

/** A repository of which something is kept. */
export type KeptRepo = Pick<HubName, "kind" | "repo">;

/** What is kept of a repository. */
export interface KeptSummary extends KeptRepo {
  /** Commits, and the files that are kept of each. */
  readonly snapshots: ReadonlyMap<string, readonly string[]>;
  /** Bytes, each file counted once; files on their way included. */
  readonly bytes: number;
  /** Files on their way. */
  readonly unfinished: number;
}

function nameOf({ kind, repo }: KeptRepo): HubName {
  return { kind, repo, revision: "main", path: "" };
}

/** Repositories of which something is kept, by name. */
export async function keptRepos(cache: Folder): Promise<KeptRepo[]> {
  return (await cache.list("")).map(repoOfFolder).filter((repo) => repo !== null);
}

/** Names and sizes of blobs; files on their way count as those. */
async function blobsOf(cache: Folder, repo: KeptRepo): Promise<{ name: string; size: number }[]> {
  const folder = `${repoFolder(repo)}/blobs`;
  const names = await cache.list(folder);
  return await Promise.all(
    names.map(async (name) => ({ name, size: (await cache.info(`${folder}/${name}`))?.size ?? 0 })),
  );
}

/** What is kept of a repository. */
export async function summarize(cache: Folder, repo: KeptRepo): Promise<KeptSummary> {
  const name = nameOf(repo);
  const snapshots = new Map<string, string[]>();
  let bytes = 0;
  for (const commit of await cache.list(`${repoFolder(repo)}/snapshots`)) {
    const files = await keptFiles(cache, name, commit);
    snapshots.set(commit, files);
    for (const file of files) {
      const path = snapshotPath(name, commit, file);
      // Where there are no links, a snapshot has the bytes themselves.
      if (await cache.linked(path) === path) bytes += (await cache.info(path))?.size ?? 0;
    }
  }
  const blobs = await blobsOf(cache, repo);
  const unfinished = blobs.filter(({ name }) => name.endsWith(".incomplete")).length;
  return { ...repo, snapshots, bytes: blobs.reduce((sum, { size }) => sum + size, bytes), unfinished };
}

/** What a check of kept bytes found. */
export interface Verification {
  /** Blobs whose bytes have their checksum. */
  readonly right: number;
  /** Files, `commit/path`, whose bytes were wrong and are removed. */
  readonly wrong: readonly string[];
  /** Files whose checksum is not known: there are no links here. */
  readonly unknown: readonly string[];
}

async function isRight(cache: Folder, path: string, etag: string, size: number): Promise<boolean> {
  const hash = hashOfEtag(etag)!;
  const file = await cache.open(path);
  try {
    const sum = await followingChecksum((offset, length) => file.read(offset, length), hash, size);
    await sum.advance(size);
    return sum.digest() === etag;
  } finally {
    await file.close();
  }
}

/**
 * Reads all kept bytes of a repository and compares their checksums. What is wrong is removed, so that it is fetched
 * again when it is next wanted.
 *
 * @param cache where files are kept
 * @param repo which
 */
export async function verify(cache: Folder, repo: KeptRepo): Promise<Verification> {
  const name = nameOf(repo);
  const folder = `${repoFolder(repo)}/blobs`;
  const bad = new Set<string>();
  let right = 0;
  for (const { name: etag, size } of await blobsOf(cache, repo)) {
    if (hashOfEtag(etag) === null || blobOfPartial(etag) !== null) continue;
    const path = `${folder}/${etag}`;
    if (await isRight(cache, path, etag, size)) right++;
    else bad.add(path);
  }
  const [wrong, unknown]: [string[], string[]] = [[], []];
  for (const [commit, files] of (await summarize(cache, repo)).snapshots) {
    for (const file of files) {
      const path = snapshotPath(name, commit, file);
      const target = await cache.linked(path);
      if (target === path) unknown.push(`${commit}/${file}`);
      else if (target !== null && bad.has(target)) {
        wrong.push(`${commit}/${file}`);
        await cache.remove(path);
      }
    }
  }
  for (const path of bad) await cache.remove(path);
  return { right, wrong, unknown };
}

/** Removes all that is kept of a repository. */
export async function removeRepo(cache: Folder, repo: KeptRepo): Promise<void> {
  await cache.remove(repoFolder(repo));
  await cache.remove(`.locks/${repoFolder(repo)}`);
}
