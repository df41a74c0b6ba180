// Numbers of a network's tensors when training from scratch, drawn on the host so that a seed means the same everywhere.

import type { Model } from "../models/model.ts";
import { randomSource } from "../random/random_source.ts";

/**
 * All tensors of a network at the start of training.
 *
 * @param model the network
 * @param seed a safe integer, 0 or more
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const bias = { shape: [2], narrow: "f32", use: "trained", start: () => new Float32Array(2) } as const;
 * assert.deepEqual([...startWeights({ parameters: new Map([["bias", bias]]) }, 1).get("bias")!], [0, 0]);
 * ```
 */
export function startWeights(model: Pick<Model, "parameters">, seed: number): Map<string, Float32Array> {
  return new Map(
    [...model.parameters].map(([name, { start }], i) => [name, start(randomSource(seed, i))] as const),
  );
}
