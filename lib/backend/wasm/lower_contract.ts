// `contract` as bytecode. The output's densest axis decides which operand plays b (its columns become vectors), and
// axes within a group are ordered by memory, since the kernel takes any number of them in any order.

import type { ContractAxis } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { Bytecode } from "./bytecode.ts";
import { splitScale } from "./contract_scale.ts";
import { putExpression } from "./expression.ts";
import type { Product } from "./packed.ts";

/** Smallest output stride of a group. */
function finest(axes: readonly ContractAxis[]): number {
  return Math.min(Infinity, ...axes.filter(({ size }) => size !== 1).map(({ out }) => out));
}

/** Lowers `contract`. */
export function contract(launch: Product): Bytecode {
  const { inputs, outputs, attributes } = launch;
  const out = at(outputs, 0);
  const { scale, epilogue, extras } = splitScale(launch);
  // What is quantised row by row is a, what is packed is b.
  const swap = !attributes.quantised && !attributes.packed && finest(attributes.m) < finest(attributes.n);
  const [a, b] = swap ? [at(inputs, 1), at(inputs, 0)] : [at(inputs, 0), at(inputs, 1)];
  const [m, n] = swap ? [attributes.n, attributes.m] : [attributes.m, attributes.n];
  const ordered = (axes: readonly ContractAxis[]) =>
    bounded(mergeAxes(sortAxes(group(axes, out, extras, swap), OUT)), 3 + extras.length);
  const [batches, rows, columns] = [attributes.batch, m, n].map(ordered) as [Axis[], Axis[], Axis[]];
  // The sum runs fastest along what lies densely in a, else in b.
  const terms = group(attributes.k, out, [], swap);
  const isDense = (operand: number) => terms.some(({ strides, size }) => size >= 4 && strides[operand] === 1);
  const first = !attributes.packed && (isDense(0) || !isDense(1)) ? 0 : 1;
  const sums = bounded(mergeAxes(sortAxes(terms, first)), 3);

  const bytecode = new Bytecode().place(a).place(b).place(out);
  for (const axes of [batches, rows, columns, sums]) {
    bytecode.put(axes.length, ...sizesOf(axes));
    for (let operand = 0; operand <= OUT; operand++) bytecode.put(...stridesAlong(axes, operand));
  }
  for (const flag of [attributes.quantised, attributes.packed, scale, epilogue]) bytecode.put(flag ? 1 : 0);
  if (scale) bytecode.place(scale);
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
