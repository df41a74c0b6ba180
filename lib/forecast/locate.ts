// Where a network lies: a name on a Hub becomes the files that were fetched for it, everything else stays what it is.
// Loading, planning and training start here, so that all take the same names.

import { isBareName, isHubName } from "../hub/name.ts";
import type { HubOptions } from "../hub/options.ts";
import { pathExists } from "../io/disk_folder.ts";
import type { SourceInput } from "../io/source.ts";
import type { ModelEntry } from "../models/model.ts";
import { modelEntries } from "../models/registry.ts";

/** A checkpoint and its configuration file, which is looked for beside it when left out. */
export interface ModelPlace {
  /** Checkpoint. */
  readonly checkpoint: SourceInput;
  /** Its configuration file. */
  readonly config?: SourceInput;
}

/** Whether a checkpoint is named on a Hub: `hf:..`, or `org/name` where there is no such path. */
export async function isOnHub(checkpoint: SourceInput): Promise<boolean> {
  if (typeof checkpoint !== "string") return false;
  return isHubName(checkpoint) || (isBareName(checkpoint) && !await pathExists(checkpoint));
}

/**
 * Fetches what is named on a Hub: a checkpoint, its configuration file, or both.
 *
 * @param place paths, URLs, Blobs, bytes, or names that begin with `hf:`. A checkpoint `org/name` is a path if there is
 *   one, else a name on the Hub
 * @param hub how the Hub is reached
 * @param registry families whose configuration files are looked for; those of the library unless given
 * @returns what readers take; other places as they are
 * @throws HubError for what is not there or may not be read; DiskFullError; RangeError where no checkpoint can be chosen
 */
export async function locateModel(
  place: ModelPlace,
  hub: HubOptions = {},
  registry: readonly ModelEntry[] = modelEntries(),
): Promise<ModelPlace> {
  let { checkpoint, config } = place;
  if (isHubName(config)) {
    const { fetchFile } = await import("../hub/fetch_files.ts");
    config = await fetchFile(config, hub);
  }
  if (await isOnHub(checkpoint)) {
    const { fetchModel } = await import("../hub/model.ts");
    const name = String(checkpoint);
    const files = registry.flatMap(({ configFiles }) => configFiles);
    const kept = await fetchModel(isHubName(name) ? name : `hf:${name}`, files, hub);
    // Beside a path all of them are found; beside a page's file there is nothing.
    if (typeof kept.checkpoint !== "string") config ??= kept.config ?? undefined;
    checkpoint = kept.checkpoint;
  }
  return { checkpoint, ...(config === undefined ? {} : { config }) };
}
