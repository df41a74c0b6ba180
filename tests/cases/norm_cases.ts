// Cases of norms and their gradients: rows of the networks' widths and odd ones, rows far from zero, groups of channels.

import { groupNorm, groupNormGradientRule } from "../../lib/ir/fused/group_norm.ts";
import { layerNorm, layerNormGradientRule } from "../../lib/ir/fused/layer_norm.ts";
import { fusedNode } from "../../lib/ir/fused/rule.ts";
import type { GroupNormAttributes, Tensor } from "../../lib/ir/node.ts";
import { pick, reshape, sliceAxis } from "../../lib/ir/tensor.ts";
import { at, type Shape } from "../../lib/ir/types.ts";
import {
  constantRows,
  f32,
  normal,
  type OpCase,
  pointwise,
  type Rounding,
  uniform,
  type Values,
} from "../op_case.ts";

function layerNormCase(
  name: string,
  shape: Shape,
  epsilon: number,
  values: Values = normal,
  more: Partial<OpCase> = {},
): OpCase {
  const e = at(shape, -1);
  return {
    name: `${name} of ${e}`,
    operands: [f32(shape, values), f32([e]), f32([e])],
    rounding: {
      limit: (6 + Math.sqrt(e)) * 2 ** -24,
      floor: 2,
      reason: "two means, a root, three operations",
    },
    build: (x, weight, bias) => layerNorm(x!, weight!, bias!, epsilon),
    ...more,
  };
}

const layerNormCases: readonly OpCase[] = [
  layerNormCase("a vector", [7], 1e-5),
  ...[8, 11, 24, 88].map((e) => layerNormCase("rows", [3, e], 1e-5)),
  layerNormCase("many axes", [2, 3, 1, 5, 11], 1e-5),
  layerNormCase("long rows", [2, 257], 1e-5),
  // Rows without variance: the result is the bias. The root bends within sqrt(epsilon).
  layerNormCase("one feature", [5, 1], 1e-5, normal, { step: 1e-5 }),
  layerNormCase("constant rows", [3, 11], 1e-5, constantRows(11), {
    step: 1e-5,
    // One over the root of epsilon: the mean is rounded.
    condition: 316,
  }),
  layerNormCase("rows far from zero", [3, 24], 1e-5, uniform(99, 101), {
    condition: 175,
    rounding: { limit: 1e-6, floor: 2, reason: "the mean is taken off in more than f32, then as any row" },
  }),
  layerNormCase("a large epsilon", [3, 7], 0.5),
];

/** All results of an op that `grad` makes of a norm. */
function threeOf(node: Tensor): readonly Tensor[] {
  return [0, 1, 2].map((i) => pick(node, i));
}

/** Cotangents of x divide by the deviation, those of weight and bias sum over rows; all of numbers around 1. */
function normGradientRounding(terms: number, deviation: number): Rounding {
  return {
    limit: (10 + 2 * Math.sqrt(terms)) * 2 ** -24,
    floor: Math.max(2, 1 / deviation),
    reason: "two means of products, a root, five operations; sums over rows",
  };
}

/** Op with results of all arguments that `grad` makes of a layer norm. */
export function layerNormGradientNode(
  x: Tensor,
  weight: Tensor,
  g: Tensor,
  epsilon = 1e-2,
): readonly Tensor[] {
  return threeOf(fusedNode("layerNormGradient", layerNormGradientRule, [x, weight, g], { epsilon }));
}

/** That of a norm of groups. */
export function groupNormGradientNode(
  x: Tensor,
  weight: Tensor,
  g: Tensor,
  attributes: GroupNormAttributes,
): readonly Tensor[] {
  return threeOf(fusedNode("groupNormGradient", groupNormGradientRule, [x, weight, g], attributes));
}

function layerNormGradientCase(
  name: string,
  shape: Shape,
  more: Partial<OpCase> = {},
  values: Values = normal,
): OpCase {
  const e = at(shape, -1);
  return {
    name: `${name} of ${e}`,
    operands: [f32(shape, values), f32([e]), f32(shape)],
    rounding: normGradientRounding(e, 0.5),
    build: (x, weight, g) => layerNormGradientNode(x!, weight!, g!),
    ...more,
  };
}

const layerNormGradientCases: readonly OpCase[] = [
  layerNormGradientCase("a vector", [7]),
  ...[24, 96, 131].map((e) => layerNormGradientCase("rows", [5, e])),
  layerNormGradientCase("one row", [1, 88]),
  layerNormGradientCase("parts of rows", [131, 2, 8]),
  layerNormGradientCase("many axes", [2, 3, 1, 5, 11]),
  layerNormGradientCase("one feature", [5, 1], {
    step: 1e-5,
    rounding: { limit: 1e-6, floor: 10, reason: "the deviation is the root of epsilon" },
  }),
  layerNormGradientCase("rows far from zero", [3, 24], { condition: 175 }, uniform(99, 101)),
  {
    name: "heads of a wider projection",
    operands: [f32([3, 5, 60]), f32([11]), f32([3, 5, 4, 11])],
    rounding: normGradientRounding(11, 0.5),
    build: (wide, weight, g) => {
      const x = reshape(sliceAxis(wide!, 2, 9, 44), [3, 5, 4, 11]);
      return layerNormGradientNode(x, weight!, g!);
    },
  },
];

type GroupShape = Partial<GroupNormAttributes> & Pick<GroupNormAttributes, "axes">;

function groupAttributes(shape: Shape, attributes: GroupShape): GroupNormAttributes {
  return { groups: at(shape, -1), isCentred: false, epsilon: 1e-2, ...attributes };
}

function groupNormCase(name: string, shape: Shape, attributes: GroupShape, hasBias = false): OpCase {
  const channels = [at(shape, -1)];
  return {
    name,
    operands: [f32(shape), f32(channels), ...hasBias ? [f32(channels)] : []],
    rounding: { ...pointwise(10), floor: 2 },
    build: (x, weight, bias) => groupNorm(x!, weight!, bias ?? null, groupAttributes(shape, attributes)),
  };
}

const groupNormCases: readonly OpCase[] = [
  groupNormCase("a root mean square over space", [2, 3, 7, 24], { axes: [2] }),
  groupNormCase("a root mean square over three axes", [2, 3, 5, 2, 11], { axes: [1, 2, 3] }),
  groupNormCase("an instance norm", [3, 7, 9], { axes: [1], isCentred: true }, true),
  groupNormCase("an instance norm without bias", [3, 7, 9], { axes: [1], isCentred: true }),
  groupNormCase("groups of channels", [2, 5, 12], { axes: [1], groups: 3, isCentred: true }, true),
  groupNormCase("groups of channels, root mean square", [2, 5, 12], { axes: [1], groups: 4 }),
  groupNormCase("one group", [2, 5, 7], { axes: [1], groups: 1, isCentred: true }, true),
  groupNormCase("no axes", [4, 6], { axes: [], groups: 2, isCentred: true }, true),
];

function groupNormGradientCase(
  name: string,
  shape: Shape,
  attributes: GroupShape,
  values: Values = normal,
  more: Partial<OpCase> = {},
): OpCase {
  return {
    name,
    operands: [f32(shape, values), f32([at(shape, -1)]), f32(shape)],
    rounding: normGradientRounding(16, 0.5),
    build: (x, weight, g) => groupNormGradientNode(x!, weight!, g!, groupAttributes(shape, attributes)),
    ...more,
  };
}

const groupNormGradientCases: readonly OpCase[] = [
  ...[24, 96, 131].map((h) =>
    groupNormGradientCase(`a root mean square of ${h} channels`, [2, 3, 7, h], { axes: [2] })
  ),
  groupNormGradientCase("a root mean square over three axes", [2, 3, 5, 2, 11], { axes: [1, 2, 3] }),
  groupNormGradientCase("one point of 1408 channels", [1, 2, 1408], { axes: [0] }),
  groupNormGradientCase("an instance norm", [3, 13, 9], { axes: [1], isCentred: true }),
  groupNormGradientCase(
    "an instance norm far from zero",
    [3, 13, 9],
    { axes: [1], isCentred: true },
    uniform(99, 101),
    {
      condition: 175,
    },
  ),
  groupNormGradientCase("groups of channels", [2, 5, 12], { axes: [1], groups: 3, isCentred: true }),
  groupNormGradientCase("groups of channels, root mean square", [2, 5, 12], { axes: [1], groups: 4 }),
  groupNormGradientCase("one group of many channels", [2, 5, 77], { axes: [1], groups: 1, isCentred: true }),
  groupNormGradientCase("no axes", [70, 6], { axes: [], groups: 2, isCentred: true }),
];

/** Cases by op. */
export const normCases = {
  layerNorm: layerNormCases,
  layerNormGradient: layerNormGradientCases,
  groupNorm: groupNormCases,
  groupNormGradient: groupNormGradientCases,
};
