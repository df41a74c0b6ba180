// RMS norm over space, one channel at a time (model.md section 5).

import { groupNorm } from "../ir/fused/group_norm.ts";
import type { Tensor } from "../ir/node.ts";
import { at } from "../ir/types.ts";

/** Machine epsilon of f32: what the released group norm adds, whatever its printed epsilon says. */
export const GROUP_NORM_EPSILON: number = 2 ** -23;

/**
 * Divides by the root mean square over `axes` and multiplies by a weight of the last axis.
 *
 * @param x channels last, `[.., h]`
 * @param axes the spatial axes; frames, samples and channels stay apart
 * @param weight `[h]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const [x, w] = [{ dtype: "f32", shape: [2, 1] }, { dtype: "f32", shape: [1] }] as const;
 * const graph = trace({ x, w }, ({ x, w }) => ({ y: rmsNorm(x, [0], w) }));
 * const [first] = evaluate(graph, { x: [3, 3], w: [2] }).y!;
 * assert.ok(Math.abs(first! - 2) < 1e-6);
 * ```
 */
export function rmsNorm(x: Tensor, axes: readonly number[], weight: Tensor): Tensor {
  const groups = at(x.shape, -1);
  return groupNorm(x, weight, null, { axes, groups, isCentred: false, epsilon: GROUP_NORM_EPSILON });
}
