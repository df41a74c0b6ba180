// A plane's pixels without a GPU: the page's fallback, and what the commands' pictures are made of.

import { packedTable } from "./colors.ts";
import { checked, hatched } from "./patterns.ts";
import { type Cells, NOT_FINITE, SHOWN } from "./plane.ts";
import { colorIndex, lookup, plotted, type Scale } from "./scale.ts";

/** What is painted, and how large. */
export interface PaintOptions {
  readonly cells: Cells;
  readonly scale: Scale;
  /** Pixels of a cell across and down. */
  readonly zoom: readonly [number, number];
  /** Unit of the patterns in pixels. */
  readonly unit: number;
}

/** A pixel for a cell of any kind; `x` and `y` count from the picture's upper left corner. */
type Paint = (x: number, y: number) => number;

/**
 * Paints a plane.
 *
 * @param options what and how
 * @returns `width * height` opaque pixels as 32-bit numbers, row by row from the top
 */
export function paint({ cells, scale, zoom: [across, down], unit }: PaintOptions): {
  width: number;
  height: number;
  pixels: Uint32Array<ArrayBuffer>;
} {
  const [width, height] = [cells.width * across, cells.height * down];
  const pixels = new Uint32Array(width * height);
  const table = packedTable(scale.map);
  const { from, factor } = lookup(scale);
  for (let row = 0; row < cells.height; row++) {
    const top = row * down * width;
    for (let column = 0; column < cells.width; column++) {
      const at = row * cells.width + column;
      const code = cells.codes[at]!;
      if (code === SHOWN) {
        const pixel = table[colorIndex(plotted(cells.values[at]!, scale), from, factor)]!;
        pixels.fill(pixel, top + column * across, top + (column + 1) * across);
      } else fillPattern(column, row, code === NOT_FINITE ? checked : hatched);
    }
    // Rows of one cell are alike, but for patterns.
    for (let y = 1; y < down; y++) {
      for (let column = 0; column < cells.width; column++) {
        if (cells.codes[row * cells.width + column] !== SHOWN) continue;
        const start = top + column * across;
        pixels.copyWithin(start + y * width, start, start + across);
      }
    }
  }
  return { width, height, pixels };

  function fillPattern(column: number, row: number, pattern: (x: number, y: number, unit: number) => number) {
    const pixel: Paint = (x, y) => pattern(x, y, unit);
    for (let y = row * down; y < (row + 1) * down; y++) {
      for (let x = column * across; x < (column + 1) * across; x++) pixels[y * width + x] = pixel(x, y);
    }
  }
}
