// A plane of values as it is drawn: rows from the top down, what is hidden and what is no number told apart, and
// averaged where there are more cells than pixels.

/** Values of a plane, rows from the top (largest coordinate) down. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /** 1 for hidden cells; null where none are. */
  readonly hidden: Uint8Array | null;
}

/** What is drawn in a cell. */
export const SHOWN = 0, HIDDEN = 1, NOT_FINITE = 2;

/** A plane ready to be coloured: finite numbers, and a code of each cell. */
export interface Cells {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  readonly codes: Uint8Array;
}

/** Codes of a plane; numbers that are not finite become 0. */
export function cellsOf({ width, height, values, hidden }: Plane): Cells {
  const out = new Float32Array(values.length);
  const codes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (hidden?.[i]) codes[i] = HIDDEN;
    else if (!Number.isFinite(values[i]!)) codes[i] = NOT_FINITE;
    else out[i] = values[i]!;
  }
  return { width, height, values: out, codes };
}

/**
 * Means of blocks of cells, for planes of more cells than pixels. Hidden cells are left out; a block shows that a number
 * in it is not finite.
 *
 * @param cells the plane
 * @param across cells of a block from left to right
 * @param down cells of a block from top to bottom
 */
export function averaged(cells: Cells, across: number, down: number): Cells {
  if (across === 1 && down === 1) return cells;
  const width = Math.ceil(cells.width / across);
  const height = Math.ceil(cells.height / down);
  const values = new Float32Array(width * height);
  const codes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count, broken] = [0, 0, false];
      for (let j = y * down; j < Math.min(cells.height, (y + 1) * down); j++) {
        for (let i = x * across; i < Math.min(cells.width, (x + 1) * across); i++) {
          const code = cells.codes[j * cells.width + i]!;
          if (code === NOT_FINITE) broken = true;
          if (code !== SHOWN) continue;
          sum += cells.values[j * cells.width + i]!;
          count++;
        }
      }
      const at = y * width + x;
      if (broken) codes[at] = NOT_FINITE;
      else if (count === 0) codes[at] = HIDDEN;
      else values[at] = sum / count;
    }
  }
  return { width, height, values, codes };
}

/** Difference of two planes of one shape. */
export function difference(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((value, i) => value - b.values[i]!) };
}
