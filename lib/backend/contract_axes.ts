// Axes of a contraction with the strides of all operands, those of its epilogue included.

import type { ContractAxis } from "../compile/program.ts";
import type { View } from "../compile/view.ts";
import { at } from "../ir/types.ts";
import type { Axis } from "./axes.ts";

/** Strides of a group's axes: a, b, out, then one an epilogue operand. */
export const OUT = 2;

/**
 * Strides of an epilogue operand along axes of the output. Both describe the same elements; the operand is given over
 * the output's shape, the axes by their stride in the output's memory.
 *
 * @param axis size and output stride
 * @param out the output
 * @param extra seen over the output's shape
 * @returns the axis with the operand's stride, cut where it spans several output axes
 */
function follow(axis: Axis, out: View, extra: readonly View[]): Axis[] {
  let best = -1;
  out.shape.forEach((n, i) => {
    const [stride, found] = [at(out.strides, i), best < 0 ? 0 : at(out.strides, best)];
    if (n !== 1 && stride <= at(axis.strides, OUT) && stride > found) best = i;
  });
  if (best < 0) throw new RangeError("Cannot lower contract: the epilogue does not follow the output");
  const [n, stride] = [at(out.shape, best), at(out.strides, best)];
  const times = at(axis.strides, OUT) / stride;
  const inner = Math.min(axis.size, n / times);
  if (!Number.isInteger(times) || !Number.isInteger(inner) || axis.size % inner !== 0) {
    throw new RangeError("Cannot lower contract: the epilogue does not follow the output");
  }
  const strides = [...axis.strides.slice(0, 3), ...extra.map((view) => times * at(view.strides, best))];
  if (inner === axis.size) return [{ size: inner, strides }];
  const rest = { size: axis.size / inner, strides: axis.strides.map((s) => s * inner) };
  return [...follow(rest, out, extra), { size: inner, strides }];
}

/**
 * Axes of a group with the strides of a, b, out and the epilogue operands.
 *
 * @param axes of the launch
 * @param out its output
 * @param extras epilogue operands over the output's shape
 * @param swap whether b comes first
 */
export function group(
  axes: readonly ContractAxis[],
  out: View,
  extras: readonly View[],
  swap: boolean,
): Axis[] {
  return axes.filter(({ size }) => size !== 1).flatMap(({ size, a, b, out: o }) => {
    const axis = { size, strides: swap ? [b, a, o] : [a, b, o] };
    return extras.length > 0 ? follow(axis, out, extras) : [axis];
  });
}
