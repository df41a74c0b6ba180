// What a loaded network takes: weights of all kinds of windows that it has forecast, and the working memory of each.

import type { MemoryEstimate } from "../forecast/prepare.ts";

/** Estimates of one network by the kind of window. */
export class MemoryNeeds {
  readonly #kinds = new Map<string, MemoryEstimate>();
  readonly #mostWeights: number;

  /** @param mostWeights bytes of all its weights: kinds share some of them, never more than these */
  constructor(mostWeights: number) {
    this.#mostWeights = mostWeights;
  }

  /** Bytes of all kinds, with another where one is given. */
  bytes(kind?: string, need?: MemoryEstimate): number {
    const kinds = new Map(this.#kinds);
    if (kind !== undefined && need) kinds.set(kind, need);
    let weights = 0;
    let working = 0;
    for (const estimate of kinds.values()) {
      weights += estimate.weights;
      working += estimate.working;
    }
    return Math.min(weights, this.#mostWeights) + working;
  }

  /** Bytes of one kind alone. */
  bytesAlone({ weights, working }: MemoryEstimate): number {
    return Math.min(weights, this.#mostWeights) + working;
  }

  /** Whether there are others than this kind. */
  hasOthers(kind: string): boolean {
    return [...this.#kinds.keys()].some((key) => key !== kind);
  }

  /** Keeps an estimate. */
  add(kind: string, need: MemoryEstimate): void {
    this.#kinds.set(kind, need);
  }
}
