// What an argument names: data, a checkpoint, a configuration, or bare arrays. Told by first bytes where they decide, by
// its name otherwise; of a folder by what lies in it.

import { fetchFile, hubNameText, type HubOptions, isHubName, parseHubName } from "walrus/hub";
import { isRemote, isUrl, openSource } from "walrus/io";
import { locateModel, type ModelEntry } from "walrus/models";

/** What is inspected, and what of it is opened: in a folder it may be one file. */
export interface Target {
  readonly kind: "data" | "checkpoint" | "configuration" | "arrays";
  readonly input: string;
}

const CHECKPOINT = /\.(?:pt|pth|ckpt|bin|tar|safetensors|safetensors\.index\.json|distcp)$/i;
const DATA = /\.(?:hdf5|h5|he5|nc)$/i;
const ARRAYS = /\.np[yz]$/i;
const YAML = /\.ya?ml$/i;
const DESCRIPTION = /(?:^|[/\\])arrays\.yaml$/;

/** The start of an HDF5 file may stand behind a block of the user's. */
const HDF5_PLACES = [0, 512, 1024, 2048];

function startsWith(start: Uint8Array, text: string, at = 0): boolean {
  return [...text].every((letter, i) => start[at + i] === letter.charCodeAt(0));
}

/** The folder that a path or URL lies in. */
function folderOf(path: string): string {
  return path.replace(/[?#].*$/, "").replace(/[^/\\]*$/, "") || ".";
}

async function kindOfFile(input: string): Promise<Target> {
  using source = await openSource(input);
  const start = await source.read(0, Math.min(source.size, HDF5_PLACES.at(-1)! + 8));
  const name = input.replace(/[?#].*$/, "");
  if (HDF5_PLACES.some((at) => startsWith(start, "\x89HDF\r\n", at))) return { kind: "data", input };
  if (startsWith(start, "\x93NUMPY")) return { kind: "arrays", input };
  if (DATA.test(name)) return { kind: "data", input };
  if (ARRAYS.test(name)) return { kind: "arrays", input };
  if (DESCRIPTION.test(name)) return { kind: "data", input: isUrl(input) ? input : folderOf(input) };
  if (YAML.test(name)) return { kind: "configuration", input };
  // A pickle, a zip archive, or the length of a safetensors header and the header.
  if (CHECKPOINT.test(name) || start[0] === 0x80 || startsWith(start, "PK") || startsWith(start, "{", 8)) {
    return { kind: "checkpoint", input };
  }
  const shown = JSON.stringify(new TextDecoder().decode(start.subarray(0, 16)));
  throw new SyntaxError(
    `Cannot tell what "${source.name}" is: ${
      source.size === 0 ? "it is empty" : `its first bytes are ${shown}`
    }` +
      ", wanted data (.hdf5, or a folder), a checkpoint (.pt, .safetensors) or a configuration (.yaml)",
  );
}

/** Names in a folder, those of folders within ending in a slash. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name, isDirectory }) => isDirectory ? `${name}/` : name).sort();
}

async function kindOfFolder(input: string): Promise<Target> {
  const names = await namesIn(input);
  const inside = (name: string) => `${input.replace(/[/\\]+$/, "")}/${name}`;
  if (names.some((name) => DATA.test(name) || DESCRIPTION.test(name))) return { kind: "data", input };
  // A distributed checkpoint is a folder; of shards the index is opened.
  if (names.some((name) => /\.distcp$|^\.metadata$/i.test(name))) return { kind: "checkpoint", input };
  const checkpoints = names.filter((name) => CHECKPOINT.test(name));
  if (checkpoints.length === 0) return { kind: "data", input };
  const index = checkpoints.find((name) => name.endsWith(".index.json"));
  if (index ?? checkpoints.length === 1) {
    return { kind: "checkpoint", input: inside(index ?? checkpoints[0]!) };
  }
  throw new RangeError(
    `"${input}" has ${checkpoints.length} checkpoints, name one: ${checkpoints.slice(0, 5).join(", ")}`,
  );
}

/** Whether a path is a folder; what does not exist is none, and is named when it is opened. */
async function isFolder(path: string | URL): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

/**
 * What a name on a Hub stands for: told by the name alone. Data stay where they are, all else is fetched and found by
 * its path.
 */
async function kindOnHub(text: string, hub?: HubOptions, registry?: readonly ModelEntry[]): Promise<Target> {
  const name = parseHubName(text);
  const { kind, path } = name;
  const fetched = async () => String(await fetchFile(text, hub));
  if (ARRAYS.test(path)) return { kind: "arrays", input: await fetched() };
  if (DESCRIPTION.test(path)) {
    return { kind: "data", input: hubNameText({ ...name, path: path.replace(/\/?arrays\.yaml$/, "") }) };
  }
  if (YAML.test(path)) return { kind: "configuration", input: await fetched() };
  if (kind === "dataset" || DATA.test(path)) return { kind: "data", input: text };
  const { checkpoint } = await locateModel({ checkpoint: text }, hub, registry);
  return { kind: "checkpoint", input: String(checkpoint) };
}

/**
 * What an argument names.
 *
 * @param input path of a file or folder, a URL, or a name on a Hub
 * @param hub how a Hub is reached
 * @param registry families of networks, whose files are fetched from a Hub
 * @throws RangeError for what can not be opened, SyntaxError for what is none of these
 */
export async function targetOf(
  input: string,
  hub?: HubOptions,
  registry?: readonly ModelEntry[],
): Promise<Target> {
  if (isHubName(input)) return await kindOnHub(input, hub, registry);
  // Of folders elsewhere only distributed checkpoints can be read: their files are known by name.
  if (isRemote(input) && new URL(input).pathname.endsWith("/")) {
    return { kind: "checkpoint", input };
  }
  const path = input.startsWith("file:") ? new URL(input) : isUrl(input) ? null : input;
  if (path === null || !await isFolder(path)) return await kindOfFile(input);
  return await kindOfFolder(path instanceof URL ? decodeURIComponent(path.pathname) : path);
}
