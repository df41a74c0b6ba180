// `reduce` as bytecode. The kernel either runs along a reduced column (one result a tile row group) or across kept
// columns (a row of results at once); which one is chosen by what lies densely in memory.

import type { LaunchOf } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, moveLast, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { Bytecode } from "./bytecode.ts";
import { putExpression } from "./expression.ts";
import { tile } from "./tiles.ts";

/** How many inputs are dense along an axis. */
function density(axis: Axis, inputs: number): number {
  return axis.strides.slice(0, inputs).filter((s) => s === 1).length;
}

/** Index of the axis most inputs are dense along; of the largest one where none is. */
function densest(axes: readonly Axis[], inputs: number): number {
  let best = 0;
  axes.forEach((axis, i) => {
    const d = density(axis, inputs) - density(at(axes, best), inputs);
    if (d > 0 || (d === 0 && axis.size > at(axes, best).size)) best = i;
  });
  return best;
}

/** Whether the column axis is a kept one. */
function goesAcross(kept: readonly Axis[], reduced: readonly Axis[], inputs: number): boolean {
  const [k, r] = [at(kept, densest(kept, inputs)), at(reduced, densest(reduced, inputs))];
  if (k.size < 4) return false;
  if (density(r, inputs) >= density(k, inputs) && r.size >= 16) return false;
  return true;
}

/** Lowers `reduce`. */
export function reduce({ inputs, outputs, attributes }: LaunchOf<"reduce">): Bytecode {
  const out = at(outputs, 0);
  const views = [...inputs, out];
  const n = inputs.length;
  const shape = at(inputs, 0).shape;
  const isReduced = (i: number) => attributes.axes.includes(i);
  const part = (wanted: boolean) => {
    const index = shape.map((_, i) => i).filter((i) => isReduced(i) === wanted);
    const strides = views.map((v, o) => index.map((i) => wanted && o === n ? 0 : at(v.strides, i)));
    return mergeAxes(sortAxes(axesOf(index.map((i) => at(shape, i)), strides), wanted ? 0 : n));
  };
  const kept = bounded(part(false), n + 1);
  const reduced = bounded(part(true), n + 1);
  const across = goesAcross(kept, reduced, n);
  const columnsOf = across ? kept : reduced;
  const ordered = moveLast(columnsOf, densest(columnsOf, n));
  const column = at(ordered, -1);
  const outer = bounded(across ? ordered.slice(0, -1) : kept, n + 1);
  const { axes, isTransposed } = tile([...across ? reduced : ordered.slice(0, -1), column], n);
  const inner = bounded(axes.slice(0, -1), n + 1);

  const bytecode = new Bytecode().put(attributes.reducer === "max" ? 1 : 0, across ? 1 : 0);
  bytecode.put(outer.length, ...sizesOf(outer), inner.length, ...sizesOf(inner));
  bytecode.put(column.size, isTransposed ? 1 : 0, n);
  views.forEach((view, o) => bytecode.place(view).put(...stridesAlong(inner, o), at(column.strides, o)));
  views.forEach((_, o) => bytecode.put(...stridesAlong(outer, o)));
  putExpression(bytecode, attributes.expression, n);
  return bytecode;
}
