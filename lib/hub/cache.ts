// Where kept files lie: the layout of Python's huggingface_hub, so that both find what the other fetched. Blobs are
// named by their checksum; a snapshot's files stand for them; a branch's file holds its commit.

import type { Folder } from "../io/folder.ts";
import type { HubName } from "./name.ts";
import { isCommit } from "./name.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The folder of a repository: `models--org--name`. */
export function repoFolder({ kind, repo }: Pick<HubName, "kind" | "repo">): string {
  return [`${kind}s`, ...repo.split("/")].join("--");
}

/** The repository of a folder; null for other folders. */
export function repoOfFolder(folder: string): Pick<HubName, "kind" | "repo"> | null {
  const found = /^(model|dataset)s--(.+?)--(.+)$/.exec(folder);
  return found && { kind: found[1] as HubName["kind"], repo: `${found[2]}/${found[3]}` };
}

/** Where the bytes of a checksum lie. */
export function blobPath(name: HubName, etag: string): string {
  return `${repoFolder(name)}/blobs/${etag}`;
}

/** Where a file of a commit is found. */
export function snapshotPath(name: HubName, commit: string, path = ""): string {
  return `${repoFolder(name)}/snapshots/${commit}${path && `/${path}`}`;
}

/** The lock of a checksum; Python's programs take the same. */
export function lockPath(name: HubName, etag: string): string {
  return `.locks/${repoFolder(name)}/${etag}.lock`;
}

const refPath = (name: HubName) => `${repoFolder(name)}/refs/${name.revision}`;

/** The commit that a revision stood for when it was last looked up; null when it never was. */
export async function keptCommit(cache: Folder, name: HubName): Promise<string | null> {
  if (isCommit(name.revision)) return name.revision;
  const bytes = await cache.read(refPath(name));
  const commit = bytes ? decoder.decode(bytes).trim() : "";
  return isCommit(commit) ? commit : null;
}

/** Keeps what a revision stands for. */
export async function keepCommit(cache: Folder, name: HubName, commit: string): Promise<void> {
  if (name.revision === commit || await keptCommit(cache, name) === commit) return;
  await cache.write(refPath(name), encoder.encode(commit));
}

/** Keeps that a commit has no such file, as Python's programs do. */
export async function keepAbsence(cache: Folder, name: HubName, commit: string, path: string): Promise<void> {
  const mark = `${repoFolder(name)}/.no_exist/${commit}/${path}`;
  if (!await cache.info(mark)) await cache.write(mark, new Uint8Array(0));
}

/** Files of a commit that are kept, sorted. */
export async function keptFiles(cache: Folder, name: HubName, commit: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await cache.list(snapshotPath(name, commit, folder))) {
      const path = folder === "" ? entry : `${folder}/${entry}`;
      const info = await cache.info(snapshotPath(name, commit, path));
      if (info?.folder) await visit(path);
      else if (info) files.push(path);
    }
  };
  await visit("");
  return files.sort();
}
