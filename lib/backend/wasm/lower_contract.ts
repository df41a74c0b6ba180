// `contract` as words. The output's densest axis decides which operand plays b (its columns become vectors), and axes
// within a group are ordered by memory, since the kernel takes any number of them in any order.

import type { ContractAxis, Step } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { putExpression } from "./expression.ts";
import { type Lowered, Words } from "./words.ts";

/** Bytes a thread needs: registers, panels of a and b, offset tables (`Tables` in wasm/src/contract.rs). */
const SCRATCH = 128 * 272 * 4 + (96 + 12) * 352 * 4 + (704 + 8) * 352 * 4 +
  4 * (4 * 800 + 33 * 120 + 4 * 400) + 4 * (2 * 1056 + 712 + 108);

/** Smallest output stride of a group. */
function finest(axes: readonly ContractAxis[]): number {
  return Math.min(Infinity, ...axes.filter(({ size }) => size !== 1).map(({ out }) => out));
}

/** Lowers `contract`. */
export function contract({ inputs, outputs, attributes }: Step<"contract">): Lowered {
  const out = at(outputs, 0);
  const extras = inputs.slice(2);
  // What is rounded row by row is a.
  const swap = !attributes.rounded && finest(attributes.m) < finest(attributes.n);
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
  words.put(attributes.rounded ? 1 : 0, attributes.epilogue ? 1 : 0);
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
