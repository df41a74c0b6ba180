// How a plane fills a box: whole pixels a cell, or whole cells a pixel; the shape of the domain where that can be shown.

/** The room for a plane, and the plane. */
export interface FitOptions {
  /** Cells across and down. */
  readonly cells: readonly [number, number];
  /** Lengths of the domain across and down, in one unit; those of the cells where coordinates do not say. */
  readonly extent: readonly [number, number];
  /** Pixels there are across and down. */
  readonly room: readonly [number, number];
}

/** How a plane is drawn. */
export interface Fit {
  /** Pixels of a cell (or of a block of averaged cells) across and down. */
  readonly zoom: readonly [number, number];
  /** Cells that are averaged across and down. */
  readonly block: readonly [number, number];
  /** Pixels of all. */
  readonly size: readonly [number, number];
  /** Whether the domain is too long to be shown to scale. */
  readonly stretched: boolean;
}

/** The longest domain that is shown to scale. */
export const LONGEST = 6;

/** Pixels of a cell and cells of a pixel along an axis that has this many pixels. */
function whole(cells: number, pixels: number): { zoom: number; block: number } {
  const zoom = Math.floor(pixels / cells + 1e-9);
  if (zoom >= 1) return { zoom, block: 1 };
  return { zoom: 1, block: Math.max(1, Math.ceil(cells / Math.max(1, pixels) - 1e-9)) };
}

/**
 * Finds how a plane fills a box.
 *
 * @param options cells, domain and room
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const fit = fitPlane({ cells: [64, 64], extent: [1, 1], room: [336, 336] });
 * assert.deepEqual(fit, { zoom: [5, 5], block: [1, 1], size: [320, 320], stretched: false });
 * ```
 */
export function fitPlane({ cells, extent, room }: FitOptions): Fit {
  const [width, height] = room;
  const ratio = extent[0] / extent[1];
  const stretched = !(ratio <= LONGEST && ratio >= 1 / LONGEST);
  // A longer one is drawn as if it were just not too long.
  const shown = Math.min(LONGEST, Math.max(1 / LONGEST, ratio || 1));
  const across = Math.min(width, height * shown);
  const down = across / shown;
  let x = whole(cells[0], Math.floor(across + 1e-6));
  let y = whole(cells[1], Math.floor(down + 1e-6));
  if (Math.abs(cells[0] / cells[1] / ratio - 1) < 0.01) {
    // Square cells stay square.
    const zoom = Math.min(x.zoom, y.zoom);
    const block = Math.max(x.block, y.block);
    if (!stretched) [x, y] = [{ zoom, block }, { zoom, block }];
  }
  const size = [Math.ceil(cells[0] / x.block) * x.zoom, Math.ceil(cells[1] / y.block) * y.zoom] as const;
  return { zoom: [x.zoom, y.zoom], block: [x.block, y.block], size, stretched };
}
