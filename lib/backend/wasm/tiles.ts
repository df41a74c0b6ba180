// How index spaces are cut into tiles of up to 256 elements (TILE in wasm/src/scalar.rs).

import { at } from "../../ir/types.ts";
import { type Axis, moveLast } from "../axes.ts";

/** Elements of a tile. */
const TILE = 256;
/** Columns of a tile where an operand runs along the rows: 16 x 16 touches each cache line once. */
const TURNED = 16;

/** Bytes of the registers, row tables and results of the tile interpreter. */
export const TILE_SCRATCH = 128 * 272 * 4 + 33 * 260 * 4 + 256 * 8 + 64;

/** Axes with the column axis last, and the shape of a tile. */
export interface Tiling {
  readonly axes: readonly Axis[];
  readonly rows: number;
  readonly columns: number;
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
  const isTurned = (axis: Axis) =>
    axis.size >= 4 &&
    axis.strides.slice(0, operands).some((s, o) => s === 1 && Math.abs(at(columns.strides, o)) > 1);
  const turned = axes.slice(0, -1).findIndex(isTurned);
  const ordered = turned < 0 ? axes : [...moveLast(axes.slice(0, -1), turned), columns];
  const width = Math.min(columns.size, turned < 0 ? TILE : TURNED);
  return { axes: ordered, rows: Math.floor(TILE / width), columns: width };
}
