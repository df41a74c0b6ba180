// Strided convolutions over three spatial axes, channels last. Both are contractions: the windows of the input
// are a view, so nothing is copied before the product.

import type { Tensor } from "../ir/node.ts";
import { constant, contract, fold, gather, unfold } from "../ir/tensor.ts";
import { modulo } from "./roll.ts";
import { at } from "../ir/types.ts";

/** One number for each spatial axis. */
export type Triple = readonly [number, number, number];

/**
 * Cross-correlation without padding or bias.
 *
 * @param x `[n, X, Y, Z, c]`
 * @param kernel `[o, c, p, q, r]`
 * @param strides strides of the three axes
 * @returns `[n, x, y, z, o]` with `x = (X - p) div stride + 1`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const [x, kernel] = [
 *   { dtype: "f32", shape: [1, 4, 1, 1, 1] },
 *   { dtype: "f32", shape: [1, 1, 2, 1, 1] },
 * ] as const;
 * const graph = trace({ x, kernel }, ({ x, kernel }) => ({ y: conv(x, kernel, [2, 1, 1]) }));
 * assert.deepEqual([...evaluate(graph, { x: [1, 2, 3, 4], kernel: [1, 10] }).y!], [21, 43]);
 * ```
 */
export function conv(x: Tensor, kernel: Tensor, strides: Triple): Tensor {
  let windows = x;
  // From the last axis to the first, so that earlier positions do not move.
  for (const axis of [2, 1, 0]) {
    windows = unfold(windows, axis + 1, at(kernel.shape, axis + 2), at(strides, axis));
  }
  return contract("nxpyqzrc,ocpqr->nxyzo", windows, kernel);
}

/**
 * Transposed convolution without padding or bias: `out[P] = sum over q of in[q] kernel[P - q stride]`.
 *
 * @param x `[n, x, y, z, c]`
 * @param kernel `[c, o, p, q, r]`
 * @param strides strides of the three axes
 * @returns `[n, X, Y, Z, o]` with `X = (x - 1) stride + p`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const [x, kernel] = [
 *   { dtype: "f32", shape: [1, 2, 1, 1, 1] },
 *   { dtype: "f32", shape: [1, 1, 2, 1, 1] },
 * ] as const;
 * const graph = trace({ x, kernel }, ({ x, kernel }) => ({ y: convTranspose(x, kernel, [1, 1, 1]) }));
 * assert.deepEqual([...evaluate(graph, { x: [1, 2], kernel: [1, 10] }).y!], [1, 12, 20]);
 * ```
 */
export function convTranspose(x: Tensor, kernel: Tensor, strides: Triple): Tensor {
  let out = contract("nxyzc,copqr->nxpyqzro", x, kernel);
  for (const axis of [2, 1, 0]) {
    const length = (at(x.shape, axis + 1) - 1) * at(strides, axis) + at(kernel.shape, axis + 2);
    out = fold(out, 1 + 2 * axis, at(strides, axis), length);
  }
  return out;
}

/**
 * Continues a periodic axis on both sides.
 *
 * @param x any tensor
 * @param axis the periodic axis
 * @param width points added on each side; may exceed the axis
 * @param length points between them, those of the axis unless given: more go on with it, too
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => ({ y: wrap(x, 0, 1) }));
 * assert.deepEqual([...evaluate(graph, { x: [1, 2, 3] }).y!], [3, 1, 2, 3, 1]);
 * ```
 */
export function wrap(x: Tensor, axis: number, width: number, length: number = at(x.shape, axis)): Tensor {
  const n = at(x.shape, axis);
  if (width === 0 && length === n) return x;
  const indices = Int32Array.from({ length: length + 2 * width }, (_, j) => modulo(j - width, n));
  return gather(x, constant(indices, [indices.length], "i32"), axis);
}
