// `contract` as words. The output's densest axis decides which operand plays b (its columns become vectors), and axes
// within a group are ordered by memory, since the kernel takes any number of them in any order.

import type { ContractAxis, Step } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "./axes.ts";
import { putExpression } from "./expression.ts";
import { type Lowered, Words } from "./words.ts";

/** Strides of a group's axes: a, b, out, then one an epilogue operand. */
const OUT = 2;

/** Bytes a thread needs: registers, panels of a and b, offset tables (`Tables` in wasm/src/contract.rs). */
const SCRATCH = 128 * 272 * 4 + (96 + 12) * 352 * 4 + (704 + 8) * 352 * 4 +
  4 * (4 * 800 + 33 * 120 + 4 * 400);

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

function group(axes: readonly ContractAxis[], out: View, extras: readonly View[], swap: boolean): Axis[] {
  return axes.filter(({ size }) => size !== 1).flatMap(({ size, a, b, out: o }) => {
    const axis = { size, strides: swap ? [b, a, o] : [a, b, o] };
    return extras.length > 0 ? follow(axis, out, extras) : [axis];
  });
}

/** Smallest output stride of a group. */
function finest(axes: readonly ContractAxis[]): number {
  return Math.min(Infinity, ...axes.filter(({ size }) => size !== 1).map(({ out }) => out));
}

/** Lowers `contract`. */
export function contract({ inputs, outputs, attributes }: Step<"contract">): Lowered {
  const out = at(outputs, 0);
  const extras = inputs.slice(2);
  const swap = finest(attributes.m) < finest(attributes.n);
  const [a, b] = swap ? [at(inputs, 1), at(inputs, 0)] : [at(inputs, 0), at(inputs, 1)];
  const [m, n] = swap ? [attributes.n, attributes.m] : [attributes.m, attributes.n];
  const ordered = (axes: readonly ContractAxis[]) =>
    bounded(mergeAxes(sortAxes(group(axes, out, extras, swap), OUT)), 3 + extras.length);
  const [batches, rows, columns] = [attributes.batch, m, n].map(ordered) as [Axis[], Axis[], Axis[]];
  // The sum runs fastest along what lies densely in a, else in b.
  const steps = group(attributes.k, out, [], swap);
  const isDense = (operand: number) => steps.some(({ strides, size }) => size >= 4 && strides[operand] === 1);
  const sums = bounded(mergeAxes(sortAxes(steps, isDense(0) || !isDense(1) ? 0 : 1)), 3);

  const words = new Words().place(a).place(b).place(out);
  for (const axes of [batches, rows, columns, sums]) {
    words.put(axes.length, ...sizesOf(axes));
    for (let operand = 0; operand <= OUT; operand++) words.put(...stridesAlong(axes, operand));
  }
  words.put(attributes.epilogue ? 1 : 0);
  if (attributes.epilogue) {
    words.put(extras.length);
    extras.forEach((view, i) => {
      words.place(view);
      for (const axes of [batches, rows, columns]) words.put(...stridesAlong(axes, OUT + 1 + i));
    });
    putExpression(words, attributes.epilogue, 1 + extras.length);
  }
  return { words, scratch: SCRATCH, shared: 0 };
}
