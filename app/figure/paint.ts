// A plane's pixels without a GPU: the page's fallback, and what the commands' pictures are made of.

import { packedTable } from "./colors.ts";
import { checked, hatched } from "./patterns.ts";
import { type Cells, NOT_FINITE, SHOWN } from "./plane.ts";
import { colorIndex, lookup, plotted, type Scale } from "./scale.ts";

/** What is painted, and how large. */
export interface Painting {
  readonly cells: Cells;
  readonly scale: Scale;
  /** Pixels of a cell across and down. */
  readonly zoom: readonly [number, number];
  /** Pixels of the first cells that lie left of and above the picture; none unless given. */
  readonly offset?: readonly [number, number];
  /** Pixels of the picture; all cells unless given. */
  readonly size?: readonly [number, number];
  /** Unit of the patterns in pixels. */
  readonly unit: number;
}

/** Pixels of all cells. */
export function paintedSize({ cells, zoom, size }: Painting): readonly [number, number] {
  return size ?? [cells.width * zoom[0], cells.height * zoom[1]];
}

/**
 * Paints a plane.
 *
 * @param painting what and how
 * @returns opaque pixels as 32-bit numbers, row by row from the top
 */
export function paint(painting: Painting): Uint32Array<ArrayBuffer> {
  const { cells, scale, zoom: [across, down], offset: [left, top] = [0, 0], unit } = painting;
  const [width, height] = paintedSize(painting);
  const pixels = new Uint32Array(width * height);
  const table = packedTable(scale.map);
  const { from, factor } = lookup(scale);
  let before = { row: -1, patterned: false };
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y + top) / down);
    if (row === before.row && !before.patterned) {
      pixels.copyWithin(y * width, (y - 1) * width, y * width);
      continue;
    }
    let patterned = false;
    for (let x = 0; x < width;) {
      const column = Math.floor((x + left) / across);
      const end = Math.min(width, (column + 1) * across - left);
      const at = row * cells.width + column;
      const code = cells.codes[at]!;
      if (code === SHOWN) {
        const pixel = table[colorIndex(plotted(cells.values[at]!, scale), from, factor)]!;
        pixels.fill(pixel, y * width + x, y * width + end);
      } else {
        patterned = true;
        const pattern = code === NOT_FINITE ? checked : hatched;
        for (let i = x; i < end; i++) pixels[y * width + i] = pattern(i, y, unit);
      }
      x = end;
    }
    before = { row, patterned };
  }
  return pixels;
}
