// Where a network lies: a name on a Hub becomes the files that were fetched for it, everything else stays what it is.
// Loading, planning and training start here, so that all take the same names.

import { hubNameText, isBareName, isHubName } from "../hub/name.ts";
import type { HubOptions } from "../hub/options.ts";
import { pathExists } from "../io/file.ts";
import type { SourceInput } from "../io/source.ts";
import { LEARNT_FILE } from "../models/learnt.ts";
import type { ModelEntry } from "../models/model.ts";
import { modelEntries } from "../models/registry.ts";

/** A checkpoint and its configuration file, which is looked for beside it when left out. */
export interface ModelPlace {
  /** Checkpoint. */
  readonly checkpoint: SourceInput;
  /** Its configuration file. */
  readonly config?: SourceInput;
  /** Files beside the checkpoint by name, known where it was fetched: a page's files have no folder to look into. */
  readonly beside?: ReadonlyMap<string, SourceInput>;
  /** Where it was fetched from: `hf:org/name@COMMIT/path`, which always means the same bytes. */
  readonly name?: string;
}

/** Names of the files that may lie beside a checkpoint and belong to it. */
export function companionNames(registry: readonly ModelEntry[] = modelEntries()): string[] {
  return [...registry.flatMap(({ configFiles }) => configFiles), LEARNT_FILE];
}

/** Whether a checkpoint is named on a Hub: `hf:..`, or `org/name` where there is no such path. */
export function isOnHub(checkpoint: SourceInput): boolean {
  if (typeof checkpoint !== "string") return false;
  return isHubName(checkpoint) || (isBareName(checkpoint) && !pathExists(checkpoint));
}

/**
 * Fetches what is named on a Hub: a checkpoint, its configuration file, or both.
 *
 * @param place paths, URLs, Blobs, bytes, or names that begin with `hf:`. A checkpoint `org/name` is a path if there is
 *   one, else a name on the Hub
 * @param hub how the Hub is reached
 * @param registry families whose configuration files are looked for; those of the library unless given
 * @returns what readers take, with what lies beside it and its exact name if it was fetched; other places as they are
 * @throws HubError for what is not there or may not be read; DiskFullError; RangeError where no checkpoint can be chosen
 */
export async function locateModel(
  place: ModelPlace,
  hub: HubOptions = {},
  registry: readonly ModelEntry[] = modelEntries(),
): Promise<ModelPlace> {
  let { checkpoint, config, beside, name } = place;
  if (isHubName(config)) {
    const { fetchFile } = await import("../hub/fetch_files.ts");
    config = await fetchFile(config, hub);
  }
  if (isOnHub(checkpoint)) {
    const { fetchModel } = await import("../hub/model.ts");
    const text = isHubName(checkpoint) ? checkpoint : `hf:${checkpoint}`;
    const kept = await fetchModel(text, companionNames(registry), hub);
    checkpoint = kept.checkpoint;
    beside = new Map([...kept.beside ?? [], ...beside ?? []]);
    name = hubNameText(kept.name);
  }
  return {
    checkpoint,
    ...(config === undefined ? {} : { config }),
    ...(beside === undefined ? {} : { beside }),
    ...(name === undefined ? {} : { name }),
  };
}
