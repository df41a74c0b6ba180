// Whose the names of a checkpoint's tensors are.

import type { Checkpoint } from "../io/checkpoint.ts";
import type { ModelEntry } from "../models/model.ts";

/** A family and the checkpoint under the names it knows. */
export interface Claimed {
  readonly entry: ModelEntry;
  readonly named: Checkpoint;
}

/** The family that knows names. */
export function claiming(names: Iterable<string>, registry: readonly ModelEntry[]): ModelEntry | undefined {
  const set = new Set(names);
  return registry.find((entry) => entry.claims(set));
}
