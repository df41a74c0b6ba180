// Activations.

import type { Tensor } from "../ir/node.ts";
import { mul, sigmoid, sliceAxis } from "../ir/tensor.ts";
import { at } from "../ir/types.ts";

/** x sigmoid(x). */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

/**
 * Gated unit over the last axis: the first half times SiLU of the second (model.md section 7, step 6).
 *
 * @param x `[.., 2m]`
 * @returns `[.., m]`
 */
export function swiglu(x: Tensor): Tensor {
  const axis = x.shape.length - 1;
  const half = at(x.shape, axis) / 2;
  const gate = sliceAxis(x, axis, half, half);
  return mul(sliceAxis(x, axis, 0, half), silu(gate));
}
