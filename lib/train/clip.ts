// Clipping by the total norm of all gradients (model.md section 11).

import type { Tensor } from "../ir/node.ts";
import { add, call, div, mul, reshape, sqrt, sum } from "../ir/tensor.ts";

/** Added to the norm that is divided by. */
const EPSILON = 1e-6;

/**
 * Square root of the sum of the squares of all elements of all tensors, a tensor of one element `[]`.
 *
 * @param gradients at least one tensor
 */
export function totalNorm(gradients: readonly Tensor[]): Tensor {
  const squares = gradients.map((g) => reshape(sum(mul(g, g), g.shape.map((_, i) => i)), []));
  return sqrt(squares.reduce((x, y) => add(x, y)));
}

/**
 * Factor that brings gradients of some norm within a limit: `min(1, limit / (norm + 1e-6))`.
 *
 * @param norm as {@link totalNorm} gives it
 * @param limit largest norm; Infinity never clips
 */
export function clipFactor(norm: Tensor, limit: number): Tensor | null {
  return limit === Infinity ? null : call("min", div(limit, add(norm, EPSILON)), 1);
}
