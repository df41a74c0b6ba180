// The fetch command: files of a Hub are fetched, listed, verified and removed, in the cache that Python shares.

import {
  cacheOf,
  diskFolder,
  fetchFiles,
  type Folder,
  type HubName,
  hubNameText,
  type HubOptions,
  type KeptRepo,
  keptRepos,
  listRepository,
  modelFiles,
  parseHubName,
  removeRepo,
  summarize,
  verify,
} from "walrus/hub";
import { companionNames } from "walrus/models";
import { command, type Context, EXIT } from "../cli.ts";
import { hubOptions } from "../hub.ts";
import { bytes } from "../words.ts";

interface Options {
  readonly all?: boolean;
  readonly list?: boolean;
  readonly verify?: boolean;
  readonly remove?: boolean;
  readonly cache?: string;
}

/** Files that loading begins at. */
const CHECKPOINT = /(?:\.(?:safetensors|json|pt|pth|ckpt|bin)|(?:^|\/)\.metadata)$/;

function repoText({ kind, repo }: KeptRepo): string {
  return hubNameText({ kind, repo, revision: "main", path: "" });
}

/** Fetches what a name means; of a model's repository what loading it takes, unless all is wanted. */
async function fetchOne(name: HubName, all: boolean, hub: HubOptions, { print }: Context): Promise<void> {
  if (name.kind === "dataset" || all) {
    const { cache, folder, paths } = await fetchFiles(name, hub);
    print(
      paths.length === 1 && paths[0] === name.path
        ? `${cache.name}/${folder}/${name.path}`
        : `${cache.name}/${folder}: ${paths.length} files`,
    );
    return;
  }
  const { files } = await listRepository(name, hub);
  const paths = files.map(({ path }) => path);
  // A file that is none of a network's is fetched for itself.
  const isOther = paths.includes(name.path) && !CHECKPOINT.test(name.path);
  const wanted = isOther ? [name.path] : modelFiles(name, paths, companionNames()).files;
  const { cache, folder } = await fetchFiles(name, hub, wanted);
  for (const path of wanted) print(`${cache.name}/${folder}/${path}`);
}

/** Files of a repository on the Hub, and which of them are kept. */
async function listOne(name: HubName, hub: HubOptions, { print }: Context): Promise<void> {
  const { cache, commit, files } = await listRepository(name, hub);
  const kept = new Set((await summarize(cache, name)).snapshots.get(commit) ?? []);
  const wanted = files.filter(({ path }) => `${path}/`.startsWith(name.path === "" ? "" : `${name.path}/`));
  for (const { path, size } of wanted) {
    print(`${bytes(size).padStart(12)}  ${kept.has(path) ? "kept" : "    "}  ${path}`);
  }
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  print(`${hubNameText(name)} at ${commit}: ${wanted.length} files, ${bytes(total)}`);
}

/** What is kept. */
async function listKept(cache: Folder, { print }: Context): Promise<void> {
  const repos = await keptRepos(cache);
  for (const repo of repos) {
    const { bytes: size, snapshots, unfinished } = await summarize(cache, repo);
    const rest = unfinished > 0 ? `, ${unfinished} unfinished` : "";
    print(`${bytes(size).padStart(12)}  ${repoText(repo)}: ${snapshots.size} revisions${rest}`);
  }
  print(`${cache.name}: ${repos.length} repositories`);
}

/** Checks what is kept. @returns whether all is right */
async function verifyKept(cache: Folder, repos: readonly KeptRepo[], { print }: Context): Promise<boolean> {
  let right = true;
  for (const repo of repos) {
    const found = await verify(cache, repo);
    for (const path of found.wrong) print(`${repoText(repo)}: ${path} has wrong bytes and was removed`);
    const unknown = found.unknown.length > 0 ? `, ${found.unknown.length} without a checksum` : "";
    print(`${repoText(repo)}: ${found.right} right, ${found.wrong.length} wrong${unknown}`);
    right &&= found.wrong.length === 0;
  }
  return right;
}

async function removeKept(cache: Folder, names: readonly HubName[], { print }: Context): Promise<void> {
  const kept = (await keptRepos(cache)).map(repoText);
  for (const name of names) {
    const text = repoText(name);
    if (hubNameText(name) !== text) {
      throw new RangeError(
        `Cannot remove "${hubNameText(name)}": whole repositories are removed, "${text}" for instance`,
      );
    }
    if (!kept.includes(text)) {
      throw new RangeError(`Cannot remove "${text}": nothing of it is kept in "${cache.name}"`);
    }
    const { bytes: size } = await summarize(cache, name);
    await removeRepo(cache, name);
    print(`removed ${text}: ${bytes(size)}`);
  }
}

/** The fetch command. */
export const fetchCommand = command<Options>({
  name: "fetch",
  description: "Fetches models and data from a Hub into the cache that Python's huggingface_hub shares.",
  declare: (reader) => {
    reader
      .argument("[names...]", "hf:ORG/NAME or hf:datasets/ORG/NAME, with @REVISION and /PATH where needed")
      .option("--all", "all files of a model's repository, not just those that loading it takes")
      .option("--list", "list the files of the names; without names, what is kept")
      .option("--verify", "compare kept bytes with their checksums, remove what is wrong")
      .option("--remove", "remove what is kept of the names")
      .option("--cache <folder>", "where files are kept (default: $HF_HOME/hub)");
  },
  interrupted: "what was fetched stays, the same command goes on from there",
  async run({ all = false, cache: folder, ...options }, context, operands) {
    const names = operands.map(parseHubName);
    const environment = hubOptions(context);
    const hub = folder === undefined ? environment : { ...environment, cache: diskFolder(folder) };
    const cache = await cacheOf(hub);
    if (options.remove) return await removeKept(cache, names, context);
    if (options.verify) {
      const right = await verifyKept(cache, names.length > 0 ? names : await keptRepos(cache), context);
      return right ? EXIT.done : EXIT.failed;
    }
    if (options.list && names.length === 0) return await listKept(cache, context);
    if (names.length === 0) {
      throw new RangeError("Nothing to fetch: wanted hf:ORG/NAME, or --list for what is kept");
    }
    for (const name of names) {
      if (options.list) await listOne(name, hub, context);
      else await fetchOne(name, all, hub, context);
    }
  },
});
