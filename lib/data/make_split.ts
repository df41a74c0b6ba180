// A split as a list of trajectories that are opened when they are asked for.

import type { Split, Trajectory } from "./dataset.ts";

/** A trajectory of a split, not yet opened. */
export interface SplitEntry {
  /** Trajectories of equal kind may share a batch. */
  readonly kind: string;
  /** Makes it; nothing is read yet. */
  open(): Trajectory;
}

/**
 * A split.
 *
 * @param name `train`, `valid`, `test` or `all`
 * @param dataset name of the data set
 * @param entries its trajectories in order
 */
export function makeSplit(name: string, dataset: string, entries: readonly SplitEntry[]): Split {
  const opened = new Map<number, Trajectory>();
  const entry = (index: number): SplitEntry => {
    const found = entries[index];
    if (found) return found;
    throw new RangeError(
      `Split "${name}" of "${dataset}" has trajectories 0 to ${entries.length - 1}, ${index} was asked for`,
    );
  };
  const trajectory = (index: number): Trajectory => {
    const found = opened.get(index) ?? entry(index).open();
    opened.set(index, found);
    return found;
  };
  return {
    name,
    dataset,
    trajectories: entries.length,
    trajectory,
    kind: (index) => entry(index).kind,
    shard(rank, size) {
      if (!Number.isInteger(rank) || !Number.isInteger(size) || rank < 0 || rank >= size) {
        throw new RangeError(`Cannot take shard ${rank} of ${size}: wanted 0 to ${size - 1}`);
      }
      const own = entries.flatMap(({ kind }, index) =>
        index % size === rank ? [{ kind, open: () => trajectory(index) }] : []
      );
      return makeSplit(name, dataset, own);
    },
  };
}
