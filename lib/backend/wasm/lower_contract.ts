// `contract` as bytecode. The output's densest axis decides which operand plays b (its columns become vectors), and
// axes within a group are ordered by memory, since the kernel takes any number of them in any order.

import type { ContractAxis } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sizesOf, sortAxes, spaceSize, stridesAlong } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { Bytecode } from "./bytecode.ts";
import { splitAddends } from "./contract_addends.ts";
import { splitScale } from "./contract_scale.ts";
import { putExpression } from "./expression.ts";
import type { Product } from "./packed.ts";

/** Smallest output stride of a group. */
function finest(axes: readonly ContractAxis[]): number {
  return Math.min(Infinity, ...axes.filter(({ size }) => size !== 1).map(({ out }) => out));
}

/** Terms from which on it is dearer to pack a column whose neighbours in memory are others than to write it apart. */
const LONG = 1024;

/** Lowers `contract`. */
export function contract(launch: Product): Bytecode {
  const { inputs, outputs, attributes } = launch;
  const out = at(outputs, 0);
  const { scale, ...scaled } = splitScale(launch);
  // What is quantised row by row is a, what is packed is b.
  const swap = !attributes.quantised && !attributes.packed && finest(attributes.m) < finest(attributes.n);
  const [a, b] = swap ? [at(inputs, 1), at(inputs, 0)] : [at(inputs, 0), at(inputs, 1)];
  const [m, n] = swap ? [attributes.n, attributes.m] : [attributes.m, attributes.n];
  const along = (extras: readonly View[]) =>
    [attributes.batch, m, n].map((axes) =>
      bounded(mergeAxes(sortAxes(group(axes, out, extras, swap), OUT)), 3 + extras.length)
    ) as [Axis[], Axis[], Axis[]];
  const { bias, residuals, epilogue, extras } = attributes.quantised
    ? { ...scaled, bias: null, residuals: [] }
    : splitAddends(scaled, (view) => along([view]));
  const [batches, rows, dense] = along(extras);
  // The sum runs fastest along what lies densely in a, else in b.
  const terms = group(attributes.k, out, [], swap);
  const isDense = (operand: number) => terms.some(({ strides, size }) => size >= 4 && strides[operand] === 1);
  const first = !attributes.packed && (isDense(0) || !isDense(1)) ? 0 : 1;
  const sums = bounded(mergeAxes(sortAxes(terms, first)), 3);
  const isApart = !attributes.quantised && !attributes.packed && spaceSize(sums) >= LONG &&
    at(dense, -1).strides[1] !== 1 && dense.some(({ strides }) => strides[1] === 1);
  const columns = isApart ? sortAxes(dense, 1) : dense;

  const bytecode = new Bytecode().place(a).place(b).place(out);
  for (const axes of [batches, rows, columns, sums]) {
    bytecode.put(axes.length, ...sizesOf(axes));
    for (let operand = 0; operand <= OUT; operand++) bytecode.put(...stridesAlong(axes, operand));
  }
  bytecode.put(attributes.quantised ? 1 : 0, attributes.packed ? 1 : 0);
  for (const view of [scale, bias, residuals[0], residuals[1]]) {
    bytecode.put(view ? 1 : 0);
    if (view) bytecode.place(view);
  }
  bytecode.put(epilogue ? 1 : 0);
  if (epilogue) {
    bytecode.put(extras.length);
    extras.forEach((view, i) => {
      bytecode.place(view);
      for (const axes of [batches, rows, columns]) bytecode.put(...stridesAlong(axes, OUT + 1 + i));
    });
    putExpression(bytecode, epilogue, 1 + extras.length);
  }
  return bytecode;
}
