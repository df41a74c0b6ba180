// The order in which the axes of an index space are walked in tiles (wasm/src/tile.rs says how large those are).

import { at } from "../../ir/types.ts";
import { type Axis, moveLast } from "../axes.ts";

/** Axes with the column axis last. */
export interface Tiling {
  readonly axes: readonly Axis[];
  /** Whether an operand is dense along the rows instead: tiles are then as high as wide. */
  readonly isTransposed: boolean;
}

/**
 * Chooses rows. The column axis is the last one; an operand that is dense along another axis gets that axis as its
 * rows, so that both its cache lines and the output's are used whole.
 *
 * @param axes the column axis last
 * @param operands those whose strides matter
 */
export function tile(axes: readonly Axis[], operands: number): Tiling {
  const columns = at(axes, -1);
  const isTransposed = (axis: Axis) =>
    axis.size >= 4 &&
    axis.strides.slice(0, operands).some((s, o) => s === 1 && Math.abs(at(columns.strides, o)) > 1);
  const transposed = axes.slice(0, -1).findIndex(isTransposed);
  if (transposed < 0) return { axes, isTransposed: false };
  return { axes: [...moveLast(axes.slice(0, -1), transposed), columns], isTransposed: true };
}
