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
import { dimensionality, onePeriod, singletonKernelAxes, stepsOf } from "./encoder.ts";
import { type Geometry, innerPoints } from "./geometry.ts";
import { KERNELS } from "./strides.ts";

/**
 * Transposed convolution, on periodic axes of the input's continuation: as many points of it as reach into the result.
 * The released code wraps `(size - stride) div stride` and cuts `size - stride` points, which is the same where the stride
 * divides the kernel's size, and elsewhere cuts points of the result.
 *
 * @param lengths points that the input is to have, where it is one period of an axis and the result is longer
 */
function stage(
  x: Tensor,
  kernel: Tensor,
  steps: Triple,
  size: number,
  geometry: Geometry,
  lengths: readonly (number | undefined)[] = [],
): Tensor {
  const widths = geometry.map(({ singleton, periodic }, i) =>
    periodic && !singleton ? Math.ceil(size / at(steps, i)) - 1 : 0
  );
  const wrapped = widths.reduce((t, width, i) => wrap(t, i + 1, width, lengths[i]), x);
  const out = convTranspose(wrapped, kernel, steps);
  return widths.reduce((t, width, i) => {
    const cut = width * at(steps, i);
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
 * @param pair which decoder, by the axes it was made for
 * @returns fields on the framed grid `[n, X', Y', Z', c]`
 */
export function decode(
  parameters: Parameters,
  tokens: Tensor,
  fields: Tensor,
  geometry: Geometry,
  pair: number = dimensionality(geometry),
): Tensor {
  return namedScope("decoder", () => {
    const key = `debed.${pair}`;
    const thin = singletonKernelAxes(geometry);
    const proj1 = mean(parameters(`${key}.proj1.weight`), thin);
    const first = stage(tokens, proj1, stepsOf(geometry, 1), KERNELS[1], geometry);
    const inner = silu(rmsNorm(onePeriod(first, geometry), [1, 2, 3], parameters(`${key}.norm1.weight`)));
    const lengths = geometry.map((axis) => axis.seamless ? innerPoints(axis).whole : undefined);
    const proj2 = mean(gather(parameters(`${key}.proj2.weight`), fields, 1), thin);
    const second = stage(inner, proj2, stepsOf(geometry, 0), KERNELS[0], geometry, lengths);
    return add(second, gather(parameters(`${key}.proj2.bias`), fields, 0));
  });
}
