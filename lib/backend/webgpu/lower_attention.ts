// `attention` and `attentionGradient` as dispatches. The gradient takes three: numbers of each row of q first, which
// are kept in working memory, then q's cotangent, then those of k and v; nothing is added from two sides.

import type { LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sortAxes, spaceSize } from "../axes.ts";
import {
  type Dispatch,
  dispatch,
  elementwise,
  floatBits,
  type Operand,
  operandOf,
  rowsOfGroups,
  walkOf,
} from "./dispatch.ts";
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

/** Rows and keys of a tile. */
const TILE = 32;

/** Bytes of workgroup memory that tiles of heads take (kernels/attention_tile.wgsl). */
function tileBytes(e: number, f: number): number {
  const wide = (features: number) => Math.ceil(features / 32) * 8;
  return 16 * (TILE * (wide(e) + Math.max(wide(e), wide(f))) + 256 + 64);
}

/** Whether the features of an operand can be read four at once. */
function isWhole(view: View, { offset }: Operand, axes: readonly Axis[], operand: number): boolean {
  const [row, feature] = matrix(view);
  const others = [offset, row!, at(view.shape, -1), ...axes.map(({ strides }) => at(strides, operand))];
  return feature === 1 && others.every((n) => n % 4 === 0);
}

/** Lowers `attention`. */
export function attention(
  { inputs, outputs, attributes: { scale } }: LaunchOf<"attention">,
  target: Target,
): Dispatch[] {
  const [q, k, v, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), inputs[3]];
  const out = at(outputs, 0);
  const views = [...inputs, out];
  const axes = leadingAxes(views);
  const operands = views.map(operandOf);
  const [m, n, e, f] = [at(q.shape, -2), at(k.shape, -2), at(q.shape, -1), at(v.shape, -1)];
  const head = [m, n, floatBits(scale), ...matrix(q, k, v, out), ...bias ? matrix(bias) : []];
  const walk = walkOf(members(inputs.length), axes, operands);
  const common = { e: String(e), f: String(f) };
  const score = (key: string) => bias ? `load3(at.in3 + row * word(13u) + ${key} * word(14u))` : "0.0";
  const [read, written] = [operands.slice(0, -1), operands.slice(-1)];
  const holds = tileBytes(e, f) <= target.limits.maxComputeWorkgroupStorageSize && f <= 128;
  if (target.tiles && holds && Math.min(m, n) >= TILE / 2) {
    const count = spaceSize(axes) * Math.ceil(m / TILE);
    const groups = rowsOfGroups(count, target);
    const quads = [q, k, v].map((view, i) => isWhole(view, at(operands, i), axes, i));
    const [whole0, whole1, whole2] = quads.map(String) as [string, string, string];
    const substitutions = { ...common, whole0, whole1, whole2, bias: score("key") };
    const settings = { head: [groups[0], count, ...head], walks: [walk], substitutions, groups, quads };
    return [dispatch({ name: "attentionTile", ...settings }, read, written)];
  }
  const substitutions = { ...common, bias: bias ? `score += ${score("j")};` : "" };
  return [
    elementwise(
      target,
      "attention",
      spaceSize(axes) * m,
      64,
      { head, walk, substitutions },
      read,
      written,
    ),
  ];
}

/** Lowers `attentionGradient`. */
export function attentionGradient(
  { inputs, outputs, attributes: { scale } }: LaunchOf<"attentionGradient">,
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
