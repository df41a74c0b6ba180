// Launches as bytecode: one entry a kernel, each the mirror of a function in wasm/src. Index spaces are simplified
// here, so that the kernels meet few axes and long columns.

import type { Kernel, Launch, LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { operand } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { Bytecode } from "./bytecode.ts";
import { contract } from "./lower_contract.ts";
import { attention, attentionGradient } from "./lower_attention.ts";
import { groupNormGradient, layerNorm, layerNormGradient } from "./lower_norm.ts";
import { reduce } from "./lower_reduce.ts";
import { putExpression } from "./expression.ts";
import { rows } from "./rows.ts";
import { tile } from "./tiles.ts";

/** How a kernel's launch becomes bytecode. */
export type Lower<K extends Kernel> = (launch: LaunchOf<K>) => Bytecode;

/** Kernels in the order of `dispatch` in wasm/src/run.rs; a cast is a map. */
const KERNELS = [
  "map",
  "reduce",
  "contract",
  "gather",
  "scatterAdd",
  "fold",
  "layerNorm",
  "rope",
  "attention",
  "attentionGradient",
  "layerNormGradient",
  "groupNormGradient",
  "softmax",
  "softmaxGradient",
  "swiglu",
  "swigluGradient",
] as const;

/** Axes in the order of the output's memory (operand 0), merged. */
function outputAxes(views: readonly View[]): readonly Axis[] {
  const axes = axesOf(at(views, 0).shape, views.map((v) => v.strides));
  return bounded(mergeAxes(sortAxes(axes, 0)), views.length);
}

function without(list: readonly number[], ...axes: readonly number[]): number[] {
  return list.filter((_, i) => !axes.includes(i));
}

/** Rows of the results, then those of the arguments, along an axis of the first view's length. */
function rowsOf({ inputs, outputs }: Pick<Launch, "inputs" | "outputs">): Bytecode {
  const views = [...outputs, ...inputs];
  return rows(views, (bytecode) => bytecode.put(at(at(views, 0).shape, -1)));
}

function map(launch: Pick<LaunchOf<"map">, "inputs" | "outputs" | "attributes">): Bytecode {
  const { expression } = launch.attributes;
  const out = at(launch.outputs, 0);
  const inputs = launch.inputs;
  const views = [...inputs, out];
  const axes = axesOf(out.shape, views.map((v) => v.strides));
  const { axes: walked, isTransposed } = tile(
    bounded(mergeAxes(sortAxes(axes, inputs.length)), views.length),
    inputs.length,
  );
  const isCopy = expression === operand(0) && inputs[0]?.dtype === out.dtype;
  const bytecode = new Bytecode().put(walked.length, ...sizesOf(walked), isTransposed ? 1 : 0, inputs.length);
  views.forEach((view, o) => bytecode.place(view, isCopy).put(...stridesAlong(walked, o)));
  putExpression(bytecode, expression, inputs.length);
  return bytecode;
}

/** The table: a kernel without an entry would not compile. */
export const lower: { readonly [K in Kernel]: Lower<K> } = {
  map,
  cast: (launch) => map({ ...launch, attributes: { expression: operand(0) } }),
  reduce,
  contract,
  gather: ({ inputs, outputs, attributes: { axis } }) => {
    const [x, index] = [at(inputs, 0), at(inputs, 1)];
    const out = at(outputs, 0);
    const source: View = { ...x, shape: out.shape, strides: x.strides.map((s, i) => i === axis ? 0 : s) };
    const picks: View = {
      ...index,
      shape: out.shape,
      strides: out.shape.map((_, i) => i === axis ? at(index.strides, 0) : 0),
    };
    const views = [out, source, picks];
    const axes = outputAxes(views);
    const bytecode = new Bytecode().put(
      axes.length,
      ...sizesOf(axes),
      at(x.shape, axis),
      at(x.strides, axis),
    );
    views.forEach((view, o) => bytecode.place(view).put(...stridesAlong(axes, o)));
    return bytecode;
  },
  scatterAdd: ({ inputs, outputs, attributes: { axis } }) => {
    const [x, index] = [at(inputs, 0), at(inputs, 1)];
    const out = at(outputs, 0);
    const views = [out, x].map((view): View => ({
      ...view,
      shape: without(view.shape, axis),
      strides: without(view.strides, axis),
    }));
    const axes = outputAxes(views);
    const bytecode = new Bytecode().put(
      axes.length,
      ...sizesOf(axes),
      at(out.shape, axis),
      at(out.strides, axis),
    );
    bytecode.put(at(x.shape, axis), at(x.strides, axis), at(index.strides, 0));
    views.forEach((view, o) => bytecode.place(view).put(...stridesAlong(axes, o)));
    return bytecode.place(index);
  },
  fold: ({ inputs, outputs, attributes: { axis, stride } }) => {
    const [x, out] = [at(inputs, 0), at(outputs, 0)];
    const outer: View = {
      ...out,
      shape: without(out.shape, axis),
      strides: without(out.strides, axis),
    };
    const windows: View = { ...outer, strides: without(x.strides, axis, axis + 1) };
    const axes = outputAxes([outer, windows]);
    const columns = at(axes, -1);
    const rest = bounded(axes.slice(0, -1), 2);
    const bytecode = new Bytecode().put(rest.length, ...sizesOf(rest), columns.size, at(out.shape, axis));
    bytecode.put(at(x.shape, axis), at(x.shape, axis + 1), stride);
    bytecode.place(out).put(...stridesAlong(rest, 0), at(columns.strides, 0), at(out.strides, axis));
    bytecode.place(x).put(...stridesAlong(rest, 1), at(columns.strides, 1));
    bytecode.put(at(x.strides, axis), at(x.strides, axis + 1));
    return bytecode;
  },
  layerNorm,
  rope: ({ inputs, outputs }) => {
    const views = [at(outputs, 0), ...inputs];
    const widths = [at(at(views, 0).shape, -1), at(at(inputs, 1).shape, -1)];
    return rows(views, (bytecode) => bytecode.put(...widths));
  },
  attention,
  attentionGradient,
  layerNormGradient,
  groupNormGradient,
  softmax: rowsOf,
  softmaxGradient: rowsOf,
  swiglu: rowsOf,
  swigluGradient: rowsOf,
};

/** Types every kernel of this backend takes; others would be read as if they were floats. */
function checkTypes(launch: Launch): void {
  const wanted: readonly string[] = launch.kernel === "contract" ? ["f32", "f16", "i8"] : ["f32"];
  launch.inputs.forEach((view, i) => {
    const isIndex = i === 1 && (launch.kernel === "gather" || launch.kernel === "scatterAdd");
    const free = launch.kernel === "map" || launch.kernel === "cast" || launch.kernel === "reduce";
    const isMoved = launch.kernel === "gather" && i === 0;
    const fits = isIndex ? view.dtype === "i32" : free || isMoved || wanted.includes(view.dtype);
    if (!fits) {
      const want = isIndex ? "i32" : wanted.join(" or ");
      throw new TypeError(
        `Cannot lower ${launch.kernel}: input ${i} is ${view.dtype}, wanted ${want} (${launch.scope})`,
      );
    }
  });
  const anyOutput = launch.kernel === "map" || launch.kernel === "cast" || launch.kernel === "gather";
  for (const view of launch.outputs) {
    if (!anyOutput && view.dtype !== "f32") {
      throw new TypeError(
        `Cannot lower ${launch.kernel}: the output is ${view.dtype}, wanted f32 (${launch.scope})`,
      );
    }
  }
}

/**
 * Lowers one launch.
 *
 * @param launch any kernel
 * @returns its bytecode with the header: kernel number, words in all
 * @throws TypeError when a view has a number type the kernel does not take
 */
export function lowerLaunch(launch: Launch): readonly number[] {
  checkTypes(launch);
  const kernel = KERNELS.indexOf(launch.kernel === "cast" ? "map" : launch.kernel);
  const { words } = (lower[launch.kernel] as Lower<Kernel>)(launch as LaunchOf<Kernel>);
  return [kernel, words.length + 2, ...words];
}
