// Where planes lie in a panel: one plane, or of a solid three that share their axes.

import { type Fit, fitPlane } from "../../../app/figure/fit.ts";
import type { SceneGrid, View } from "../scene.ts";
import { planeAxis, type PlaneGeometry, planeGeometry } from "./geometry.ts";
import { type Lens, lensOf } from "./lens.ts";

/** A plane in a panel. */
export interface PlacedPlane {
  readonly geometry: PlaneGeometry;
  readonly lens: Lens;
  readonly fit: Fit;
  /** Column and row of the panel it stands in. */
  readonly column: 1 | 2;
  readonly row: 1 | 2;
}

/** Pixels between planes of a solid, before they are multiplied by the density. */
export const PLANE_GAP = 24;

/**
 * The planes of a panel.
 *
 * @param grid of the scene
 * @param view which plane, axes and zoom
 * @param room pixels of the device across and down
 * @param linked whether a solid is shown by three planes
 * @param gap pixels between planes
 */
export function placePlanes(
  grid: SceneGrid,
  view: View,
  room: readonly [number, number],
  linked: boolean,
  gap: number,
): PlacedPlane[] {
  const { zoom, centre } = view;
  if (grid.axes.length < 3 || !linked) {
    const geometry = planeGeometry(grid, view);
    const fit = fitPlane({ ...geometry, room });
    return [{ geometry, fit, lens: lensOf(geometry.cells, fit, zoom, centre), column: 1, row: 1 }];
  }
  // The chosen plane lies lower left; beside it the one that shares the axis up, above it the one that shares the axis
  // to the right.
  const main = planeGeometry(grid, view);
  const depth = planeAxis(grid, view);
  const beside = oriented(grid, view, main.right, depth, main.up!);
  const above = oriented(grid, view, main.up!, main.right, depth);
  const [width, height] = main.extent;
  const deep = beside.extent[0] * (height / beside.extent[1]);
  const unit = Math.min((room[0] - gap) / (width + deep), (room[1] - gap) / (height + deep));
  const place = (
    geometry: PlaneGeometry,
    size: readonly [number, number],
    middle: readonly [number, number],
    column: 1 | 2,
    row: 1 | 2,
  ) => {
    const own = [Math.floor(size[0] * unit), Math.floor(size[1] * unit)] as const;
    const fit = fitPlane({ ...geometry, room: own });
    return { geometry, fit, lens: lensOf(geometry.cells, fit, zoom, middle), column, row };
  };
  return [
    place(above, [width, deep], [centre[0], 0.5], 1, 1),
    place(main, [width, height], centre, 1, 2),
    place(beside, [deep, height], [0.5, centre[1]], 2, 2),
  ];
}

/** The plane across an axis with given axes to the right and up. */
function oriented(grid: SceneGrid, view: View, axis: number, right: number, up: number): PlaneGeometry {
  const plain = planeGeometry(grid, { ...view, swapped: false }, axis);
  return plain.right === right && plain.up === up
    ? plain
    : planeGeometry(grid, { ...view, swapped: true }, axis);
}
