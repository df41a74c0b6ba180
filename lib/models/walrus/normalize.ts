// Reversible normalisation: statistics of a window, per sample and channel, treated as constants (model.md
// section 10; the data-set-wide variant: training.md section 2).

import type { Tensor } from "../../ir/node.ts";
import {
  abs,
  add,
  constant,
  div,
  less,
  max,
  maximum,
  mean,
  mul,
  select,
  sliceAxis,
  sqrt,
  sub,
  sum,
} from "../../ir/tensor.ts";
import { at } from "../../ir/types.ts";
import type { NormalizationKind } from "./config.ts";

/** Statistics of a window, each broadcastable to `[T, B, X, Y, Z, C]`. */
export interface Statistics {
  readonly mean: Tensor;
  readonly std: Tensor;
  readonly deltaMean: Tensor;
  readonly deltaStd: Tensor;
}

/** Squares of f32 numbers beyond this overflow in a sum: such channels are scaled first. */
const HUGE = 1e15;

/** Everything but samples and channels. */
const POOLED = [0, 2, 3, 4];

function rootMeanSquare(x: Tensor): Tensor {
  const peak = max(abs(x), POOLED);
  const scale = select(less(HUGE, peak), peak, 1);
  const scaled = div(x, scale);
  return mul(sqrt(mean(mul(scaled, scaled), POOLED)), scale);
}

/** Unbiased standard deviation around a mean. */
function deviation(x: Tensor, centre: Tensor): Tensor {
  const centred = sub(x, centre);
  const count = POOLED.reduce((n, axis) => n * at(x.shape, axis), 1);
  return sqrt(mul(sum(mul(centred, centred), POOLED), 1 / (count - 1)));
}

/**
 * Statistics of a window and of its increments.
 *
 * @param x `[T, B, X, Y, Z, C]`, constant channels included
 * @param kind `rms` or `meanstd`
 * @param epsilon smallest standard deviation
 */
export function windowStatistics(
  x: Tensor,
  kind: Exclude<NormalizationKind, "global">,
  epsilon: number,
): Statistics {
  const frames = at(x.shape, 0);
  const shape = x.shape.map((n, i) => POOLED.includes(i) ? 1 : n);
  const zero = constant(0, shape);
  const of = (t: Tensor) => {
    const centre = kind === "rms" ? zero : mean(t, POOLED);
    const std = kind === "rms" ? rootMeanSquare(t) : deviation(t, centre);
    return { mean: centre, std: maximum(std, epsilon) };
  };
  const own = of(x);
  if (frames === 1) return { ...own, deltaMean: zero, deltaStd: constant(1, shape) };
  const delta = of(sub(sliceAxis(x, 0, 1, frames - 1), sliceAxis(x, 0, 0, frames - 1)));
  return { ...own, deltaMean: delta.mean, deltaStd: delta.std };
}

/** (x - mean) / std. */
export function normalize(x: Tensor, { mean, std }: Statistics): Tensor {
  return div(sub(x, mean), std);
}

/** Increment in original units. */
export function denormalizeDelta(y: Tensor, { deltaMean, deltaStd }: Statistics): Tensor {
  return add(mul(y, deltaStd), deltaMean);
}
