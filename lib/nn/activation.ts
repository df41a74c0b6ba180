// Activations.

import type { Tensor } from "../ir/node.ts";
import { mul, sigmoid } from "../ir/tensor.ts";

export { swiglu } from "../ir/fused/swiglu.ts";

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
