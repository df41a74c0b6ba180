// Cases of everything that adds or compares many terms: thousands of numbers far from zero, whose sums lose what is
// small beside them unless they are taken with care. They have values only: gradients do not depend on the size.

import { attention } from "../../lib/ir/fused/attention.ts";
import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import { softmax as softmaxOp } from "../../lib/ir/fused/softmax.ts";
import {
  contract,
  div,
  exp,
  fold,
  max,
  mean,
  mul,
  neg,
  scatterAdd,
  sqrt,
  sub,
  sum,
  unfold,
} from "../../lib/ir/tensor.ts";
import type { Op, Tensor } from "../../lib/ir/node.ts";
import { apply, operand } from "../../lib/ir/scalar.ts";
import { rmsNorm } from "../../lib/nn/norm.ts";
import type { Shape } from "../../lib/ir/types.ts";
import { EXACT, f32, i32, type OpCase, type Rounding, uniform, type Values } from "../op_case.ts";
import { attentionGradientNode } from "./fused_cases.ts";
import { groupNormGradientNode, layerNormGradientNode } from "./norm_cases.ts";
import { reduceNode } from "./scalar_cases.ts";

/** A pressure in pascal with waves of 1: single precision has 7 bits left for them. */
const OFFSET = 101325;
const FAR: Values = uniform(OFFSET - 1, OFFSET + 1);
/** Numbers around 1, none of which cancel another. */
const NEAR: Values = uniform(0.5, 1.5);
/** Terms: many, and no multiple of a vector or of a workgroup. */
const N = 2 ** 18 + 7;

/** Errors in units of 2^-24 of the result. */
function units(count: number, reason: string): Rounding {
  return { limit: count * 2 ** -24, reason };
}

const SUM = units(2, "the sum is taken in more than f32 and rounded once");

function along(name: string, values: Values, rounding: Rounding, build: (x: Tensor) => Tensor): OpCase {
  return { name, operands: [f32([1, N], values)], rounding, build: (x) => build(x!) };
}

/** Deviation about the mean, in two passes. */
function deviation(x: Tensor, axes: readonly number[]): Tensor {
  const centred = sub(x, mean(x, axes));
  return sqrt(mean(mul(centred, centred), axes));
}

function softmax(x: Tensor): Tensor {
  const weights = exp(sub(x, max(x, [1])));
  return div(weights, sum(weights, [1]));
}

const reduceCases: readonly OpCase[] = [
  along("sum", FAR, SUM, (x) => sum(x, [1])),
  along("mean", FAR, units(3, "a sum and a product"), (x) => mean(x, [1])),
  along("largest", FAR, EXACT, (x) => max(x, [1])),
  along("smallest", FAR, EXACT, (x) => neg(max(neg(x), [1]))),
  along(
    "deviation",
    FAR,
    // The mean is rounded to 2^-8, so the mean square about it is too large by 2^-18 of 1 / 3 at most.
    { limit: 2 ** -16, reason: "the mean is rounded to 7 bits behind the point" },
    (x) => deviation(x, [1]),
  ),
  along("root mean square", FAR, units(4, "squares, a sum, a root"), (x) => sqrt(mean(mul(x, x), [1]))),
  along("softmax", uniform(999, 1001), units(8, "an exponential, a sum, a quotient"), softmax),
  along("of half negative terms", uniform(-OFFSET, OFFSET), {
    ...units(2, "as a sum; it cancels down to the root of the number of terms"),
    floor: OFFSET,
  }, (x) => sum(x, [1])),
  {
    name: "sum over the outer axis",
    operands: [f32([4099, 67], FAR)],
    rounding: SUM,
    build: (x) => sum(x!, [0]),
  },
  {
    name: "RMS norm over the outer axis",
    operands: [f32([16411, 3], FAR), f32([3], NEAR)],
    rounding: units(8, "squares, a sum, a root, three operations"),
    build: (x, weight) => rmsNorm(x!, [0], weight!),
  },
  {
    name: "sum over axes that are apart",
    operands: [f32([67, 5, 61], FAR)],
    rounding: SUM,
    build: (x) => sum(x!, [0, 2]),
  },
  {
    name: "sum of products",
    operands: [f32([3, 16411], FAR), f32([3, 16411], NEAR)],
    rounding: units(3, "products and a sum"),
    build: (...args) =>
      reduceNode({ reducer: "sum", axes: [1], expression: apply("mul", operand(0), operand(1)) }, ...args),
  },
];

const layerNormCases: readonly OpCase[] = [64, 16384].map((e): OpCase => ({
  name: `layer norm of ${e}`,
  operands: [f32([2, e], FAR), f32([e], NEAR), f32([e], NEAR)],
  rounding: { ...units(32, "the mean is taken off in two steps; a sum of squares, a root"), floor: 2 },
  build: (x, weight, bias) => layerNorm(x!, weight!, bias!, 1e-5),
}));

/** Sums in f32 that are taken in parts of some hundred terms. */
const PARTS = units(64, "parts of 256 terms, each rounded as it grows");

const contractCases: readonly OpCase[] = ([[3, 5], [33, 65]] as const).map(([m, n]): OpCase => ({
  name: `${m} by ${n} by 8209`,
  operands: [f32([m, 8209], FAR), f32([n, 8209], NEAR)],
  rounding: PARTS,
  build: (x, y) => contract("mk,nk->mn", x!, y!),
}));

/** Gradients of weights: sums over tokens, or over the windows of a convolution. */
const weightGradientCases: readonly OpCase[] = [
  {
    name: "33 by 65 by 8209, both along the sum",
    operands: [f32([8209, 33], FAR), f32([8209, 65], NEAR)],
    rounding: PARTS,
    build: (x, y) => contract("km,kn->mn", x!, y!),
  },
  {
    name: "windows of 8 points and 5 channels by 7 by 4503",
    operands: [f32([3, 1508, 5], FAR), f32([3, 1501, 7], NEAR)],
    rounding: PARTS,
    build: (x, y) => contract("nwpc,nwo->ocp", unfold(x!, 1, 8, 1), y!),
  },
];

function attentionShapes(m: number, n: number, e: number): readonly Shape[] {
  return [[m, e], [n, e], [n, e], [m, e]];
}

const [q, k, v, g] = attentionShapes(3, 4099, 8) as [Shape, Shape, Shape, Shape];

/** Cases by op. */
export const largeCases: Partial<Readonly<Record<Op, readonly OpCase[]>>> = {
  reduce: reduceCases,
  layerNorm: layerNormCases,
  layerNormGradient: [
    {
      name: "gradient of rows of 1408",
      operands: [f32([1, 1408]), f32([1408]), f32([1, 1408])],
      rounding: { ...units(16, "two means of products, a root, five operations"), floor: 2 },
      build: (x, weight, g) => layerNormGradientNode(x!, weight!, g!),
    },
    {
      name: "gradient of 16411 rows",
      operands: [f32([16411, 4], FAR), f32([4], NEAR), f32([16411, 4], NEAR)],
      rounding: { ...units(32, "the mean is taken off in two steps; sums over rows are exact"), floor: 2 },
      build: (x, weight, g) => layerNormGradientNode(x!, weight!, g!, 0.1),
    },
  ],
  groupNormGradient: [false, true].map((isCentred): OpCase => ({
    name: `gradient over 16411 points, ${isCentred ? "centred" : "root mean square"}`,
    operands: [f32([16411, 3], FAR), f32([3], NEAR), f32([16411, 3], NEAR)],
    // In a kernel 32 units. Where the formula runs, what the mean is rounded by counts for the sum of all cotangents.
    rounding: {
      ...units(isCentred ? 192 : 32, "the mean is taken off in two steps; sums of points"),
      floor: 2,
    },
    build: (x, weight, g) =>
      groupNormGradientNode(x!, weight!, g!, { axes: [0], groups: 3, isCentred, epsilon: 0.1 }),
  })),
  softmax: [{
    name: "softmax of many",
    operands: [f32([1, N], uniform(999, 1001))],
    rounding: units(8, "an exponential, a sum, a quotient"),
    build: (x) => softmaxOp(x!),
  }],
  contract: [...contractCases, ...weightGradientCases],
  scatterAdd: [{
    name: "4099 rows into one",
    operands: [f32([4099, 3], FAR), i32([4099], (_, size) => new Array<number>(size).fill(1))],
    rounding: SUM,
    build: (x, indices) => scatterAdd(x!, indices!, 0, 2),
  }],
  fold: [{
    // Longer ones than any network has: as many terms as a window is long, added in f32.
    name: "windows of 64 points, one apart",
    operands: [f32([4099, 64], FAR)],
    rounding: units(32, "64 additions of half a unit each at most"),
    build: (x) => fold(x!, 0, 1, 4162),
  }],
  attention: [{
    name: "over 4099 keys, values far from zero",
    operands: [f32(q), f32(k), f32(v, FAR)],
    rounding: PARTS,
    build: (...[q, k, v]) => attention(q!, k!, v!, 0.35),
  }],
  attentionGradient: [{
    name: "over 4099 keys, values far from zero",
    operands: [f32(q), f32(k), f32(v, uniform(99, 101)), f32(g)],
    rounding: { ...units(16, "differences of sums around 100"), floor: 100 },
    build: (...[q, k, v, g]) => attentionGradientNode(q!, k!, v!, g!, 0.35),
  }],
};
