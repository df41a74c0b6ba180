// The families of networks that this process knows, found by what a checkpoint holds. A family's code is loaded when it
// is needed.

import type { ModelEntry } from "./model.ts";
import { entry as walrus } from "./walrus/entry.ts";

/** Families of this library. */
export const MODELS: readonly ModelEntry[] = [walrus];

const registered: ModelEntry[] = [...MODELS];

/** All families, those of this library first. */
export function modelEntries(): readonly ModelEntry[] {
  return registered;
}

/**
 * Makes a family known.
 *
 * @param entry of the family
 * @returns removes it again
 * @throws RangeError for a name that is taken
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const remove = registerModel({ ...modelEntries()[0]!, family: "own" });
 * assert.equal(modelEntry("own").family, "own");
 * remove();
 * assert.throws(() => modelEntry("own"), RangeError);
 * ```
 */
export function registerModel(entry: ModelEntry): () => void {
  if (registered.some(({ family }) => family === entry.family)) {
    throw new RangeError(`There is a model family "${entry.family}" already`);
  }
  registered.push(entry);
  return () => {
    const place = registered.indexOf(entry);
    if (place >= 0) registered.splice(place, 1);
  };
}

/** Names of families, for messages. */
function familyNames(registry: readonly ModelEntry[]): string {
  return registry.map(({ family }) => `"${family}"`).join(", ");
}

/**
 * The family of a name, as configurations and states of runs have it.
 *
 * @param family its name
 * @param registry families to choose among
 * @throws RangeError for a name that is not there
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(modelEntry("walrus").configFiles, ["extended_config.yaml"]);
 * assert.throws(() => modelEntry("orca"), /model family "orca", there are "walrus"/);
 * ```
 */
export function modelEntry(family: string, registry: readonly ModelEntry[] = registered): ModelEntry {
  const found = registry.find((entry) => entry.family === family);
  if (found) return found;
  throw new RangeError(`There is no model family "${family}", there are ${familyNames(registry)}`);
}

/** What is known of a checkpoint before a family is chosen. */
export interface SeenCheckpoint {
  /** Names of its tensors. */
  readonly names: ReadonlySet<string>;
  /** Names of the configuration files that were given or lie beside it. */
  readonly files?: readonly string[];
  /** Path or address, for messages. */
  readonly name?: string;
}

/**
 * The family of a checkpoint: the one that claims the names of its tensors; of several, and where none does, the one
 * whose configuration file is there, which then says what does not fit.
 *
 * @param seen names of tensors and files
 * @param registry families to choose among
 * @throws TypeError naming what was seen and which families there are
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { family } = findModel({ names: new Set(["encoder_dummy", "blocks.0.norm.weight"]) });
 * assert.equal(family, "walrus");
 * assert.throws(() => findModel({ names: new Set(["a", "b"]) }), /it has 2 tensors, "a", "b"/);
 * ```
 */
export function findModel(
  { names, files = [], name = "checkpoint" }: SeenCheckpoint,
  registry: readonly ModelEntry[] = registered,
): ModelEntry {
  const configured = (entry: ModelEntry) => entry.configFiles.some((file) => files.includes(file));
  const claiming = registry.filter((entry) => entry.claims(names));
  const found = claiming.find(configured) ?? claiming[0] ?? registry.find(configured);
  if (found) return found;
  const shown = [...names].slice(0, 5).map((tensor) => `"${tensor}"`).join(", ");
  const more = names.size > 5 ? ` and ${names.size - 5} more` : "";
  const beside = files.length > 0 ? `, beside it ${files.map((file) => `"${file}"`).join(", ")}` : "";
  throw new TypeError(
    `Cannot tell which network "${name}" is: it has ${names.size} tensors, ${shown}${more}${beside}; there are the ` +
      `families ${familyNames(registry)}`,
  );
}
