// Axial rotary embedding: tables of cosines and sines for a token grid (model.md section 7).

import type { Tensor } from "../ir/node.ts";
import { broadcastTo, call, concat, constant, reshape } from "../ir/tensor.ts";
import type { Triple } from "./conv.ts";

/**
 * Positions of the tokens along an axis, `linspace(-1, 1, n)` exactly as f32 arithmetic of the released code
 * forms them: from both ends with a rounded step.
 *
 * @param n tokens; 1 gives -1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([...positions(3)], [-1, 0, 1]);
 * ```
 */
export function positions(n: number): Float32Array {
  const step = Math.fround(2 / (n - 1));
  return Float32Array.from({ length: n }, (_, j) => {
    if (n === 1) return -1;
    return j < Math.floor(n / 2) ? -1 + step * j : 1 - step * (n - 1 - j);
  });
}

/**
 * Cosine and sine tables.
 *
 * @param grid tokens of each axis
 * @param frequencies `[f]` for each axis
 * @returns cosine and sine `[x y z, 3 f]`: the pairs of axis 0 first
 */
export function axialTables(
  grid: Triple,
  frequencies: readonly [Tensor, Tensor, Tensor],
): { cosine: Tensor; sine: Tensor } {
  const table = (fn: "cosOfProduct" | "sinOfProduct") => {
    const parts = grid.map((n, axis) => {
      const shape = [1, 1, 1, 1];
      shape[axis] = n;
      const angle = call(fn, constant(positions(n), shape), frequencies[axis]!);
      return broadcastTo(angle, [...grid, frequencies[axis]!.shape[0]!]);
    });
    const joined = concat(parts, 3);
    return reshape(joined, [grid[0] * grid[1] * grid[2], joined.shape[3]!]);
  };
  return { cosine: table("cosOfProduct"), sine: table("sinOfProduct") };
}
