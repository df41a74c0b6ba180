// Linear maps over named axes.

import type { Tensor } from "../ir/node.ts";
import { add, contract } from "../ir/tensor.ts";

/**
 * Linear map of the last axis.
 *
 * @param x `[.., i]`
 * @param weight `[o, i]`, as PyTorch stores it
 * @param bias `[o]`
 * @returns `[.., o]`
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const lead = "abcdefgh".slice(0, x.shape.length - 1);
  const y = contract(`${lead}i,oi->${lead}o`, x, weight);
  return bias ? add(y, bias) : y;
}
