// Views as rows along their last axis, in bytecode (wasm/src/rows.rs reads them).

import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { Bytecode } from "./bytecode.ts";

/** Stride of the last axis. */
export function lastStride(view: View): number {
  return at(view.shape, -1) === 1 ? 0 : at(view.strides, -1);
}

/**
 * Bytecode of views whose leading axes are the same: those axes, what the kernel's own header is, then the views.
 *
 * @param views in the order in which the kernel reads them; rows are walked in the order of the first one's memory
 * @param head appends the numbers between the axes and the views
 */
export function rows(views: readonly View[], head: (bytecode: Bytecode) => Bytecode): Bytecode {
  const lead = axesOf(at(views, 0).shape.slice(0, -1), views.map((v) => v.strides.slice(0, -1)));
  const axes = bounded(mergeAxes(sortAxes(lead, 0)), views.length);
  const bytecode = head(new Bytecode().put(axes.length, ...sizesOf(axes)));
  views.forEach((view, o) => bytecode.place(view).put(...stridesAlong(axes, o), lastStride(view)));
  return bytecode;
}
