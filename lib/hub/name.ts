// Names of what lies on a Hub: `hf:org/name`, `hf:datasets/org/name@revision/folder/file`. A name is checked before
// anything is requested or written: none leads out of its repository.

import { quoted } from "../io/quote.ts";

/** What a repository holds. */
export type RepoKind = "model" | "dataset";

/** A repository at a revision, and what is meant in it. */
export interface HubName {
  /** What it holds. */
  readonly kind: RepoKind;
  /** `org/name`. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** File or folder in it; empty: all of it. */
  readonly path: string;
}

/** Revision where a name gives none. */
const MAIN = "main";

/** Endings of files: `runs/best.pt` is a path that is mistyped, no repository. */
const FILE = /\.(?:pt|pth|ckpt|bin|safetensors|json|ya?ml|hdf5|h5|np[yz])$/i;

const SEGMENT = /^(?!\.\.?$)[\w.-]{1,96}$/;

/** Whether text is one file or folder name on every system. */
function isPlain(part: string): boolean {
  // deno-lint-ignore no-control-regex
  return part !== "" && part !== "." && part !== ".." && !/[\\:\u0000-\u001f]/.test(part) &&
    part.length < 256;
}

/**
 * Whether a path stays within the folder it starts from, on every system.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(isSafePath("data/train/a.hdf5"));
 * for (const path of ["../a", "/a", "a//b", "C:/a", "a\\b", ""]) assert.ok(!isSafePath(path), path);
 * ```
 */
export function isSafePath(path: string): boolean {
  return path.split("/").every(isPlain);
}

/** Whether text names something on a Hub: it starts with `hf:`. */
export function isHubName(text: unknown): text is `hf:${string}` {
  return typeof text === "string" && text.startsWith("hf:");
}

/**
 * Whether text may be a repository that is named without `hf:`: `org/name`, and no file's ending.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(isBareName("org/name-1.3B"));
 * for (const text of ["name", "a/b/c", "./name", "runs/best.pt", "hf:org/name"]) assert.ok(!isBareName(text), text);
 * ```
 */
export function isBareName(text: string): boolean {
  const [org = "", name = "", ...more] = text.split("/");
  return more.length === 0 && SEGMENT.test(org) && SEGMENT.test(name) && !FILE.test(name);
}

function splitRevision(text: string): { name: string; revision: string; rest: readonly string[] } {
  const [name = "", ...rest] = text.split("/");
  const at = name.indexOf("@");
  if (at < 0) return { name, revision: MAIN, rest };
  let revision = name.slice(at + 1);
  // Revisions of proposed changes are several segments long: refs/pr/7.
  if (revision === "refs" && rest.length >= 2) revision = [revision, ...rest.splice(0, 2)].join("/");
  return { name: name.slice(0, at), revision: decodeURIComponent(revision), rest };
}

/**
 * Reads a name.
 *
 * @param text `hf:org/name`, `hf:datasets/org/name`; both with `@revision` after the name and `/path` after that;
 *   slashes of a revision may be written as `%2F`
 * @throws RangeError for text that is no such name, or a path that leaves the repository
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseHubName("hf:datasets/org/name@v1/data/a.hdf5"), {
 *   kind: "dataset",
 *   repo: "org/name",
 *   revision: "v1",
 *   path: "data/a.hdf5",
 * });
 * assert.throws(() => parseHubName("hf:org/name/../other"), /leaves the repository/);
 * ```
 */
export function parseHubName(text: string): HubName {
  const fail = (why: string): never => {
    throw new RangeError(`Cannot read the name ${quoted(text)}: ${why}`);
  };
  const bare = text.replace(/^hf:(?:\/\/)?/, "").replace(/\/$/, "");
  const kind = /^datasets\//.test(bare) ? "dataset" : "model";
  const [org = "", ...rest] = bare.replace(/^(?:datasets|models)\//, "").split("/");
  let parts;
  try {
    parts = splitRevision(rest.join("/"));
  } catch {
    return fail("its revision is not encoded as in URLs");
  }
  const { name, revision } = parts;
  if (!SEGMENT.test(org) || !SEGMENT.test(name) || `${org}${name}`.includes("--")) {
    return fail("wanted hf:ORG/NAME or hf:datasets/ORG/NAME, then @REVISION and /PATH where needed");
  }
  if (!isSafePath(revision)) return fail(`there is no revision ${quoted(revision)}`);
  const path = parts.rest.join("/");
  if (path !== "" && !isSafePath(path)) return fail("its path leaves the repository");
  return { kind, repo: `${org}/${name}`, revision, path };
}

/** A name as text: the shortest that is read as the same. */
export function hubNameText({ kind, repo, revision, path }: HubName): string {
  const prefix = kind === "dataset" ? "datasets/" : "";
  const at = revision === MAIN ? "" : `@${encodeURIComponent(revision)}`;
  return `hf:${prefix}${repo}${at}${path && `/${path}`}`;
}

/** Whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
