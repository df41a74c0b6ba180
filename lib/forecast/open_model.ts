// Which network a checkpoint holds: found by the names of its tensors and the configuration files beside it.

import type { HubOptions } from "../hub/options.ts";
import { type Checkpoint, openCheckpoint } from "../io/checkpoint.ts";
import { isUrl, readSmall, type SourceInput } from "../io/source.ts";
import type { Model, ModelEntry } from "../models/model.ts";
import { checkFloating } from "../weights/read.ts";
import { findModel, modelEntries, modelEntry } from "../models/registry.ts";
import { locateModel } from "./locate.ts";

/** Largest configuration file. */
const LARGEST = 1 << 20;

/** Where a network is looked for. */
export interface OpenModelOptions {
  /** Its configuration file; looked for beside the checkpoint when left out. */
  readonly config?: SourceInput;
  /** Families that are looked for; those of the library unless given. */
  readonly registry?: readonly ModelEntry[];
}

/** A file in the folder of a path or URL; null for a checkpoint that is neither. */
function beside(checkpoint: SourceInput, name: string): SourceInput | null {
  if (checkpoint instanceof URL) return new URL(name, checkpoint);
  if (typeof checkpoint !== "string") return null;
  if (isUrl(checkpoint)) return new URL(name, checkpoint);
  return checkpoint.replace(/[^/\\]*$/, "") + name;
}

async function textOf(input: SourceInput): Promise<string> {
  return new TextDecoder().decode(await readSmall(input, LARGEST));
}

/** Texts of a family's configuration files; those that are not there are left out. */
async function configFiles(
  { configFiles: names }: ModelEntry,
  checkpoint: SourceInput,
  config: SourceInput | undefined,
): Promise<Record<string, string>> {
  const [first] = names;
  if (config !== undefined && first !== undefined) return { [first]: await textOf(config) };
  const files: Record<string, string> = {};
  for (const name of names) {
    const place = beside(checkpoint, name);
    if (place === null) continue;
    try {
      files[name] = await textOf(place);
    } catch (error) {
      // Not there: the family says whether it can do without.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return files;
}

/**
 * The network of a checkpoint, every tensor's name and shape checked.
 *
 * @param checkpoint as opened
 * @param input what it was opened from: configuration files are looked for beside it
 * @param options configuration and families
 * @throws TypeError for a checkpoint of no known family, or tensors that do not fit; SyntaxError for a configuration
 *   that is broken or missing
 */
export async function modelOfCheckpoint(
  checkpoint: Checkpoint,
  input: SourceInput,
  { config, registry = modelEntries() }: OpenModelOptions,
): Promise<{ model: Model; warnings: readonly string[] }> {
  const { name, tensors } = checkpoint;
  const entry = findModel({ names: new Set(tensors.keys()), name }, registry);
  const family = await entry.load();
  const shapes = new Map([...tensors].map(([tensor, { shape }]) => [tensor, shape] as const));
  const found = family.fromCheckpoint(shapes, await configFiles(entry, input, config), name);
  checkFloating(checkpoint);
  return found;
}

/** What a network is known by. */
export interface ModelSource {
  /** Checkpoint that holds it, a name that begins with `hf:` included. */
  readonly checkpoint?: SourceInput;
  /** Its configuration file. */
  readonly config?: SourceInput;
  /** Its family, where there is no checkpoint; the first of the registry unless given. */
  readonly family?: string;
  /** How a Hub is reached. */
  readonly hub?: HubOptions;
}

/**
 * A network without its weights: to plan with.
 *
 * @param source checkpoint, configuration or family; the released network of the family where neither is given
 * @param registry families that are looked for; those of the library unless given
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const model = await openModel({});
 * assert.deepEqual([model.description, model.parameters.size], ["40 blocks of width 1408", 857]);
 * ```
 */
export async function openModel(
  { checkpoint, config, family, hub }: ModelSource,
  registry: readonly ModelEntry[] = modelEntries(),
): Promise<Model> {
  const configured = config === undefined ? {} : { config };
  if (checkpoint !== undefined) {
    const place = await locateModel({ checkpoint, ...configured }, hub, registry);
    using opened = await openCheckpoint(place.checkpoint);
    return (await modelOfCheckpoint(opened, place.checkpoint, { ...place, registry })).model;
  }
  const entry = modelEntry(family ?? registry[0]!.family, registry);
  const [first] = entry.configFiles;
  const files = config === undefined || first === undefined ? {} : { [first]: await textOf(config) };
  return (await entry.load()).fromFiles(files);
}
