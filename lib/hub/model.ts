// A network on a Hub: which files of a repository are its checkpoint and configuration, fetched and handed on as
// files. Other files of the repository, the same weights in another format for instance, are left where they are.

import { quoted } from "../io/quote.ts";
import type { SourceInput } from "../io/source.ts";
import { snapshotPath } from "./cache.ts";
import { keep, type ListedFile, listRepository } from "./fetch_files.ts";
import { type HubName, hubNameText, parseHubName } from "./name.ts";
import type { HubOptions } from "./options.ts";

const SHARD = /^(.*)-\d{5}-of-\d{5}\.(?:safetensors|bin)$/;
const INDEX = /\.safetensors\.index\.json$/;
/** Kinds of checkpoints, the one to be preferred first. */
const KINDS = [/\.safetensors$/, INDEX, /\.(?:pt|pth|ckpt|bin)$/];
/** What tells the folder of a distributed checkpoint. */
const DISTRIBUTED = ".metadata";

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Shards that an index belongs to: those that begin as it does. */
function shardsOf(index: string, files: readonly string[]): string[] {
  const stem = index.replace(INDEX, "");
  return files.filter((file) => SHARD.exec(file)?.[1] === stem);
}

/** What is loaded of a repository. */
export interface ModelFiles {
  /** Path of the checkpoint in the repository, that of its folder where it is several files. */
  readonly checkpoint: string;
  /** All that belongs to it, configuration files included. */
  readonly files: readonly string[];
  /** Files beside the checkpoint that were looked for; of a folder, those in it before those beside it. */
  readonly configs: readonly string[];
}

/**
 * Chooses the checkpoint of a repository: the file that is named; else the one of the folder that is named, in
 * safetensors before others.
 *
 * @param name repository, and a file or folder of it
 * @param files of the repository
 * @param configNames names of the files that may lie beside it, as families of networks have them
 * @throws RangeError where there is none, or more than one of a kind
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseHubName } from "./name.ts";
 * const files = ["README.md", "large.pt", "large.safetensors", "config.yaml"];
 * assert.deepEqual(modelFiles(parseHubName("hf:org/name"), files, ["config.yaml"]), {
 *   checkpoint: "large.safetensors",
 *   files: ["large.safetensors", "config.yaml"],
 *   configs: ["config.yaml"],
 * });
 * ```
 */
export function modelFiles(
  name: HubName,
  files: readonly string[],
  configNames: readonly string[],
): ModelFiles {
  // The description of a distributed checkpoint stands for its folder.
  const isFile = files.includes(name.path) && nameIn(name.path) !== DISTRIBUTED;
  const folder = files.includes(name.path) ? folderOf(name.path) : name.path;
  const inside = files.filter((file) => folderOf(file) === folder);
  const configs = inside.filter((file) => configNames.includes(nameIn(file)));
  const prefix = folder === "" ? "" : `${folder}/`;
  if (!isFile && inside.includes(prefix + DISTRIBUTED)) {
    const has = new Set(configs.map(nameIn));
    const beside = files.filter((file) =>
      folder !== "" && folderOf(file) === folderOf(folder) && configNames.includes(nameIn(file)) &&
      !has.has(nameIn(file))
    );
    return { checkpoint: folder, files: [...inside, ...beside], configs: [...configs, ...beside] };
  }
  const kinds = KINDS.map((kind) => inside.filter((file) => kind.test(file) && !SHARD.test(file)));
  const candidates = isFile ? [name.path] : kinds.find((found) => found.length > 0) ?? [];
  const [checkpoint] = candidates;
  const text = quoted(hubNameText(name));
  if (checkpoint === undefined) {
    throw new RangeError(`${text} holds no checkpoint: wanted .safetensors, .pt or .pth`);
  }
  if (candidates.length > 1) {
    const names = candidates.map((path) => hubNameText({ ...name, path })).join(", ");
    throw new RangeError(`${text} holds ${candidates.length} checkpoints, name one: ${names}`);
  }
  const parts = INDEX.test(checkpoint) ? shardsOf(checkpoint, inside) : [];
  return { checkpoint, files: [checkpoint, ...parts, ...configs], configs };
}

/** A network's files, kept. */
export interface KeptModel {
  /** Its checkpoint, as readers of checkpoints take it. */
  readonly checkpoint: SourceInput;
  /** What lies beside it, by name: its configuration files among them. */
  readonly beside: ReadonlyMap<string, SourceInput>;
  /** Which bytes these are: the name with the commit and the path of the checkpoint. */
  readonly name: HubName;
}

/**
 * Fetches a network.
 *
 * @param text `hf:org/name`, with `@revision` and the path of a checkpoint or folder where needed
 * @param configNames names of files to look for beside the checkpoint
 * @param options of the Hub
 * @throws HubError for what is not there or may not be read; DiskFullError; RangeError where no checkpoint can be chosen
 */
export async function fetchModel(
  text: string,
  configNames: readonly string[],
  options: HubOptions = {},
): Promise<KeptModel> {
  const name = parseHubName(text);
  // What lies beside it is wanted too.
  const listing = await listRepository(name, options, false);
  const paths = listing.files.map(({ path }: ListedFile) => path);
  const { checkpoint, files, configs } = modelFiles(name, paths, configNames);
  await keep(listing, name, files, options);
  const { cache, commit } = listing;
  const kept = (path: string) => cache.input(snapshotPath(name, commit, path));
  const beside = new Map<string, SourceInput>();
  for (const path of configs) beside.set(nameIn(path), await kept(path));
  return {
    checkpoint: await kept(checkpoint),
    beside,
    name: { ...name, revision: commit, path: checkpoint },
  };
}
