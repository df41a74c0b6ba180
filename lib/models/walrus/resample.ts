// Linear interpolation between cell centres along the last spatial axis (model.md section 9).

import type { Tensor } from "../../ir/node.ts";
import { constant, contract } from "../../ir/tensor.ts";
import { at } from "../../ir/types.ts";

/** Data sets whose last axis is resampled before and after the network: name, points stored, points used. */
export const RESAMPLED: Readonly<Record<string, readonly [number, number]>> = {
  post_neutron_star_merger: [66, 64],
};

/**
 * Resamples the third spatial axis.
 *
 * @param x `[n, X, Y, Z, c]`
 * @param points M, points of the result
 * @returns `[n, X, Y, M, c]`: output j reads position `(j + 1/2) Z / M - 1/2`
 */
export function resample(x: Tensor, points: number): Tensor {
  const from = at(x.shape, 3);
  const weights = new Float32Array(points * from);
  for (let j = 0; j < points; j++) {
    const position = Math.max(0, (j + 0.5) * (from / points) - 0.5);
    const lower = Math.min(Math.floor(position), from - 1);
    const upper = Math.min(lower + 1, from - 1);
    const fraction = position - lower;
    weights[j * from + lower] = (weights[j * from + lower] ?? 0) + 1 - fraction;
    weights[j * from + upper] = (weights[j * from + upper] ?? 0) + fraction;
  }
  return contract("nxyzc,mz->nxymc", x, constant(weights, [points, from]));
}
