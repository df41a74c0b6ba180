// Which split a file of a folder belongs to, by the folders it lies in or by its own name.

/** Names that people give to splits. */
const NAMES: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  valid: "valid",
  validation: "valid",
  val: "valid",
  test: "test",
  testing: "test",
};

/** The order in which splits are listed. */
const ORDER = ["train", "valid", "test"];

/**
 * The split of a file; null where its name does not say.
 *
 * @param name path relative to the data set's folder
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(splitOfName("data/train/run_07.hdf5"), "train");
 * assert.equal(splitOfName("waves_validation.h5"), "valid");
 * assert.equal(splitOfName("tested.h5"), null);
 * ```
 */
export function splitOfName(name: string): string | null {
  const parts = name.toLowerCase().split("/");
  const file = parts.pop() ?? "";
  const folder = parts.find((part) => Object.hasOwn(NAMES, part));
  const word = folder ?? file.split(/[^a-z]+/).find((part) => Object.hasOwn(NAMES, part));
  return word === undefined ? null : NAMES[word]!;
}

/** Files by split, and those that are in none though others are. */
export interface FilesBySplit {
  /** `train`, `valid`, `test` as far as there are files; or `all`. */
  readonly splits: ReadonlyMap<string, readonly string[]>;
  /** Files that belong to none. */
  readonly others: readonly string[];
}

/**
 * Divides the files of a folder.
 *
 * @param names paths relative to the folder, at least one
 */
export function filesBySplit(names: readonly string[]): FilesBySplit {
  const groups = Map.groupBy(names, splitOfName);
  const known = ORDER.filter((split) => groups.has(split));
  if (known.length === 0) return { splits: new Map([["all", names]]), others: [] };
  return {
    splits: new Map(known.map((split) => [split, groups.get(split)!])),
    others: groups.get(null) ?? [],
  };
}
