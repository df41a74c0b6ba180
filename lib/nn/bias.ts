// T5 relative position bias over frames (model.md section 8).

import type { Tensor } from "../ir/node.ts";
import { constant, gather, permute, reshape, select } from "../ir/tensor.ts";
import { at } from "../ir/types.ts";

/** Score of a masked key: finite, since kernels must not rely on infinities, yet zero after the softmax. */
export const MASKED: number = -1e30;

const BUCKETS = 32;
const FURTHEST = 32;

/**
 * Bucket of the distance `query - key`.
 *
 * @param distance query frame minus key frame
 * @param causal whether keys after the query are masked; they then have bucket 0
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([0, 1, 15, 100, -1].map((distance) => bucket(distance, true)), [0, 1, 15, 31, 0]);
 * ```
 */
export function bucket(distance: number, causal: boolean): number {
  const side = causal ? BUCKETS : BUCKETS / 2;
  const offset = !causal && distance < 0 ? side : 0;
  const r = causal ? Math.max(distance, 0) : Math.abs(distance);
  const exact = side / 2;
  if (r < exact) return offset + r;
  const steps = exact * (Math.log(r / exact) / Math.log(FURTHEST / exact));
  return offset + Math.min(side - 1, exact + Math.trunc(steps));
}

/**
 * Bias of scores whose distances have given buckets.
 *
 * @param table `[32, heads]`
 * @param buckets of every pair, i32 `[queries * keys]`
 * @param queries how many of them
 * @returns `[heads, queries, keys]`
 */
export function bucketBias(table: Tensor, buckets: Tensor, queries: number): Tensor {
  const rows = gather(table, buckets, 0);
  const keys = at(buckets.shape, 0) / queries;
  return permute(reshape(rows, [queries, keys, at(table.shape, 1)]), [2, 0, 1]);
}

/**
 * Bias of the scores between frames.
 *
 * @param table `[32, heads]`
 * @param frames T
 * @param causal masks keys after the query
 * @returns `[heads, T, T]`, query by key
 */
export function relativeBias(table: Tensor, frames: number, causal: boolean): Tensor {
  const pairs = Array.from({ length: frames * frames }, (_, i) => Math.floor(i / frames) - (i % frames));
  const buckets = Int32Array.from(pairs, (distance) => bucket(distance, causal));
  const bias = bucketBias(table, constant(buckets, [buckets.length], "i32"), frames);
  if (!causal) return bias;
  const future = Float32Array.from(pairs, (distance) => distance < 0 ? 1 : 0);
  return select(constant(future, [frames, frames]), MASKED, bias);
}
