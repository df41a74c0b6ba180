// Fields to tokens: two strided convolutions with a field-indexed first kernel (model.md section 5).

import type { Tensor } from "../../ir/node.ts";
import { concat, constant, gather, mul, reshape, sliceAxis, sum } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at } from "../../ir/types.ts";
import { silu } from "../../nn/activation.ts";
import { conv, wrap } from "../../nn/conv.ts";
import { rmsNorm } from "../../nn/norm.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { type Geometry, innerPoints } from "./geometry.ts";

/** Columns of the flag channels, in the order in which `frame` appends them: interior, wall, open. */
const FLAG_COLUMNS = Int32Array.of(2, 0, 1);

/** Number of non-singleton axes: the usual key of encoder and decoder. */
export function dimensionality(geometry: Geometry): number {
  return geometry.filter((a) => !a.singleton).length;
}

/**
 * Key of the encoder and decoder of a grid. Data of one axis take the pair of two where there is none of their own: its
 * kernels are summed and averaged over one thin axis more, as those of three axes are for a plane.
 *
 * @param geometry of the grid
 * @param includeD axes for which the network has a pair
 * @returns undefined where it has none that fits
 */
export function codecKey(geometry: Geometry, includeD: readonly number[]): number | undefined {
  const axes = dimensionality(geometry);
  return [axes, ...(axes === 1 ? [2] : [])].find((d) => includeD.includes(d));
}

/** Strides of the first (0) or second (1) convolution along the three axes. */
export function stepsOf(geometry: Geometry, stage: 0 | 1): [number, number, number] {
  return [geometry[0].strides[stage], geometry[1].strides[stage], geometry[2].strides[stage]];
}

/** Axes of a kernel `[., ., p, q, r]` that lie along singleton axes of the grid. */
export function singletonKernelAxes(geometry: Geometry): number[] {
  return [0, 1, 2].filter((i) => at(geometry, i).singleton).map((i) => i + 2);
}

/** Factors `[1, c + 3, 1, 1, 1]` of the kernel's columns; those of the c fields times `factor`. */
function columnFactors(scale: Tensor, c: number, factor: Tensor | undefined): Tensor {
  if (!factor) return scale;
  const own = mul(sliceAxis(scale, 1, 0, c), reshape(factor, [1, 1, 1, 1, 1]));
  return concat([own, sliceAxis(scale, 1, c, 3)], 1);
}

/** The grid between the convolutions without what continues a seamless axis: norms are those of one period. */
export function onePeriod(x: Tensor, geometry: Geometry): Tensor {
  return geometry.reduce((t, axis, i) => {
    const { period, whole } = innerPoints(axis);
    return axis.seamless && period < whole ? sliceAxis(t, i + 1, 0, period) : t;
  }, x);
}

/**
 * Encodes frames.
 *
 * @param parameters of the network
 * @param x framed fields and flags `[n, X', Y', Z', c + 3]`
 * @param fields columns of the c fields, i32 `[c]`
 * @param geometry of the grid
 * @param factor of the fields `[1]`. It scales the kernel, which is the same to the network; scaled fields would
 *   need a gradient of their own, the costliest part of the encoder's backward pass
 * @param pair which encoder, by the axes it was made for
 * @returns tokens `[n, x, y, z, h]`
 */
export function encode(
  parameters: Parameters,
  x: Tensor,
  fields: Tensor,
  geometry: Geometry,
  factor?: Tensor,
  pair: number = dimensionality(geometry),
): Tensor {
  return namedScope("encoder", () => {
    const key = `embed.${pair}`;
    const thin = singletonKernelAxes(geometry);
    const proj1 = parameters(`${key}.proj1.weight`);
    const c = at(fields.shape, 0);
    const columns = concat([fields, constant(FLAG_COLUMNS, [3], "i32")], 0);
    // The fields and the interior flag are scaled, the two boundary flags are not.
    const scale = new Float32Array(c + 3).fill(Math.sqrt((at(proj1.shape, 1) - 3) / c), 0, c + 1).fill(
      1,
      c + 1,
    );
    const shape = [1, c + 3, 1, 1, 1];
    const selected = mul(
      sum(gather(proj1, columns, 1), thin),
      columnFactors(constant(scale, shape), c, factor),
    );
    const first = conv(x, selected, stepsOf(geometry, 0));
    const inner = silu(rmsNorm(onePeriod(first, geometry), [1, 2, 3], parameters(`${key}.norm1.weight`)));
    const proj2 = sum(parameters(`${key}.proj2.weight`), thin);
    const whole = geometry.reduce(
      (t, axis, i) => axis.seamless ? wrap(t, i + 1, 0, innerPoints(axis).whole) : t,
      inner,
    );
    const second = conv(whole, proj2, stepsOf(geometry, 1));
    return silu(rmsNorm(second, [1, 2, 3], parameters(`${key}.norm2.weight`)));
  });
}
