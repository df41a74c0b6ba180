// AdamW as tensor expressions (model.md section 11). Learning rate and bias corrections change from step to step, so
// they are numbers of an input, not of the graph.

import type { Tensor } from "../ir/node.ts";
import { add, div, mul, reshape, slice, sqrt, sub } from "../ir/tensor.ts";
import type { Type } from "../ir/types.ts";

/** What does not change while training. */
export interface AdamWSettings {
  /** Decay of the first moment. */
  readonly beta1: number;
  /** Decay of the second moment. */
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
  /** Decay of weights, as a factor of the learning rate. */
  readonly weightDecay: number;
}

/** The released settings. */
export const RELEASED_ADAMW: AdamWSettings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-10, weightDecay: 1e-4 };

/** A weight and its two moments. */
export interface AdamWState {
  /** What is trained. */
  readonly weight: Tensor;
  /** Running mean of its gradient. */
  readonly mean: Tensor;
  /** Running mean of the gradient's square. */
  readonly square: Tensor;
}

const COLUMNS = 3;

/** Type of the input that holds the rates of `count` tensors. */
export function ratesType(count: number): Type {
  return { dtype: "f32", shape: [count, COLUMNS] };
}

/**
 * Rates of one optimiser step, a row a tensor: `lr / (1 - beta1^k)`, `sqrt(1 - beta2^k)`, `1 - lr * decay`.
 *
 * @param learningRate of this step
 * @param counts k of every tensor: its optimiser steps, this one included
 * @param settings decays
 * @returns `[count, 3]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const settings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 };
 * assert.deepEqual([...adamwRates(1, [1], settings)].map((rate) => rate.toFixed(3)), ["10.000", "0.100", "1.000"]);
 * ```
 */
export function adamwRates(
  learningRate: number,
  counts: readonly number[],
  settings: AdamWSettings = RELEASED_ADAMW,
): Float32Array {
  const { beta1, beta2, weightDecay } = settings;
  return Float32Array.from(counts.flatMap((k) => [
    learningRate / (1 - beta1 ** k),
    Math.sqrt(1 - beta2 ** k),
    1 - learningRate * weightDecay,
  ]));
}

/**
 * One tensor after an optimiser step:
 * `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
 * `w = w (1 - lr decay) - lr / (1 - beta1^k) m / (sqrt(v) / sqrt(1 - beta2^k) + epsilon)`.
 *
 * @param state before the step, three tensors of one shape
 * @param gradient of that shape, clipped
 * @param rates as {@link adamwRates} makes them, `[count, 3]`
 * @param row which row is this tensor's
 * @param settings decays and epsilon
 */
export function adamw(
  { weight, mean, square }: AdamWState,
  gradient: Tensor,
  rates: Tensor,
  row: number,
  settings: AdamWSettings = RELEASED_ADAMW,
): AdamWState {
  const { beta1, beta2, epsilon } = settings;
  const rate = (column: number) => reshape(slice(rates, [row, column], [1, 1]), weight.shape.map(() => 1));
  const m = add(mul(mean, beta1), mul(gradient, 1 - beta1));
  const v = add(mul(square, beta2), mul(mul(gradient, gradient), 1 - beta2));
  const direction = div(m, add(div(sqrt(v), rate(1)), epsilon));
  return { weight: sub(mul(weight, rate(2)), mul(direction, rate(0))), mean: m, square: v };
}
