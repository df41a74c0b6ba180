// How planes lie in a grid: which axes run right and up, where a cell is in a frame, what a place in a panel means.

import type { Plane } from "../../../app/figure/plane.ts";
import type { SceneAxis, SceneGrid, View } from "../scene.ts";

/** A plane of a grid as it is drawn. */
export interface PlaneGeometry {
  /** Axis it lies across and which of its points; null where the grid has no third axis. */
  readonly across: { readonly axis: number; readonly index: number } | null;
  /** Axis to the right; up, null where there is one axis only. */
  readonly right: number;
  readonly up: number | null;
  /** Whether they run backwards. */
  readonly flipped: readonly [boolean, boolean];
  /** Cells to the right and up. */
  readonly cells: readonly [number, number];
  /** Lengths to the right and up by which the plane is shaped. */
  readonly extent: readonly [number, number];
}

/** What of a view says how planes lie. */
export type PlaneOptions = Pick<View, "plane" | "probe" | "swapped" | "flipped">;

/** Length of an axis, half a cell beyond its ends included. */
function lengthOf({ coordinates, points }: SceneAxis): number {
  const span = Math.abs((coordinates[points - 1] ?? 0) - (coordinates[0] ?? 0));
  return points > 1 ? span * points / (points - 1) : span;
}

/** Lengths that can be compared: of coordinates in one unit, else of cells. */
function extentOf({ axes, system }: SceneGrid, right: number, up: number | null): [number, number] {
  const [a, b] = [axes[right]!, up === null ? null : axes[up]!];
  if (!b) return [a.points, 1];
  const lengths: [number, number] = [lengthOf(a), lengthOf(b)];
  const comparable = system === "cartesian" && a.unit === b.unit && lengths.every((length) => length > 0);
  return comparable ? lengths : [a.points, b.points];
}

/** The point of an axis that planes across it show. */
export function planeIndex({ axes }: SceneGrid, { plane, probe }: PlaneOptions, axis: number): number {
  if (plane?.axis === axis) return plane.index;
  return probe?.[axis] ?? Math.floor(axes[axis]!.points / 2);
}

/** The axis that the shown plane lies across: the last unless another is chosen. */
export function planeAxis({ axes }: SceneGrid, { plane }: Pick<PlaneOptions, "plane">): number {
  return plane?.axis ?? axes.length - 1;
}

/**
 * A plane of a grid.
 *
 * @param grid of one to three axes
 * @param options of the view
 * @param axis it lies across; of the view unless given
 */
export function planeGeometry(
  grid: SceneGrid,
  options: PlaneOptions,
  axis: number = planeAxis(grid, options),
): PlaneGeometry {
  const solid = grid.axes.length > 2;
  const left = grid.axes.map((_, i) => i).filter((i) => !solid || i !== axis);
  const [first, second = null] = options.swapped && left.length > 1 ? left.toReversed() : left;
  const cells = [grid.axes[first!]!.points, second === null ? 1 : grid.axes[second]!.points] as const;
  return {
    across: solid ? { axis, index: planeIndex(grid, options, axis) } : null,
    right: first!,
    up: second,
    flipped: options.flipped,
    cells,
    extent: extentOf(grid, first!, second),
  };
}

/** Numbers from one point of an axis to the next. */
export function stridesOf({ axes }: SceneGrid): number[] {
  return axes.map((_, axis) => axes.slice(axis + 1).reduce((n, { points }) => n * points, 1));
}

/** Place of a cell of the plane, counted from the left and from the top, in a frame. */
function cellPlaces(grid: SceneGrid, { across, right, up, flipped, cells }: PlaneGeometry) {
  const strides = stridesOf(grid);
  const from = across ? across.index * strides[across.axis]! : 0;
  const [width, height] = cells;
  const [stepRight, stepUp] = [strides[right]!, up === null ? 0 : strides[up]!];
  // Rows go from the top down, hence against the axis unless that is flipped.
  const column = (x: number) => (flipped[0] ? width - 1 - x : x) * stepRight;
  const row = (y: number) => from + (flipped[1] ? y : height - 1 - y) * stepUp;
  return { column, row };
}

/** The values of a plane. */
export function planeOf(
  grid: SceneGrid,
  geometry: PlaneGeometry,
  numbers: Float32Array,
  hidden: Uint8Array | null,
): Plane {
  const [width, height] = geometry.cells;
  const { column, row } = cellPlaces(grid, geometry);
  const values = new Float32Array(width * height);
  const mask = hidden && new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const start = row(y);
    for (let x = 0; x < width; x++, at++) {
      const point = start + column(x);
      values[at] = numbers[point]!;
      if (mask) mask[at] = hidden[point]!;
    }
  }
  return { width, height, values, hidden: mask };
}

/** Indices of the point that a cell of a plane shows; `column` from the left, `row` from the top. */
export function pointAt(
  grid: SceneGrid,
  options: PlaneOptions,
  { right, up, flipped, cells, across }: PlaneGeometry,
  [column, row]: readonly [number, number],
): number[] {
  return grid.axes.map((_, axis) => {
    if (axis === right) return flipped[0] ? cells[0] - 1 - column : column;
    if (axis === up) return flipped[1] ? row : cells[1] - 1 - row;
    return axis === across?.axis ? across.index : planeIndex(grid, options, axis);
  });
}

/** Column and row of a point in a plane. */
export function cellAt(
  { right, up, flipped, cells }: PlaneGeometry,
  point: readonly number[],
): readonly [number, number] {
  const x = point[right]!;
  const y = up === null ? 0 : point[up]!;
  return [flipped[0] ? cells[0] - 1 - x : x, flipped[1] ? y : cells[1] - 1 - y];
}

/** Place of a point in a frame. */
export function indexOf(grid: SceneGrid, point: readonly number[]): number {
  return stridesOf(grid).reduce((sum, stride, axis) => sum + stride * point[axis]!, 0);
}
