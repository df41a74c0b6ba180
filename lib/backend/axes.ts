// Index spaces as the kernels walk them: few axes, ordered by the memory of the output. The order of axes is free
// wherever elements do not depend on each other, so the backend chooses it.

import { at, type Shape } from "../ir/types.ts";

/** One axis: its size and the stride of every operand along it. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** Axes the odometer holds (MAX_AXES in wasm/src/odometer.rs). */
export const MAX_AXES = 16;

/**
 * The axes of operands that share a shape.
 *
 * @param shape sizes
 * @param strides per operand, one an axis
 * @returns axes of more than one element, outermost first
 */
export function axesOf(shape: Shape, strides: readonly (readonly number[])[]): Axis[] {
  return shape.map((size, i): Axis => ({ size, strides: strides.map((s) => at(s, i)) }))
    .filter(({ size }) => size !== 1);
}

/** Sorted by the stride of one operand, largest first; ties by the sum of the others. */
export function sortAxes(axes: readonly Axis[], by: number): Axis[] {
  const others = ({ strides }: Axis) => strides.reduce((sum, s) => sum + Math.abs(s), 0);
  return [...axes].sort((a, b) => at(b.strides, by) - at(a.strides, by) || others(b) - others(a));
}

/** Neighbours joined where every operand steps through both evenly. */
export function mergeAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    if (last && last.strides.every((s, i) => s === at(axis.strides, i) * axis.size)) {
      merged[merged.length - 1] = { size: last.size * axis.size, strides: axis.strides };
    } else merged.push(axis);
  }
  return merged;
}

/** At least one axis, at most what the kernels hold. */
export function bounded(axes: readonly Axis[], operands: number): readonly Axis[] {
  if (axes.length > MAX_AXES) {
    throw new RangeError(`Cannot lower: an index space has ${axes.length} axes, wanted at most ${MAX_AXES}`);
  }
  return axes.length > 0 ? axes : [{ size: 1, strides: new Array<number>(operands).fill(0) }];
}

/** Elements of an index space. */
export function spaceSize(axes: readonly Axis[]): number {
  return axes.reduce((n, { size }) => n * size, 1);
}

/** Strides of one operand. */
export function stridesAlong(axes: readonly Axis[], operand: number): number[] {
  return axes.map(({ strides }) => at(strides, operand));
}

/** Sizes of the axes. */
export function sizesOf(axes: readonly Axis[]): number[] {
  return axes.map(({ size }) => size);
}

/** The axes without the one at `index`, and that one at the end. */
export function moveLast(axes: readonly Axis[], index: number): Axis[] {
  return [...axes.filter((_, i) => i !== index), at(axes, index)];
}
