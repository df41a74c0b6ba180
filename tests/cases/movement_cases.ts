// Cases of the ops that move, copy and add up elements: shapes change, numbers do not.

import type { Tensor } from "../../lib/ir/node.ts";
import {
  broadcast,
  broadcastTo,
  cast,
  concat,
  constant,
  fold,
  gather,
  pad,
  permute,
  pick,
  reshape,
  scatterAdd,
  slice,
  unfold,
} from "../../lib/ir/tensor.ts";
import type { Op } from "../../lib/ir/node.ts";
import { at, type DType, type Shape } from "../../lib/ir/types.ts";
import { attentionGradientNode } from "./fused_cases.ts";
import { encodeFp16 } from "../backend/run_launch.ts";
import {
  below,
  EXACT,
  f16,
  f32,
  few,
  i32,
  normal,
  type OpCase,
  type Operand,
  pointwise,
  sumOf,
} from "../op_case.ts";

/** A case of one f32 argument. */
function one(name: string, shape: Shape, build: (x: Tensor) => Tensor): OpCase {
  return { name, operands: [f32(shape)], rounding: EXACT, build: (x) => build(x!) };
}

/** The same on numbers of every type: moving must keep bits. */
function everyType(name: string, shape: Shape, build: (x: Tensor) => Tensor): OpCase[] {
  const big: Operand["values"] = (draw, size) =>
    Array.from({ length: size }, () => draw.whole(-(2 ** 31), 2 ** 31 - 1));
  const operands: readonly Operand[] = [f32(shape), f16(shape), i32(shape, big)];
  return operands.map((operand) => ({
    name: `${name}, ${operand.type.dtype}`,
    operands: [operand],
    rounding: EXACT,
    build: (x) => build(x!),
  }));
}

function gatherCase(name: string, shape: Shape, axis: number, picks: number): OpCase {
  return {
    name,
    operands: [f32(shape), i32([picks], below(at(shape, axis)))],
    rounding: EXACT,
    build: (x, indices) => gather(x!, indices!, axis),
  };
}

function scatterCase(name: string, shape: Shape, axis: number, length: number): OpCase {
  return {
    name,
    operands: [f32(shape), i32([at(shape, axis)], below(length))],
    rounding: sumOf(at(shape, axis)),
    build: (x, indices) => scatterAdd(x!, indices!, axis, length),
  };
}

function castCase(from: Operand, to: DType): OpCase {
  return {
    name: `${from.type.dtype} to ${to}`,
    operands: [from],
    rounding: to === "f16" && from.type.dtype === "f32"
      ? { limit: 2 ** -11, reason: "fp16 has 11 bits" }
      : EXACT,
    build: (x) => cast(x!, to),
    ...to === "i32" ? { gradient: "none" as const } : {},
  };
}

/** Cases of the ops in this file. */
export const movementCases = {
  input: [
    ...everyType("as output", [3, 5], (x) => x),
    one("a scalar", [], (x) => x),
  ],
  constant: [
    { name: "one number", operands: [], rounding: pointwise(0), build: () => constant(0.1, [3, 5]) },
    { name: "a scalar", operands: [], rounding: EXACT, build: () => constant(-0.5) },
    {
      name: "host data",
      operands: [],
      rounding: EXACT,
      build: () => constant(Float32Array.of(1, -2.5, 3e-8, 4e8, 5, 6), [2, 3]),
    },
    {
      name: "fp16",
      operands: [],
      rounding: EXACT,
      build: () => constant(encodeFp16([1, -0.3330078125, 65504]), [3], "f16"),
    },
    {
      name: "one half",
      operands: [],
      rounding: { limit: 2 ** -11, reason: "fp16 has 11 bits" },
      build: () => constant(0.3, [2, 3], "f16"),
    },
    {
      name: "whole numbers",
      operands: [],
      rounding: EXACT,
      build: () => constant(Int32Array.of(1, -2, 2 ** 31 - 1), [3, 1], "i32"),
    },
    { name: "one whole number", operands: [], rounding: EXACT, build: () => constant(-7, [3], "i32") },
    {
      name: "host data seen through movement",
      operands: [],
      rounding: EXACT,
      build: () => permute(broadcast(constant(Float32Array.of(1, 2, 3), [3, 1]), [3, 4]), [1, 0]),
    },
    {
      name: "one number seen through movement",
      operands: [],
      rounding: EXACT,
      build: () => slice(reshape(broadcastTo(constant(2.5, [3]), [4, 3]), [2, 6]), [0, 1], [2, 3]),
    },
  ],
  reshape: [
    ...everyType("splits an axis", [6], (x) => reshape(x, [2, 3])),
    one("merges axes", [3, 5, 7], (x) => reshape(x, [15, 7])),
    one("regroups axes", [6, 10], (x) => reshape(x, [4, 15])),
    one("to a scalar", [1, 1], (x) => reshape(x, [])),
    one("from a scalar", [], (x) => reshape(x, [1, 1])),
    one("adds axes of one point", [3, 5], (x) => reshape(x, [3, 1, 5, 1])),
    one("of permuted axes, which must be copied", [3, 5, 7], (x) => reshape(permute(x, [2, 0, 1]), [105])),
    one("of permuted axes, which need not", [3, 5, 7], (x) => reshape(permute(x, [2, 0, 1]), [7, 15])),
    one("of repeated elements", [3, 1, 5], (x) => reshape(broadcast(x, [3, 4, 5]), [12, 5])),
    one("of overlapping windows", [9], (x) => reshape(unfold(x, 0, 3, 2), [12])),
    one("of a box", [5, 7], (x) => reshape(slice(x, [1, 2], [3, 4]), [2, 6])),
  ],
  permute: [
    ...everyType("two axes", [3, 5], (x) => permute(x, [1, 0])),
    one("all axes reversed", [2, 3, 5, 7], (x) => permute(x, [3, 2, 1, 0])),
    one("a rotation", [3, 5, 7], (x) => permute(x, [1, 2, 0])),
    one("twice", [3, 5, 7], (x) => permute(permute(x, [1, 2, 0]), [0, 2, 1])),
    one("axes of one point", [1, 5, 1, 3], (x) => permute(x, [2, 3, 0, 1])),
    one("large", [65, 67], (x) => permute(x, [1, 0])),
  ],
  broadcast: [
    ...everyType("an axis in front", [1, 5], (x) => broadcast(x, [3, 5])),
    one("one element", [1], (x) => broadcast(x, [13])),
    one("the last axis", [5, 1], (x) => broadcast(x, [5, 7])),
    one("several axes", [1, 5, 1, 3], (x) => broadcast(x, [2, 5, 7, 3])),
    one("with new axes", [5, 1], (x) => broadcastTo(x, [3, 2, 5, 7])),
    one("twice", [1, 5, 1], (x) => broadcast(broadcast(x, [1, 5, 3]), [7, 5, 3])),
  ],
  slice: [
    ...everyType("a box", [5, 7], (x) => slice(x, [1, 2], [3, 4])),
    one("one element", [5, 7, 3], (x) => slice(x, [4, 6, 2], [1, 1, 1])),
    one("the end of an axis", [13], (x) => slice(x, [8], [5])),
    one("of a slice", [11, 5], (x) => slice(slice(x, [2, 0], [8, 4]), [1, 1], [5, 2])),
    one("of permuted axes", [5, 7], (x) => slice(permute(x, [1, 0]), [2, 1], [3, 4])),
  ],
  pad: [
    ...everyType("all around", [3, 5], (x) => pad(x, [1, 2], [5, 8])),
    one("one element", [1], (x) => pad(x, [4], [7])),
    one("in front only", [5], (x) => pad(x, [2], [7])),
    one("behind only", [3, 5], (x) => pad(x, [0, 0], [3, 9])),
    one("of permuted axes", [3, 5], (x) => pad(permute(x, [1, 0]), [1, 1], [7, 5])),
  ],
  concat: [
    ...everyType("with itself", [3, 5], (x) => concat([x, x], 0)),
    {
      name: "three lengths of the last axis",
      operands: [f32([2, 3]), f32([2, 1]), f32([2, 7])],
      rounding: EXACT,
      build: (...args) => concat(args, 1),
    },
    {
      name: "the axis in the middle",
      operands: [f32([2, 3, 5]), f32([2, 2, 5])],
      rounding: EXACT,
      build: (...args) => concat(args, 1),
    },
    {
      name: "vectors",
      operands: [f32([1]), f32([5]), f32([1])],
      rounding: EXACT,
      build: (...args) => concat(args, 0),
    },
  ],
  unfold: [
    ...everyType("overlapping windows", [3, 9], (x) => unfold(x, 1, 3, 2)),
    one("windows of one point", [5], (x) => unfold(x, 0, 1, 1)),
    one("one window", [3, 7], (x) => unfold(x, 1, 7, 1)),
    one("windows with gaps and a rest", [14, 3], (x) => unfold(x, 0, 2, 5)),
    one("windows side by side", [12], (x) => unfold(x, 0, 4, 4)),
    one("the axis in the middle", [2, 8, 3], (x) => unfold(x, 1, 4, 1)),
    one("two axes", [6, 7], (x) => unfold(unfold(x, 1, 3, 2), 0, 2, 1)),
  ],
  fold: [
    { ...one("overlapping windows", [3, 4, 3], (x) => fold(x, 1, 2, 9)), rounding: sumOf(2) },
    { ...one("step 1", [4, 5], (x) => fold(x, 0, 1, 8)), rounding: sumOf(4) },
    one("windows of one point", [5, 1], (x) => fold(x, 0, 1, 5)),
    one("windows with gaps and a rest", [3, 2, 3], (x) => fold(x, 0, 5, 14)),
    one("windows side by side", [2, 3, 4], (x) => fold(x, 1, 4, 12)),
    { ...one("the axis in the middle", [2, 5, 4, 3], (x) => fold(x, 1, 1, 9)), rounding: sumOf(4) },
    { ...one("points behind the last window", [4, 3], (x) => fold(x, 0, 2, 13)), rounding: sumOf(2) },
  ],
  gather: [
    gatherCase("rows", [5, 3], 0, 7),
    gatherCase("columns", [5, 3], 1, 4),
    gatherCase("the axis in the middle", [2, 5, 3], 1, 3),
    gatherCase("of one entry", [1, 3], 0, 5),
    gatherCase("one entry", [7], 0, 1),
    gatherCase("large", [67, 33], 0, 129),
    ...[f16([5, 3]), i32([5, 3], few)].map((x): OpCase => ({
      name: `of ${x.type.dtype}`,
      operands: [x, i32([7], below(5))],
      rounding: EXACT,
      build: (t, indices) => gather(t!, indices!, 0),
    })),
    {
      name: "with constant indices",
      operands: [f32([5, 3])],
      rounding: EXACT,
      build: (x) => gather(x!, constant(Int32Array.of(4, 0, 0, 2), [4], "i32"), 0),
    },
    {
      name: "with the same index everywhere",
      operands: [f32([5, 3])],
      rounding: EXACT,
      build: (x) => gather(x!, constant(3, [4], "i32"), 0),
    },
  ],
  scatterAdd: [
    scatterCase("rows", [7, 3], 0, 5),
    scatterCase("columns", [3, 7], 1, 5),
    scatterCase("the axis in the middle", [2, 5, 3], 1, 4),
    scatterCase("all into one place", [7, 3], 0, 1),
    scatterCase("places nothing goes to", [2, 3], 0, 11),
    scatterCase("one entry", [1], 0, 3),
    scatterCase("large", [129, 33], 0, 67),
  ],
  cast: [
    castCase(f32([3, 5]), "f16"),
    castCase(f16([3, 5]), "f32"),
    castCase(i32([3, 5], few), "f32"),
    castCase(i32([3, 5], few), "f16"),
    castCase(f32([3, 5], (draw, size) => normal(draw, size).map((x) => x * 7)), "i32"),
    castCase(f16([3, 5], (draw, size) => normal(draw, size).map((x) => x * 7)), "i32"),
    {
      name: "f32 to f16 and back",
      operands: [f32([3, 5])],
      rounding: { limit: 2 ** -11, reason: "fp16 has 11 bits" },
      build: (x) => cast(cast(x!, "f16"), "f32"),
    },
  ],
  pick: [0, 1, 2].map((index): OpCase => ({
    name: `result ${index} of attentionGradient`,
    operands: [f32([3, 5]), f32([7, 5]), f32([7, 4]), f32([3, 4])],
    rounding: { limit: 2e-6, floor: 1, reason: "as attentionGradient" },
    build: (q, k, v, g) => pick(attentionGradientNode(q!, k!, v!, g!, 0.4), index),
  })),
} satisfies { readonly [K in Op]?: readonly OpCase[] };
