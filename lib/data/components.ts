// How the numbers of a sample are counted and named: points of a grid, components of a field.

import type { Grid, Sample, SampleField, SampleInfo } from "./dataset.ts";

/** Number of points of a grid. */
export function pointCount({ shape }: Pick<Grid, "shape">): number {
  return shape.reduce((count, size) => count * size, 1);
}

/** Dimensions of space: the length of a vector. Scattered points have one axis and several coordinates. */
export function dimensionsOf({ coordinates }: Pick<Grid, "coordinates">): number {
  return coordinates.length;
}

/** Number of components of a field: 1, D or D x D. */
export function componentCount({ grid }: Pick<SampleInfo, "grid">, { order }: SampleField): number {
  return dimensionsOf(grid) ** order;
}

/** Numbers of one frame of a field: points times components. */
export function frameSize(info: Pick<SampleInfo, "grid">, field: SampleField): number {
  return pointCount(info.grid) * componentCount(info, field);
}

/** How many fields vary in time; they come first. */
export function varyingCount({ fields }: Pick<SampleInfo, "fields">): number {
  return fields.filter(({ constant }) => !constant).length;
}

/** Numbers of the fields that vary, of one frame, counted from the end of a sample. */
export function frameFromEnd({ info, times, values }: Sample, back: number): Float32Array[] {
  return values.slice(0, varyingCount(info)).map((field) => {
    const size = field.length / times.length;
    const from = (times.length - 1 - back) * size;
    return field.subarray(from, from + size);
  });
}

/** Names of the directions of space. A cartesian plane has x and y, whatever its axes are called. */
function directions({ system, axes, coordinates }: Grid): readonly string[] {
  const cartesian = system === "cartesian" && coordinates.length < 3;
  return cartesian || axes.length !== coordinates.length
    ? ["x", "y", "z"].slice(0, coordinates.length)
    : axes;
}

/**
 * Names of a field's components in the order in which they are stored, row index first.
 *
 * @param info of the sample
 * @param field one of its fields
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const coordinates = [Float64Array.of(0, 1), Float64Array.of(0, 1)];
 * const grid = { system: "cartesian", axes: ["x", "y"], shape: [2, 2], coordinates };
 * const names = (name: string, order: number) => componentNames({ grid }, { name, order, constant: false });
 * assert.deepEqual(names("density", 0), ["density"]);
 * assert.deepEqual(names("velocity", 1), ["velocity_x", "velocity_y"]);
 * assert.deepEqual(names("D", 2), ["D_xx", "D_xy", "D_yx", "D_yy"]);
 * ```
 */
export function componentNames({ grid }: Pick<SampleInfo, "grid">, { name, order }: SampleField): string[] {
  let suffixes = [""];
  for (let i = 0; i < order; i++) {
    suffixes = suffixes.flatMap((suffix) => directions(grid).map((direction) => suffix + direction));
  }
  return suffixes.map((suffix) => suffix ? `${name}_${suffix}` : name);
}
