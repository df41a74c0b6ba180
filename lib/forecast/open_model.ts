// Which network a checkpoint holds: found by the names of its tensors and the configuration files beside it.

import type { HubOptions } from "../hub/options.ts";
import { type Checkpoint, openCheckpoint } from "../io/checkpoint.ts";
import { quoted } from "../io/quote.ts";
import { readSmall, type SourceInput } from "../io/source.ts";
import { LEARNT_FILE, parseLearnt, withLearnt } from "../models/learnt.ts";
import type { Model, ModelEntry } from "../models/model.ts";
import { checkFloating } from "../weights/read.ts";
import { modelEntries, modelEntry } from "../models/registry.ts";
import { claimedBy } from "./claim.ts";
import { configPlaces } from "./config_places.ts";
import { locateModel } from "./locate.ts";

/** Largest configuration file. */
const LARGEST = 1 << 20;

/** Where a network is looked for. */
export interface OpenModelOptions {
  /** Its configuration file; looked for beside the checkpoint when left out. */
  readonly config?: SourceInput;
  /** Files beside the checkpoint by name, where they are known; others are looked for. */
  readonly beside?: ReadonlyMap<string, SourceInput>;
  /** Families that are looked for; those of the library unless given. */
  readonly registry?: readonly ModelEntry[];
}

async function textOf(input: SourceInput): Promise<string> {
  return new TextDecoder().decode(await readSmall(input, LARGEST));
}

/** Text of a file beside a checkpoint, or in its folder; null where there is none. */
async function textBeside(
  checkpoint: SourceInput,
  name: string,
  { beside }: OpenModelOptions,
): Promise<string | null> {
  const known = beside?.get(name);
  if (known !== undefined) return await textOf(known);
  for (const place of configPlaces(checkpoint, name)) {
    try {
      return await textOf(place);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return null;
}

/** Texts of a family's configuration files; those that are not there are left out. */
async function configFiles(
  { configFiles: names }: ModelEntry,
  checkpoint: SourceInput,
  options: OpenModelOptions,
): Promise<Record<string, string>> {
  const { config } = options;
  const [first] = names;
  if (config !== undefined && first !== undefined) return { [first]: await textOf(config) };
  const files: Record<string, string> = {};
  for (const name of names) {
    const text = await textBeside(checkpoint, name, options);
    // Not there: the family says whether it can do without.
    if (text !== null) files[name] = text;
  }
  return files;
}

/** What of a refusal lies in what was not read: named, or the tensors would seem to be absent. */
function withUnread(error: unknown, { unread }: Checkpoint): unknown {
  const [first] = unread;
  if (!(error instanceof TypeError) || !first) return error;
  const more = unread.size > 1 ? `, and ${unread.size - 1} more are not read` : ", which is not read";
  return new TypeError(`${error.message}; ${quoted(first[0])} is ${first[1]}${more}`, { cause: error });
}

/**
 * The network of a checkpoint, every tensor's name and shape checked.
 *
 * @param checkpoint as opened
 * @param input what it was opened from: configuration files are looked for beside it
 * @param options configuration and families
 * @returns the network, the checkpoint under the names that the network has for its tensors, and what was noticed
 * @throws TypeError for a checkpoint of no known family, or tensors that do not fit; SyntaxError for a configuration
 *   that is broken or missing
 */
export async function modelOfCheckpoint(
  checkpoint: Checkpoint,
  input: SourceInput,
  options: OpenModelOptions,
): Promise<{ model: Model; checkpoint: Checkpoint; warnings: readonly string[] }> {
  const { entry, named } = await claimedBy(checkpoint, options.registry ?? modelEntries());
  const family = await entry.load();
  const shapes = new Map([...named.tensors].map(([tensor, { shape }]) => [tensor, shape] as const));
  const files = await configFiles(entry, input, options);
  try {
    const { model, warnings } = family.fromCheckpoint(shapes, files, named.name);
    checkFloating(named);
    const learnt = await textBeside(input, LEARNT_FILE, options);
    return {
      model: learnt === null ? model : withLearnt(model, parseLearnt(learnt)),
      checkpoint: named,
      warnings: [...named.notes, ...warnings],
    };
  } catch (error) {
    throw withUnread(error, named);
  }
}

/** What a network is known by. */
export interface ModelSource {
  /** Checkpoint that holds it, a name that begins with `hf:` included. */
  readonly checkpoint?: SourceInput;
  /** Its configuration file. */
  readonly config?: SourceInput;
  /** Files beside the checkpoint or the configuration by name, where they are known; others are looked for. */
  readonly beside?: ReadonlyMap<string, SourceInput>;
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
  { checkpoint, config, beside, family, hub }: ModelSource,
  registry: readonly ModelEntry[] = modelEntries(),
): Promise<Model> {
  if (checkpoint !== undefined) {
    const given = { ...config === undefined ? {} : { config }, ...beside === undefined ? {} : { beside } };
    const place = await locateModel({ checkpoint, ...given }, hub, registry);
    using opened = await openCheckpoint(place.checkpoint);
    return (await modelOfCheckpoint(opened, place.checkpoint, { ...place, registry })).model;
  }
  const entry = modelEntry(family ?? registry[0]!.family, registry);
  const [first] = entry.configFiles;
  const files = config === undefined || first === undefined ? {} : { [first]: await textOf(config) };
  const model = (await entry.load()).fromFiles(files);
  const learnt = beside?.get(LEARNT_FILE);
  return learnt === undefined ? model : withLearnt(model, parseLearnt(await textOf(learnt)));
}
