// `contract` as words. The output's densest axis decides which operand plays b (its columns become vectors), and axes
// within a group are ordered by memory, since the kernel takes any number of them in any order.

import type { ContractAxis } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sizesOf, sortAxes, spaceSize, stridesAlong } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { splitScale } from "./contract_scale.ts";
import { putExpression } from "./expression.ts";
import { PANEL_ROWS } from "./layout.ts";
import type { Product } from "./packed.ts";
import { type Lowered, Words } from "./words.ts";

/** Largest blocks and longest panels, as in wasm/src/contract.rs. */
const MC = 288, NC = 704, KC = 352;
const MC_IN_PANELS = 576, NC_IN_PANELS = 1408, KC_IN_PANELS = 1408;
const KC_ROUNDED = 1408;

/** Elements of a that are packed for all threads together at the most: 16 MiB. */
const MOST_SHARED = 2 ** 22;

/** A product as the kernel sees it: points of its groups, and what is special about it. */
interface Extent {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly attributes: Product["attributes"];
}

/**
 * Bytes a thread needs (`Tables` in wasm/src/contract/tables.rs): registers; panels of a and b, two of them where b lies
 * in panels; offsets of rows, columns and steps; sums and scales of rounded products; rows of epilogue operands.
 */
function scratchOf({ m, n, k, attributes: { packed: panels, rounded } }: Extent): number {
  const longest = panels ? KC_IN_PANELS : rounded ? KC_ROUNDED : KC;
  const kc = Math.ceil(Math.ceil(k / Math.ceil(k / longest)) / 4) * 4;
  const rows = Math.min(m, panels ? MC_IN_PANELS : MC) + 12;
  const columns = Math.min(n, panels ? NC_IN_PANELS : NC) + 2 * PANEL_ROWS;
  const packed = panels ? 2 * PANEL_ROWS : columns;
  return 4 * (128 * 272 + (rows + packed) * kc + 3 * rows + 3 * columns + 2 * (kc + 4) + 33 * rows);
}

/** Bytes of all of a, packed, where threads may share it; 0 where each packs its own part. */
function sharedOf({ m, k, attributes }: Extent, threads: number): number {
  const elements = Math.ceil(m / 6) * 6 * k;
  return threads > 1 && attributes.packed && elements <= MOST_SHARED ? 4 * elements : 0;
}

/** Smallest output stride of a group. */
function finest(axes: readonly ContractAxis[]): number {
  return Math.min(Infinity, ...axes.filter(({ size }) => size !== 1).map(({ out }) => out));
}

/** Lowers `contract`. */
export function contract(step: Product, threads: number): Lowered {
  const { inputs, outputs, attributes } = step;
  const out = at(outputs, 0);
  const { scale, epilogue, extras } = splitScale(step);
  // What is rounded row by row is a, what is packed is b.
  const swap = !attributes.rounded && !attributes.packed && finest(attributes.m) < finest(attributes.n);
  const [a, b] = swap ? [at(inputs, 1), at(inputs, 0)] : [at(inputs, 0), at(inputs, 1)];
  const [m, n] = swap ? [attributes.n, attributes.m] : [attributes.m, attributes.n];
  const ordered = (axes: readonly ContractAxis[]) =>
    bounded(mergeAxes(sortAxes(group(axes, out, extras, swap), OUT)), 3 + extras.length);
  const [batches, rows, columns] = [attributes.batch, m, n].map(ordered) as [Axis[], Axis[], Axis[]];
  // The sum runs fastest along what lies densely in a, else in b.
  const steps = group(attributes.k, out, [], swap);
  const isDense = (operand: number) => steps.some(({ strides, size }) => size >= 4 && strides[operand] === 1);
  const first = !attributes.packed && (isDense(0) || !isDense(1)) ? 0 : 1;
  const sums = bounded(mergeAxes(sortAxes(steps, first)), 3);

  const words = new Words().place(a).place(b).place(out);
  for (const axes of [batches, rows, columns, sums]) {
    words.put(axes.length, ...sizesOf(axes));
    for (let operand = 0; operand <= OUT; operand++) words.put(...stridesAlong(axes, operand));
  }
  const extent: Extent = {
    m: spaceSize(rows),
    n: spaceSize(columns),
    k: spaceSize(sums),
    attributes,
  };
  const shared = sharedOf(extent, threads);
  for (const flag of [attributes.rounded, attributes.packed, shared > 0, scale, epilogue]) {
    words.put(flag ? 1 : 0);
  }
  if (scale) words.place(scale);
  if (epilogue) {
    words.put(extras.length);
    extras.forEach((view, i) => {
      words.place(view);
      for (const axes of [batches, rows, columns]) words.put(...stridesAlong(axes, OUT + 1 + i));
    });
    putExpression(words, epilogue, 1 + extras.length);
  }
  return { words, scratch: scratchOf(extent), shared };
}
