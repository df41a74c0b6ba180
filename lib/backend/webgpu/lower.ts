// Launches as dispatches: one entry a kernel, each the mirror of a file in kernels. Index spaces are simplified here,
// so that shaders walk few axes.

import type { Kernel, Launch, LaunchOf } from "../../compile/program.ts";
import { bindingBytes, cutView, splitLaunch } from "../../compile/split.ts";
import type { View } from "../../compile/view.ts";
import { type Expression, operand } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sortAxes, spaceSize } from "../axes.ts";
import { contract } from "./lower_contract.ts";
import { attention, attentionGradient } from "./lower_attention.ts";
import {
  BINDING_ALIGNMENT,
  type Dispatch,
  dispatch,
  elementwise,
  floatBits,
  type Operand,
  operandOf,
  rowsOfGroups,
  walkOf,
} from "./dispatch.ts";
import { expressionText, members } from "./shader.ts";
import type { Target } from "./target.ts";

/** How a kernel's launch becomes dispatches, in order. */
export type Lower<K extends Kernel> = (launch: LaunchOf<K>, target: Target) => readonly Dispatch[];

/** Axes in the order of the output's memory, merged; strides in the order of the views, the output last. */
function outputAxes(views: readonly View[]): readonly Axis[] {
  const axes = axesOf(at(views, -1).shape, views.map((v) => v.strides));
  return bounded(mergeAxes(sortAxes(axes, views.length - 1)), views.length);
}

/** Axes of rows: all but the last. */
function rowAxes(views: readonly View[]): readonly Axis[] {
  const cut = views.map((v): View => ({
    ...v,
    shape: v.shape.slice(0, -1),
    strides: v.strides.slice(0, -1),
  }));
  return outputAxes(cut);
}

function without(list: readonly number[], ...axes: readonly number[]): number[] {
  return list.filter((_, i) => !axes.includes(i));
}

/** The view without some axes. */
function drop(view: View, ...axes: readonly number[]): View {
  return { ...view, shape: without(view.shape, ...axes), strides: without(view.strides, ...axes) };
}

function lastStride(view: View): number {
  return at(view.strides, -1);
}

function map(
  launch: Pick<LaunchOf<"map">, "inputs" | "outputs">,
  expression: Expression,
  target: Target,
): Dispatch[] {
  const out = at(launch.outputs, 0);
  // An input that is overwritten element by element is read through the result: nothing may be bound twice.
  const isReplaced = (view: View) => view.slot === out.slot;
  const bound = launch.inputs.filter((view) => !isReplaced(view));
  const views = [...bound, out];
  const axes = outputAxes(views);
  const operands = views.map(operandOf);
  const read = (i: number) => {
    const view = at(launch.inputs, i);
    if (isReplaced(view)) return "read0(at.out)";
    const place = bound.indexOf(view);
    return `load${place}(at.in${place})`;
  };
  // Copies keep bits that are no numbers.
  const isCopy = expression === operand(0) && bound[0] === launch.inputs[0] && bound[0]?.dtype === out.dtype;
  const text = isCopy
    ? "store_raw0(at.out, raw0(at.in0));"
    : expressionText(expression, read, (v) => `store0(at.out, ${v});`);
  const walk = walkOf(members(bound.length), axes, operands);
  return [
    elementwise(
      target,
      "map",
      spaceSize(axes),
      256,
      { walk, substitutions: { expression: text } },
      operands.slice(0, -1),
      operands.slice(-1),
    ),
  ];
}

function reduce({ inputs, outputs, attributes }: LaunchOf<"reduce">, target: Target): Dispatch[] {
  const { reducer, axes: reduced, expression } = attributes;
  const views = [...inputs, at(outputs, 0)];
  const n = inputs.length;
  const { shape } = at(inputs, 0);
  const part = (wanted: boolean) => {
    const index = shape.map((_, i) => i).filter((i) => reduced.includes(i) === wanted);
    const strides = views.map((v, o) => index.map((i) => wanted && o === n ? 0 : at(v.strides, i)));
    return bounded(
      mergeAxes(sortAxes(axesOf(index.map((i) => at(shape, i)), strides), wanted ? 0 : n)),
      n + 1,
    );
  };
  const [kept, terms] = [part(false), part(true)];
  const operands = views.map(operandOf);
  const names = members(n);
  const [results, count] = [spaceSize(kept), spaceSize(terms)];
  // Where terms are far apart and results side by side, neighbours read those of neighbouring results.
  const isAcross = at(at(kept, -1).strides, 0) === 1 && at(at(terms, -1).strides, 0) !== 1;
  const across = isAcross && results >= 32 ? 32 : 1;
  const lanes = Math.min(count >= 256 ? 64 : count >= 32 ? 16 : 1, 256 / across);
  const groups = rowsOfGroups(Math.ceil(results / across), target);
  const substitutions = {
    across: String(across),
    lanes: String(lanes),
    join: reducer === "max"
      ? "return Total(select(larger(total.sum, term), term, isFirst), 0.0);"
      : "return plus(total, term);",
    expression: expressionText(expression, (i) => `load${i}(at.in${i})`, (v) => `let term = ${v};`),
  };
  const walks = [
    walkOf(names, kept, operands),
    { ending: "_terms", members: names, axes: terms, offsets: null, continues: true },
  ];
  const head = [groups[0], results, count];
  return [
    dispatch(
      { name: "reduce", head, walks, substitutions, groups },
      operands.slice(0, -1),
      operands.slice(-1),
    ),
  ];
}

/** Rows of a workgroup of kernels/layer_norm_subgroup.wgsl. */
const SUBGROUP_ROWS = 8;

/** A fold whose first result lies at `origin` among the windows. */
function fold(
  { inputs, outputs, attributes: { axis, stride } }: LaunchOf<"fold">,
  origin: number,
  target: Target,
): Dispatch {
  const [x, out] = [at(inputs, 0), at(outputs, 0)];
  const rest = drop(x, axis, axis + 1);
  const strides = [...rest.strides.slice(0, axis), 0, ...rest.strides.slice(axis)];
  const source: View = { ...x, shape: out.shape, strides };
  // The second member counts along the axis.
  const place: View = { ...out, strides: out.strides.map((_, i) => i === axis ? 1 : 0) };
  const axes = outputAxes([source, place, out]);
  const [a, c] = [operandOf(x), operandOf(out)];
  const walk = { ...walkOf(members(2), axes, []), offsets: [a.offset, 0, c.offset] };
  const [windows, size] = [at(x.shape, axis), at(x.shape, axis + 1)];
  const head = [windows, size, stride, at(x.strides, axis), at(x.strides, axis + 1), origin];
  return elementwise(target, "fold", spaceSize(axes), 256, { head, walk }, [a], [c]);
}

/** Folds of parts of the axis, each of the windows that reach it, until what they read can be bound. */
function foldPieces(whole: LaunchOf<"fold">, origin: number, target: Target): Dispatch[] {
  const most = target.limits.maxStorageBufferBindingSize;
  return splitLaunch(whole as Launch, most, BINDING_ALIGNMENT).flatMap((part) => {
    const piece = part as LaunchOf<"fold">;
    const views = [...piece.inputs, ...piece.outputs];
    const isSmall = views.every((view) => bindingBytes(view, BINDING_ALIGNMENT) <= most);
    return isSmall
      ? [fold(piece, origin, target)]
      : halvesOf(piece, origin).flatMap((h) => foldPieces(h.launch, h.origin, target));
  });
}

/** A fold as two, of the first and of the second half of its results. */
function halvesOf(whole: LaunchOf<"fold">, origin: number): { launch: LaunchOf<"fold">; origin: number }[] {
  const [x, out] = [at(whole.inputs, 0), at(whole.outputs, 0)];
  const { axis, stride } = whole.attributes;
  const [places, windows, size] = [at(out.shape, axis), at(x.shape, axis), at(x.shape, axis + 1)];
  if (places === 1) {
    throw new RangeError(
      `Cannot cut fold (${
        whole.scope || "no scope"
      }): one place reaches further than the device binds at once; ` +
        "use a smaller window or grid",
    );
  }
  const half = Math.ceil(places / 2);
  return [[0, half], [half, places - half]].map(([start = 0, count = 0]) => {
    const from = origin + start;
    const first = Math.min(
      Math.max(0, Math.ceil((from - size + 1) / stride)),
      Math.floor(from / stride),
      windows - 1,
    );
    const last = Math.min(windows - 1, Math.floor((from + count - 1) / stride));
    const inputs = [cutView(x, axis, first, last - first + 1)];
    const outputs = [cutView(out, axis, start, count)];
    return { launch: { ...whole, inputs, outputs }, origin: from - first * stride };
  });
}

/** Fused ops whose formula runs here. */
type Expanded =
  | "layerNormGradient"
  | "groupNormGradient"
  | "softmax"
  | "softmaxGradient"
  | "swiglu"
  | "swigluGradient";

/** The table: a kernel without an entry would not compile. */
export const lower: { readonly [K in Exclude<Kernel, Expanded>]: Lower<K> } = {
  map: (launch, target) => map(launch, launch.attributes.expression, target),
  cast: (launch, target) => map(launch, operand(0), target),
  reduce,
  contract,
  gather: ({ inputs, outputs, attributes: { axis } }, target) => {
    const [x, index, out] = [at(inputs, 0), at(inputs, 1), at(outputs, 0)];
    const source: View = { ...x, shape: out.shape, strides: x.strides.map((s, i) => i === axis ? 0 : s) };
    const strides = out.shape.map((_, i) => i === axis ? at(index.strides, 0) : 0);
    const axes = outputAxes([source, { ...index, shape: out.shape, strides }, out]);
    const operands = [x, index, out].map(operandOf);
    return [
      elementwise(
        target,
        "gather",
        spaceSize(axes),
        256,
        { head: [at(x.shape, axis), at(x.strides, axis)], walk: walkOf(members(2), axes, operands) },
        operands.slice(0, 2),
        operands.slice(2),
      ),
    ];
  },
  scatterAdd: ({ inputs, outputs, attributes: { axis } }, target) => {
    const [x, index, out] = [at(inputs, 0), at(inputs, 1), at(outputs, 0)];
    const source: View = { ...x, shape: out.shape, strides: x.strides.map((s, i) => i === axis ? 0 : s) };
    // The second member counts along the axis.
    const place: View = { ...out, strides: out.strides.map((_, i) => i === axis ? 1 : 0) };
    const axes = outputAxes([source, place, out]);
    const operands = [x, index, out].map(operandOf);
    const [a, b, c] = operands as [Operand, Operand, Operand];
    const walk = { ...walkOf(members(2), axes, operands), offsets: [a.offset, 0, c.offset] };
    const head = [at(x.shape, axis), at(x.strides, axis), at(index.strides, 0), b.offset];
    return [elementwise(target, "scatterAdd", spaceSize(axes), 256, { head, walk }, [a, b], [c])];
  },
  fold: (launch, target) => foldPieces(launch, 0, target),
  layerNorm: ({ inputs, outputs, attributes: { epsilon } }, target) => {
    const [x, weight, bias, out] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), at(outputs, 0)];
    const axes = rowAxes([x, out]);
    const operands = [x, weight, bias, out].map(operandOf);
    const [a, w, b, c] = operands as [Operand, Operand, Operand, Operand];
    const rows = target.subgroups ? SUBGROUP_ROWS : 1;
    const groups = rowsOfGroups(Math.ceil(spaceSize(axes) / rows), target);
    const strides = [out, x, weight, bias].map(lastStride);
    const head = [
      groups[0],
      spaceSize(axes),
      at(x.shape, -1),
      floatBits(epsilon),
      ...strides,
      w.offset,
      b.offset,
    ];
    const walk = walkOf(["in0", "out"], axes, [a, c]);
    const name = target.subgroups ? "layerNormSubgroup" : "layerNorm";
    return [dispatch({ name, head, walks: [walk], groups }, [a, w, b], [c])];
  },
  rope: ({ inputs, outputs }, target) => {
    const views = [...inputs, at(outputs, 0)];
    const axes = rowAxes(views);
    const operands = views.map(operandOf);
    const features = at(at(outputs, 0).shape, -1);
    const pairs = Math.ceil(features / 2);
    const [x, cosine, sine, out] = views.map(lastStride) as [number, number, number, number];
    const head = [pairs, at(at(inputs, 1).shape, -1), features, out, x, cosine, sine];
    const walk = walkOf(members(3), axes, operands);
    return [
      elementwise(
        target,
        "rope",
        spaceSize(axes) * pairs,
        256,
        { head, walk },
        operands.slice(0, 3),
        operands.slice(3),
      ),
    ];
  },
  attention,
  attentionGradient,
};

/**
 * Dispatches of a launch, in order.
 *
 * @param launch any kernel
 * @param target limits and features of the adapter
 * @throws RangeError when a tensor can not be bound however the launch is cut, or there are too many of them
 */
export function lowerLaunch(launch: Launch, target: Target): readonly Dispatch[] {
  const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = target.limits;
  const dispatches = splitLaunch(launch, maxStorageBufferBindingSize, BINDING_ALIGNMENT).flatMap((part) =>
    (lower[part.kernel as keyof typeof lower] as Lower<Kernel>)(part as LaunchOf<Kernel>, target)
  );
  const bindings = Math.max(...dispatches.map(({ inputs, outputs }) => inputs.length + outputs.length));
  if (bindings > maxStorageBuffersPerShaderStage) {
    throw new RangeError(
      `Cannot lower ${launch.kernel} (${
        launch.scope || "no scope"
      }): it binds ${bindings} tensors at once, ` +
        `maxStorageBuffersPerShaderStage of this adapter is ${maxStorageBuffersPerShaderStage}`,
    );
  }
  return dispatches;
}
