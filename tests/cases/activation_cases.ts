// Cases of softmax, gated units and their gradients: odd widths, masks, slices.

import { fusedNode } from "../../lib/ir/fused/rule.ts";
import { softmax, softmaxGradientRule } from "../../lib/ir/fused/softmax.ts";
import { swiglu, swigluGradientRule } from "../../lib/ir/fused/swiglu.ts";
import { sliceAxis } from "../../lib/ir/tensor.ts";
import { at, type Shape } from "../../lib/ir/types.ts";
import {
  f32,
  masked,
  normal,
  type OpCase,
  pointwise,
  type Rounding,
  sumOf,
  uniform,
  type Values,
} from "../op_case.ts";

/** Differences around 5 are off by 3e-7, the exponential multiplies by as much. */
const SOFTMAX: Rounding = { limit: 1e-6, floor: 0.1, reason: "differences of 5 are off by 3e-7" };

function softmaxCase(name: string, shape: Shape, values: Values = normal): OpCase {
  return { name, operands: [f32(shape, values)], rounding: SOFTMAX, build: (x) => softmax(x!) };
}

const softmaxCases: readonly OpCase[] = [
  softmaxCase("a vector", [7]),
  softmaxCase("one number a row", [5, 1]),
  ...[6, 24, 131].map((n) => softmaxCase(`rows of ${n}`, [3, n])),
  softmaxCase("many axes", [2, 3, 1, 5, 6]),
  softmaxCase("with masks", [4, 11], masked(0.3)),
  {
    ...softmaxCase(
      "a row masked altogether",
      [2, 5],
      (_, size) => Array.from({ length: size }, (_, i) => i < 5 ? -1e30 : 0),
    ),
    gradient: "absorbed",
  },
];

function softmaxGradientCase(name: string, shape: Shape): OpCase {
  return {
    name,
    operands: [f32(shape, uniform(0.1, 1)), f32(shape)],
    rounding: sumOf(at(shape, -1)),
    build: (y, g) => fusedNode("softmaxGradient", softmaxGradientRule, [y!, g!], {}),
  };
}

const softmaxGradientCases: readonly OpCase[] = [
  softmaxGradientCase("a vector", [7]),
  ...[6, 24, 131].map((n) => softmaxGradientCase(`rows of ${n}`, [3, n])),
  softmaxGradientCase("many axes", [2, 3, 1, 5, 6]),
];

function swigluCase(name: string, shape: Shape): OpCase {
  return { name, operands: [f32(shape)], rounding: { ...pointwise(6), floor: 1 }, build: (x) => swiglu(x!) };
}

const swigluCases: readonly OpCase[] = [
  swigluCase("a vector", [6]),
  swigluCase("a value and its gate", [5, 2]),
  swigluCase("rows of 22", [3, 22]),
  swigluCase("many axes", [2, 3, 1, 48]),
  {
    name: "of a slice",
    operands: [f32([3, 40])],
    rounding: { ...pointwise(6), floor: 1 },
    build: (x) => swiglu(sliceAxis(x!, 1, 3, 24)),
  },
];

function swigluGradientCase(name: string, shape: Shape): OpCase {
  return {
    name,
    operands: [f32(shape), f32([...shape.slice(0, -1), at(shape, -1) / 2])],
    rounding: { ...pointwise(10), floor: 1 },
    build: (x, g) => fusedNode("swigluGradient", swigluGradientRule, [x!, g!], {}),
  };
}

const swigluGradientCases: readonly OpCase[] = [
  swigluGradientCase("a vector", [6]),
  swigluGradientCase("a value and its gate", [5, 2]),
  swigluGradientCase("rows of 22", [3, 22]),
  swigluGradientCase("many axes", [2, 3, 1, 48]),
];

/** Cases by op. */
export const activationCases = {
  softmax: softmaxCases,
  softmaxGradient: softmaxGradientCases,
  swiglu: swigluCases,
  swigluGradient: swigluGradientCases,
};
