// `attention` and `attentionGradient` as launches. The gradient takes three: numbers of each row of q first, which are
// kept in working memory, then q's cotangent, then those of k and v; nothing is added from two sides.

import type { Step } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sortAxes, spaceSize } from "../axes.ts";
import { type Dispatch, elementwise, floatBits, type Operand, operandOf, walkOf } from "./dispatch.ts";
import { members, pickStrides } from "./shader.ts";
import type { Target } from "./target.ts";

/** Axes before the last two, in the order of the first view's memory. */
function leadingAxes(views: readonly View[]): readonly Axis[] {
  const axes = axesOf(at(views, 0).shape.slice(0, -2), views.map((v) => v.strides.slice(0, -2)));
  return bounded(mergeAxes(sortAxes(axes, 0)), views.length);
}

/** Strides along rows and along features. */
function matrix(...views: readonly View[]): number[] {
  return views.flatMap((view) => view.strides.slice(-2));
}

/** Lowers `attention`. */
export function attention(
  { inputs, outputs, attributes: { scale } }: Step<"attention">,
  target: Target,
): Dispatch[] {
  const [q, k, v, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), inputs[3]];
  const out = at(outputs, 0);
  const views = [...inputs, out];
  const axes = leadingAxes(views);
  const operands = views.map(operandOf);
  const [m, n] = [at(q.shape, -2), at(k.shape, -2)];
  const head = [m, n, floatBits(scale), ...matrix(q, k, v, out), ...bias ? matrix(bias) : []];
  const substitutions = {
    e: String(at(q.shape, -1)),
    f: String(at(v.shape, -1)),
    bias: bias ? "score += load3(at.in3 + row * word(13u) + j * word(14u));" : "",
  };
  const walk = walkOf(members(inputs.length), axes, operands);
  return [
    elementwise(
      target,
      "attention",
      spaceSize(axes) * m,
      64,
      { head, walk, substitutions },
      operands.slice(0, -1),
      operands.slice(-1),
    ),
  ];
}

/** Lowers `attentionGradient`. */
export function attentionGradient(
  { inputs, outputs, attributes: { scale } }: Step<"attentionGradient">,
  target: Target,
): Dispatch[] {
  const [q, k, v, g] = inputs as readonly [View, View, View, View];
  const [dq, dk, dv] = outputs as readonly [View, View, View];
  const axes = leadingAxes([...inputs, ...outputs]);
  const read = inputs.map(operandOf);
  const written = outputs.map(operandOf);
  const [m, n] = [at(q.shape, -2), at(k.shape, -2)];
  const rows = spaceSize(axes) * m;
  const numbers: Operand = { slot: null, dtype: "f32", start: 0, bytes: 8 * rows, offset: 0 };
  const head = [m, n, floatBits(scale), ...matrix(q, k, v, g)];
  const substitutions = { e: String(at(q.shape, -1)), f: String(at(v.shape, -1)) };
  /** Walk over the inputs and some outputs; `out` is the first of them. */
  const walk = (chosen: readonly number[], ...names: string[]) => {
    const operands = [...read, ...chosen.map((o) => at(written, o))];
    const strides = [0, 1, 2, 3, ...chosen.map((o) => 4 + o)];
    return walkOf([...members(4).slice(0, 4), ...names], pickStrides(axes, strides), operands);
  };
  return [
    elementwise(target, "attentionGradientRows", rows, 64, { head, walk: walk([]), substitutions }, read, [
      numbers,
    ]),
    elementwise(
      target,
      "attentionGradientQ",
      rows,
      64,
      { head: [...head, ...matrix(dq)], walk: walk([0], "out"), substitutions },
      [...read, numbers],
      [at(written, 0)],
    ),
    elementwise(
      target,
      "attentionGradientKv",
      spaceSize(axes) * n,
      64,
      { head: [...head, ...matrix(dk, dv)], walk: walk([1, 2], "out", "out1"), substitutions },
      [...read, numbers],
      [at(written, 1), at(written, 2)],
    ),
  ];
}
