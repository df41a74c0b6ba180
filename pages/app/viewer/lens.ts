// Which cells a panel shows at a zoom: a picture of constant size in which cells are whole pixels, or pixels whole cells.

import { type Cells, cellsOf, type Plane } from "../../../app/figure/plane.ts";
import { averaged } from "../../../app/figure/plane.ts";
import type { Fit } from "../../../app/figure/fit.ts";

/** The part of a plane that is seen. */
export interface Lens {
  /** Pixels of a block, cells of a block. */
  readonly zoom: readonly [number, number];
  readonly block: readonly [number, number];
  /** First cell across and down that is seen, the first of its block; how many there are from it. */
  readonly first: readonly [number, number];
  readonly count: readonly [number, number];
  /** Pixels of the first block that lie outside. */
  readonly offset: readonly [number, number];
  /** Pixels of the picture. */
  readonly size: readonly [number, number];
}

/** The largest zoom. */
export const MOST_ZOOM = 16;

/** One axis: pixels of a cell, and where the picture begins. */
function along(cells: number, size: number, perCell: number, centre: number) {
  const zoom = Math.max(1, Math.floor(perCell + 1e-9));
  const block = perCell >= 1 ? 1 : Math.ceil(1 / perCell - 1e-9);
  const whole = Math.ceil(cells / block) * zoom;
  const start = Math.max(0, Math.min(whole - size, Math.round(centre * whole - size / 2)));
  const first = Math.floor(start / zoom) * block;
  const last = Math.min(cells, Math.ceil((start + size) / zoom) * block);
  return { zoom, block, first, count: last - first, offset: start % zoom };
}

/**
 * What is seen of a plane.
 *
 * @param cells of the plane across and down
 * @param fit how the whole plane fills the panel
 * @param zoom 1: the whole plane
 * @param centre shares of the plane to the right and up that lie in the middle
 */
export function lensOf(
  cells: readonly [number, number],
  fit: Fit,
  zoom: number,
  centre: readonly [number, number],
): Lens {
  const per = [0, 1].map((i) => (fit.zoom[i]! / fit.block[i]!) * zoom);
  const x = along(cells[0], fit.size[0], per[0]!, centre[0]);
  const y = along(cells[1], fit.size[1], per[1]!, 1 - centre[1]);
  return {
    zoom: [x.zoom, y.zoom],
    block: [x.block, y.block],
    first: [x.first, y.first],
    count: [x.count, y.count],
    offset: [x.offset, y.offset],
    size: fit.size,
  };
}

/** The cells that are seen, averaged where pixels are fewer. */
export function seenCells(plane: Plane, { first, count, block }: Lens): Cells {
  const [left, top] = first;
  const [width, height] = count;
  if (width === plane.width && height === plane.height) return averaged(cellsOf(plane), block[0], block[1]);
  const values = new Float32Array(width * height);
  const hidden = plane.hidden && new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * plane.width + left;
    values.set(plane.values.subarray(from, from + width), y * width);
    hidden?.set(plane.hidden!.subarray(from, from + width), y * width);
  }
  return averaged(cellsOf({ width, height, values, hidden }), block[0], block[1]);
}

/** The cell at a pixel of the picture; of a block its middle. */
export function cellUnder(
  { zoom, block, first, count, offset }: Lens,
  pixel: readonly [number, number],
): [number, number] {
  const at = (i: 0 | 1) => {
    const cell = Math.floor((pixel[i] + offset[i]) / zoom[i]) * block[i] + (block[i] >> 1);
    return first[i] + Math.max(0, Math.min(count[i] - 1, cell));
  };
  return [at(0), at(1)];
}

/** Pixels of a cell's (or its block's) left upper corner, and its size. */
export function cellBox({ zoom, block, first, offset }: Lens, cell: readonly [number, number]): {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
} {
  const at = (i: 0 | 1) => Math.floor((cell[i] - first[i]) / block[i]) * zoom[i] - offset[i];
  return { left: at(0), top: at(1), width: zoom[0], height: zoom[1] };
}
