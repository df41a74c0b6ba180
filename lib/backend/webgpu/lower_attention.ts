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

/** Numbers of the rows that an invocation has, as one value: of rows beyond the last, the last one's. */
function loadRows(rows: number, size: string, place: (row: string) => string): string {
  if (rows === 1) return place("row");
  const each = Array.from({ length: rows }, (_, r) => place(`min(row + ${r}u, ${size} - 1u)`));
  return `vec${rows}f(${each.join(", ")})`;
}

/** Writes `result`, a number for each row. */
function storeRows(rows: number, size: string, store: (row: string, value: string) => string): string {
  if (rows === 1) return store("row", "result");
  return Array.from(
    { length: rows },
    (_, r) => `if (row + ${r}u < ${size}) { ${store(`(row + ${r}u)`, `result[${r}]`)} }`,
  ).join("\n    ");
}

/** What stands for the rows of an invocation in a kernel's text. */
function rowsText(rows: number): { readonly type: string; readonly rows: string } {
  return { type: rows === 1 ? "f32" : `vec${rows}f`, rows: String(rows) };
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
  if (target.tiles && target.attentionRows === 1 && holds && Math.min(m, n) >= TILE / 2) {
    const count = spaceSize(axes) * Math.ceil(m / TILE);
    const groups = rowsOfGroups(count, target);
    const quads = [q, k, v].map((view, i) => isWhole(view, at(operands, i), axes, i));
    const [whole0, whole1, whole2] = quads.map(String) as [string, string, string];
    const substitutions = { ...common, whole0, whole1, whole2, bias: score("key") };
    const settings = { head: [groups[0], count, ...head], walks: [walk], substitutions, groups, quads };
    return [dispatch({ name: "attentionTile", ...settings }, read, written)];
  }
  const rows = m === 1 ? 1 : target.attentionRows;
  const substitutions = {
    ...common,
    ...rowsText(rows),
    q: loadRows(rows, "m", (row) => `load0(place + ${row} * word(5u))`),
    bias: bias
      ? `score += ${loadRows(rows, "m", (row) => `load3(at.in3 + ${row} * word(13u) + j * word(14u))`)};`
      : "",
    store: storeRows(rows, "m", (row, value) => `store0(place + ${row} * word(11u), ${value});`),
  };
  return [
    elementwise(
      target,
      "attention",
      spaceSize(axes) * Math.ceil(m / rows),
      64,
      { head, walk, substitutions },
      read,
      written,
    ),
  ];
}

/** What the gradient keeps of each row of q: its largest score, one over its denominator, its weights times cotangents. */
const NUMBERS = ["largest", "factors", "products"] as const;

/** Lowers `attentionGradient`. */
export function attentionGradient(
  { inputs, outputs, attributes: { scale } }: LaunchOf<"attentionGradient">,
  target: Target,
): Dispatch[] {
  const [q, k, v, g, bias] = inputs as readonly [View, View, View, View, View?];
  const [dq, dk, dv, slopes] = outputs as readonly [View, View, View, View?];
  const axes = leadingAxes([...inputs, ...outputs]);
  const read = inputs.map(operandOf);
  const written = outputs.map(operandOf);
  const [m, n] = [at(q.shape, -2), at(k.shape, -2)];
  const rows = spaceSize(axes) * m;
  const numbers: Operand = { slot: null, dtype: "f32", start: 0, bytes: 12 * rows, offset: 0 };
  const head = [m, n, floatBits(scale), ...matrix(q, k, v, g)];
  const perLane = Math.max(m, n) === 1 ? 1 : target.attentionRows;
  const common = { e: String(at(q.shape, -1)), f: String(at(v.shape, -1)), ...rowsText(perLane) };
  const load = (size: string, text: (row: string) => string) => loadRows(perLane, size, text);
  const store = (size: string, text: (row: string, value: string) => string) =>
    storeRows(perLane, size, text);
  /** Adds the bias of each row to its score; `m` and `n` are its places, its strides the two words from `word` on. */
  const addBias = (size: string, word: number, place: (row: string) => readonly [m: string, n: string]) =>
    bias
      ? `score += ${
        load(size, (row) => {
          const [m, n] = place(row);
          return `load4(at.in4 + ${m} * word(${word}u) + ${n} * word(${word + 1}u))`;
        })
      };`
      : "";
  const biasStrides = bias ? matrix(bias) : [];
  const loadNumbers = `load${inputs.length}`;
  const ofQuery = {
    ...common,
    q: load("m", (row) => `load0(place + ${row} * word(5u))`),
    g: load("m", (row) => `load3(place + ${row} * word(11u))`),
  };
  const count = spaceSize(axes) * Math.ceil(m / perLane);
  /** Walk over the inputs and some outputs; `out` is the first of them. */
  const walk = (chosen: readonly number[], ...names: string[]) => {
    const operands = [...read, ...chosen.map((o) => at(written, o))];
    const strides = [...inputs.keys(), ...chosen.map((o) => inputs.length + o)];
    return walkOf([...members(inputs.length).slice(0, -1), ...names], pickStrides(axes, strides), operands);
  };
  return [
    elementwise(
      target,
      "attentionGradientRows",
      count,
      64,
      {
        head: [...head, ...biasStrides],
        walk: walk([]),
        substitutions: {
          ...ofQuery,
          bias: addBias("m", 13, (row) => [row, "j"]),
          ...Object.fromEntries(
            NUMBERS.map((name, i) => [
              name,
              store("m", (row, value) => `store0(place + 3u * ${row} + ${i}u, ${value});`),
            ]),
          ),
        },
      },
      read,
      [numbers],
    ),
    elementwise(
      target,
      "attentionGradientQ",
      count,
      64,
      {
        head: [...head, ...matrix(dq), ...biasStrides, ...slopes ? matrix(slopes) : []],
        walk: walk(slopes ? [0, 3] : [0], "out", ...slopes ? ["out1"] : []),
        substitutions: {
          ...ofQuery,
          bias: addBias("m", 15, (row) => [row, "j"]),
          slopes: slopes
            ? store("m", (row, value) => `store1(at.out1 + ${row} * word(17u) + j * word(18u), ${value});`)
            : "",
          ...Object.fromEntries(
            NUMBERS.map((name, i) => [
              name,
              load("m", (row) => `${loadNumbers}(numbers + 3u * ${row} + ${i}u)`),
            ]),
          ),
          store: store("m", (row, value) => `store0(place + ${row} * word(13u), ${value});`),
        },
      },
      [...read, numbers],
      slopes ? [at(written, 0), at(written, 3)] : [at(written, 0)],
    ),
    elementwise(
      target,
      "attentionGradientKv",
      spaceSize(axes) * Math.ceil(n / perLane),
      64,
      {
        head: [...head, ...matrix(dk, dv), ...biasStrides],
        walk: walk([1, 2], "out", "out1"),
        substitutions: {
          ...common,
          numbers: loadNumbers,
          bias: addBias("n", 17, (row) => ["j", row]),
          k: load("n", (row) => `load1(place + ${row} * word(7u))`),
          v: load("n", (row) => `load2(place + ${row} * word(9u))`),
          store0: store("n", (row, value) => `store0(place + ${row} * word(13u), ${value});`),
          store1: store("n", (row, value) => `store1(place + ${row} * word(15u), ${value});`),
        },
      },
      [...read, numbers],
      [at(written, 1), at(written, 2)],
    ),
  ];
}
