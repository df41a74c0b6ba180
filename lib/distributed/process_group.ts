// What several processes of one job do together. The numbers are changed in place; a failure on one rank rejects on all.

/** Processes that work on one job. */
export interface ProcessGroup extends Disposable {
  /** This process among them, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** The processes that give the same colour, ordered by rank. */
  split(color: number): Promise<ProcessGroup>;
  /** Waits for all. */
  barrier(): Promise<void>;
  /** Numbers of the root, for all. */
  broadcast(values: Float32Array, root: number): Promise<void>;
  /** Sum or largest of every number over all ranks. */
  allReduce(values: Float32Array, op: "sum" | "max"): Promise<void>;
  /** Sums over all ranks, of which each keeps its own `counts[rank]` numbers. */
  reduceScatter(values: Float32Array, counts: readonly number[]): Promise<Float32Array>;
  /** Numbers of all ranks, one after the other; rank r gives `counts[r]`. */
  allGather(values: Float32Array, counts: readonly number[]): Promise<Float32Array>;
}

function checkCounts(values: Float32Array, counts: readonly number[]): void {
  if (counts.length !== 1 || counts[0] !== values.length) {
    throw new RangeError(`Counts are [${counts.join(", ")}], wanted [${values.length}] for one process`);
  }
}

/**
 * The group of one process: what runs where there are no others.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * using group = singleProcess();
 * const gradients = Float32Array.of(1, 2);
 * await group.allReduce(gradients, "sum");
 * assert.deepEqual([group.rank, group.size, ...gradients], [0, 1, 1, 2]);
 * ```
 */
export function singleProcess(): ProcessGroup {
  return {
    rank: 0,
    size: 1,
    split: () => Promise.resolve(singleProcess()),
    barrier: () => Promise.resolve(),
    broadcast(_values, root) {
      if (root !== 0) {
        return Promise.reject(new RangeError(`Root is ${root}, wanted 0: there is one process`));
      }
      return Promise.resolve();
    },
    allReduce: () => Promise.resolve(),
    // deno-lint-ignore require-await
    async reduceScatter(values, counts) {
      checkCounts(values, counts);
      return values.slice();
    },
    // deno-lint-ignore require-await
    async allGather(values, counts) {
      checkCounts(values, counts);
      return values.slice();
    },
    [Symbol.dispose]() {},
  };
}
