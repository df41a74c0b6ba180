// `attention` and `attentionGradient` as bytecode.

import type { LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { Bytecode } from "./bytecode.ts";

/** Axes before the last two, in the order of the first view's memory. */
function batchAxes(views: readonly View[]): readonly Axis[] {
  const axes = axesOf(at(views, 0).shape.slice(0, -2), views.map((v) => v.strides.slice(0, -2)));
  return bounded(mergeAxes(sortAxes(axes, 0)), views.length);
}

/** Header and matrices both kernels begin with; `views` starts with q, k, v. */
function matrices(
  views: readonly View[],
  scale: number,
): { bytecode: Bytecode; put: (view: View, o: number) => void } {
  const axes = batchAxes(views);
  const [q, k, v] = [at(views, 0), at(views, 1), at(views, 2)];
  const bytecode = new Bytecode().put(axes.length, ...sizesOf(axes));
  bytecode.put(at(q.shape, -2), at(k.shape, -2), at(q.shape, -1), at(v.shape, -1)).float(scale);
  const put = (view: View, o: number) =>
    void bytecode.place(view).put(...stridesAlong(axes, o), at(view.strides, -2), at(view.strides, -1));
  return { bytecode, put };
}

/** Lowers `attention`. */
export function attention({ inputs, outputs, attributes: { scale } }: LaunchOf<"attention">): Bytecode {
  const [q, k, v, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), inputs[3]];
  const views = [q, k, v, at(outputs, 0), ...bias ? [bias] : []];
  const { bytecode, put } = matrices(views, scale);
  views.slice(0, 4).forEach(put);
  bytecode.put(bias ? 1 : 0);
  if (bias) put(bias, 4);
  return bytecode;
}

/** Lowers `attentionGradient`. */
export function attentionGradient(
  { inputs, outputs, attributes: { scale } }: LaunchOf<"attentionGradient">,
): Bytecode {
  // q, k, v and their like first, then the bias and its cotangent.
  const views = [...inputs.slice(0, 4), ...outputs.slice(0, 3), ...inputs.slice(4), ...outputs.slice(3)];
  const { bytecode, put } = matrices(views, scale);
  views.slice(0, 7).forEach(put);
  bytecode.put(views.length > 7 ? 1 : 0);
  views.slice(7).forEach((view, i) => put(view, 7 + i));
  return bytecode;
}
