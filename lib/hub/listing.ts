// What a repository holds at a revision, as the Hub's interface lists it. Every name, size and checksum is checked
// here, once: what comes out may be used as a path.

import { quoted, shown } from "../io/quote.ts";
import type { HashName } from "../io/hash.ts";
import { bodyChunks, HubError, request, waitToRetry } from "./client.ts";
import { type HubName, hubNameText, isCommit, isSafePath } from "./name.ts";
import { attemptsOf, endpointOf, type HubOptions } from "./options.ts";

/** A file of a repository. */
export interface HubFile {
  /** Path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Its checksum, which is also its name among the kept files: SHA-256 of large ones, git's SHA-1 of others. */
  readonly etag: string;
  /** How the checksum is computed. */
  readonly hash: HashName;
}

/** Files that a repository may have. */
const MOST_FILES = 200_000;
/** Characters of an answer. */
const LONGEST = 64 << 20;

function refuse(name: HubName, why: string): never {
  throw new SyntaxError(
    `Cannot list ${quoted(hubNameText(name))}: the Hub's answer is not understood, ${why}`,
  );
}

/** A whole answer as text, requested again when it breaks off. */
async function textOf(url: string, name: HubName, options: HubOptions): Promise<[string, Response]> {
  const what = quoted(hubNameText(name));
  for (let failed = 1;; failed++) {
    const response = await request(url, {}, what, options);
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of bodyChunks(response, options.signal)) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > LONGEST) break;
      }
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (failed < attemptsOf(options)) {
        await waitToRetry(failed, options);
        continue;
      }
      throw new HubError(`Cannot list ${what}: the answer broke off, ${(error as Error).message}`, null, {
        cause: error,
      });
    }
    return text.length > LONGEST ? refuse(name, `it is longer than ${LONGEST}`) : [text, response];
  }
}

async function json(url: string, name: HubName, options: HubOptions): Promise<[unknown, Response]> {
  const [text, response] = await textOf(url, name, options);
  try {
    return [JSON.parse(text), response];
  } catch (error) {
    return refuse(name, quoted((error as Error).message));
  }
}

function api({ kind, repo }: HubName, options: HubOptions): string {
  return `${endpointOf(options)}/api/${kind}s/${repo}`;
}

/**
 * The commit that a revision stands for now.
 *
 * @throws HubError for a repository or revision that is not there or may not be read
 */
export async function commitOf(name: HubName, options: HubOptions): Promise<string> {
  if (isCommit(name.revision)) return name.revision;
  const url = `${api(name, options)}/revision/${encodeURIComponent(name.revision)}`;
  const [info] = await json(url, name, options);
  const commit = (info as { sha?: unknown } | null)?.sha;
  return typeof commit === "string" && isCommit(commit)
    ? commit
    : refuse(name, `its commit is ${shown(commit)}`);
}

/** An entry of the list, checked; null for a folder. */
function fileOf(name: HubName, entry: unknown): HubFile | null {
  const { type, path, size, oid, lfs } = (entry ?? {}) as Record<string, unknown>;
  if (type === "directory") return null;
  if (typeof path !== "string" || !isSafePath(path)) {
    return refuse(name, `it names a file ${shown(path)}, which leaves the repository`);
  }
  const { oid: sha256, size: bytes } = (lfs ?? { oid: oid, size }) as Record<string, unknown>;
  const hash = lfs ? "sha256" : "sha1";
  const isHash = lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/;
  const etag = typeof sha256 === "string" ? sha256.replace(/^sha256:/, "") : "";
  if (!isHash.test(etag)) refuse(name, `the checksum of ${quoted(path)} is ${shown(sha256)}`);
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0) {
    refuse(name, `the size of ${quoted(path)} is ${shown(bytes)}`);
  }
  return { path, size: bytes as number, etag, hash };
}

/** The next page of a list, as its Link header gives it. */
function nextPage(response: Response, url: string): string | null {
  const link = /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get("link") ?? "");
  return link ? new URL(link[1]!, url).href : null;
}

/**
 * All files of a repository.
 *
 * @param name its path does not matter
 * @param commit at which
 * @throws HubError for what may not be read; SyntaxError for a list with paths that leave the repository, or broken
 */
export async function listFiles(name: HubName, commit: string, options: HubOptions): Promise<HubFile[]> {
  const files: HubFile[] = [];
  let url: string | null = `${api(name, options)}/tree/${commit}?recursive=true`;
  while (url !== null) {
    const [page, response]: [unknown, Response] = await json(url, name, options);
    if (!Array.isArray(page)) refuse(name, "a list of files was wanted");
    files.push(...page.map((entry) => fileOf(name, entry)).filter((file) => file !== null));
    if (files.length > MOST_FILES) refuse(name, `it has more than ${MOST_FILES} files`);
    const next = nextPage(response, url);
    if (next !== null && page.length === 0) refuse(name, "its list does not end");
    url = next;
  }
  return files;
}

/** Where the Hub serves a file. */
export function fileUrl({ kind, repo }: HubName, commit: string, path: string, options: HubOptions): string {
  const prefix = kind === "dataset" ? "datasets/" : "";
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${endpointOf(options)}/${prefix}${repo}/resolve/${commit}/${encoded}`;
}
