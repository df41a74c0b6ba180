// Gradients that are zero whatever the data: attention does not see a shift that all keys of a query share, nor a
// rotation that all positions share. In finite precision they come out as rounding noise, which AdamW would turn into
// steps of the size of the learning rate (model.md section 11); here they are exactly zero.

import type { WalrusConfig } from "./config.ts";
import type { Geometry } from "./geometry.ts";
import { frequencyCount, headDim } from "./parameters.ts";

/**
 * Which entries of a parameter can have a gradient: 1 where they can, 0 where symmetry makes it zero.
 *
 * - `time_mixing.knorm.bias`: none.
 * - `space_mixing.k_norm.bias`: features that are rotated along an axis of more than one token.
 * - `rotary_emb.freqs.AXIS`: none for an axis of one point.
 *
 * @param name of the parameter
 * @param config the network
 * @param geometry of the grid
 * @returns a factor an entry, or null where all can have one
 */
export function gradientMask(name: string, config: WalrusConfig, geometry: Geometry): Float32Array | null {
  const e = headDim(config);
  const f = frequencyCount(config);
  if (name.endsWith(".time_mixing.knorm.bias")) return new Float32Array(e);
  if (name.endsWith(".space_mixing.k_norm.bias")) {
    const mask = new Float32Array(e);
    geometry.forEach((axis, i) => mask.fill(axis.singleton ? 0 : 1, 2 * f * i, 2 * f * (i + 1)));
    return mask;
  }
  const axis = /\.rotary_emb\.freqs\.([012])$/.exec(name)?.[1];
  return axis && geometry[Number(axis) as 0 | 1 | 2].singleton ? new Float32Array(f) : null;
}
