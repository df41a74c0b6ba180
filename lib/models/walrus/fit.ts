// Data on a grid of a size that has no strides: frames are interpolated to the nearest grid that has some, and increments
// that the network predicts there are interpolated back. Inside the program, so gradients go through.

import type { Tensor } from "../../ir/node.ts";
import { concat, constant, contract, less, reshape, select, sliceAxis } from "../../ir/tensor.ts";
import { at } from "../../ir/types.ts";
import type { Triple } from "../../nn/conv.ts";
import type { Geometry } from "./geometry.ts";
import { interpolation } from "./interpolation.ts";

/** Another grid than the data's, on which the network sees them. */
export interface GridFit {
  /** Points of the three axes. */
  readonly points: Triple;
  /** Constant channels that are 0 or 1 and stay so. */
  readonly masks: readonly number[];
}

const SPECS = ["nxyzc,mx->nmyzc", "nxyzc,my->nxmzc", "nxyzc,mz->nxymc"] as const;

/**
 * Interpolates those spatial axes that have another number of points.
 *
 * @param x `[T, B, X, Y, Z, C]`
 * @param points of the result
 * @param geometry says which axes continue themselves
 */
export function interpolate(x: Tensor, points: Triple, geometry: Geometry): Tensor {
  const [T = 1, B = 1, ...sizes] = x.shape;
  const grid = SPECS.reduce((grid, spec, axis) => {
    const [from, to] = [at(grid.shape, axis + 1), at(points, axis)];
    if (from === to) return grid;
    return contract(spec, grid, constant(interpolation(from, to, at(geometry, axis).periodic), [to, from]));
  }, reshape(x, [T * B, ...sizes]));
  return reshape(grid, [T, B, ...points, at(x.shape, 5)]);
}

/**
 * Constant channels on the network's grid.
 *
 * @param constants `[B, X, Y, Z, Cc]`
 * @param hide sets hidden cells to 0: of all channels but the masks, which say where they are
 */
export function fitConstants(
  constants: Tensor,
  { points, masks }: GridFit,
  geometry: Geometry,
  hide: (x: Tensor) => Tensor,
): Tensor {
  const frames = reshape(constants, [1, ...constants.shape]);
  const channels = Array.from({ length: at(frames.shape, 5) }, (_, c) => {
    const own = sliceAxis(frames, 5, c, 1);
    if (!masks.includes(c)) return interpolate(hide(own), points, geometry);
    return select(less(0.5, interpolate(own, points, geometry)), 1, 0);
  });
  const fitted = concat(channels, 5);
  return reshape(fitted, fitted.shape.slice(1));
}
