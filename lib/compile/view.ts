// Operands of kernel launches: strided windows into slots.

import type { Layout } from "../ir/layout.ts";
import { type DType, type Shape, stridesOf } from "../ir/types.ts";

export { collapse, type IndexSpace, isContiguous } from "../ir/layout.ts";

/** A strided window into a slot. */
export interface View extends Layout {
  /** Index of the slot. */
  readonly slot: number;
  /** Number type. */
  readonly dtype: DType;
}

/** The whole of a slot, C-contiguous. */
export function wholeView(slot: number, dtype: DType, shape: Shape): View {
  return { slot, dtype, offset: 0, shape, strides: stridesOf(shape) };
}

/** First and last element of a slot that a view touches. */
export function spanOf(
  { offset, shape, strides }: Pick<View, "offset" | "shape" | "strides">,
): [number, number] {
  const reach = (sign: number) =>
    shape.reduce((sum, n, i) => sum + (Math.sign(strides[i]!) === sign ? (n - 1) * strides[i]! : 0), 0);
  return [offset + reach(-1), offset + reach(1)];
}
