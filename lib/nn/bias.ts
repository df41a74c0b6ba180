// T5 relative position bias over frames (model.md section 8).

import type { Tensor } from "../ir/node.ts";
import { constant, gather, permute, reshape, select } from "../ir/tensor.ts";
import { at } from "../ir/types.ts";

/** Score of a masked key: finite, since kernels must not rely on infinities, yet zero after the softmax. */
export const MASKED = -1e30;

const BUCKETS = 32;
const FURTHEST = 32;

/**
 * Bucket of the distance `query - key`.
 *
 * @param distance query frame minus key frame
 * @param causal whether keys after the query are masked; they then have bucket 0
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
  const rows = gather(table, constant(buckets, [buckets.length], "i32"), 0);
  const bias = permute(reshape(rows, [frames, frames, at(table.shape, 1)]), [2, 0, 1]);
  if (!causal) return bias;
  const future = Float32Array.from(pairs, (distance) => distance < 0 ? 1 : 0);
  return select(constant(future, [frames, frames]), MASKED, bias);
}
