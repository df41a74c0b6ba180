// Tokens to fields: two transposed convolutions, strides reversed, the last kernel field-indexed (model.md
// section 6).

import type { Tensor } from "../../ir/node.ts";
import { add, gather, mean, sliceAxis } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at } from "../../ir/types.ts";
import { silu } from "../../nn/activation.ts";
import { convTranspose, type Triple, wrap } from "../../nn/conv.ts";
import { rmsNorm } from "../../nn/norm.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { dimensionality, singletonKernelAxes, stepsOf } from "./encoder.ts";
import { type Geometry, KERNELS } from "./geometry.ts";

/** Transposed convolution with periodic continuation where the axis is periodic. */
function stage(x: Tensor, kernel: Tensor, steps: Triple, size: number, geometry: Geometry): Tensor {
  const wrapped = geometry.reduce((t, axis, i) => {
    if (axis.singleton || !axis.periodic) return t;
    return wrap(t, i + 1, Math.floor((size - at(steps, i)) / at(steps, i)));
  }, x);
  const out = convTranspose(wrapped, kernel, steps);
  return geometry.reduce((t, axis, i) => {
    const cut = axis.singleton || !axis.periodic ? 0 : size - at(steps, i);
    return cut === 0 ? t : sliceAxis(t, i + 1, cut, at(t.shape, i + 1) - 2 * cut);
  }, out);
}

/**
 * Decodes tokens.
 *
 * @param parameters of the network
 * @param tokens `[n, x, y, z, h]`
 * @param fields columns of the c fields, i32 `[c]`
 * @param geometry of the grid
 * @returns fields on the framed grid `[n, X', Y', Z', c]`; 4 points short on a periodic axis of first stride 6, as
 *   the released decoder
 */
export function decode(parameters: Parameters, tokens: Tensor, fields: Tensor, geometry: Geometry): Tensor {
  return namedScope("decoder", () => {
    const key = `debed.${dimensionality(geometry)}`;
    const thin = singletonKernelAxes(geometry);
    const proj1 = mean(parameters(`${key}.proj1.weight`), thin);
    const first = stage(tokens, proj1, stepsOf(geometry, 1), KERNELS[1], geometry);
    const inner = silu(rmsNorm(first, [1, 2, 3], parameters(`${key}.norm1.weight`)));
    const proj2 = mean(gather(parameters(`${key}.proj2.weight`), fields, 1), thin);
    const second = stage(inner, proj2, stepsOf(geometry, 0), KERNELS[0], geometry);
    return add(second, gather(parameters(`${key}.proj2.bias`), fields, 0));
  });
}
