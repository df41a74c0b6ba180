// Activations.

import type { Tensor } from "../ir/node.ts";
import { mul, sigmoid, sliceAxis } from "../ir/tensor.ts";
import { at } from "../ir/types.ts";

/**
 * x sigmoid(x).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [1] } } as const, ({ x }) => ({ y: silu(x) }));
 * assert.equal(evaluate(graph, { x: [0] }).y![0], 0);
 * ```
 */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

/**
 * Gated unit over the last axis: the first half times SiLU of the second (model.md section 7, step 6).
 *
 * @param x `[.., 2m]`
 * @returns `[.., m]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [1, 2] } } as const, ({ x }) => ({ y: swiglu(x) }));
 * assert.ok(Math.abs(evaluate(graph, { x: [2, 50] }).y![0]! - 100) < 1e-9);
 * ```
 */
export function swiglu(x: Tensor): Tensor {
  const axis = x.shape.length - 1;
  const half = at(x.shape, axis) / 2;
  const gate = sliceAxis(x, axis, half, half);
  return mul(sliceAxis(x, axis, 0, half), silu(gate));
}
