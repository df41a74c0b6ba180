// Cases of map and reduce: every scalar function, compositions of them, and sums and maxima over all kinds of axes.

import { infer } from "../../lib/ir/infer.ts";
import type { PrimitiveAttributes, Tensor } from "../../lib/ir/node.ts";
import { apply, type Expression, number, operand, type ScalarFunction } from "../../lib/ir/scalar.ts";
import { map, max, mean, sum } from "../../lib/ir/tensor.ts";
import { currentScope, makeNode } from "../../lib/ir/trace.ts";
import { at, type Shape } from "../../lib/ir/types.ts";
import {
  distinct,
  EXACT,
  f16,
  f32,
  few,
  i32,
  normal,
  type OpCase,
  type Operand,
  pointwise,
  positive,
  type Rounding,
  sumOf,
  uniform,
  type Values,
} from "../op_case.ts";

const [x, y, z] = [operand(0), operand(1), operand(2)] as const;

/** Arguments each function is smooth at, and the operations its kernel takes. */
export const SCALAR_VALUES: {
  readonly [F in ScalarFunction]: { readonly values: readonly Values[]; readonly rounding: Rounding };
} = {
  add: { values: [normal, normal], rounding: pointwise(1) },
  sub: { values: [normal, normal], rounding: pointwise(1) },
  mul: { values: [normal, normal], rounding: pointwise(1) },
  div: { values: [normal, positive], rounding: pointwise(2) },
  min: { values: [distinct(), distinct(0.03)], rounding: EXACT },
  max: { values: [distinct(), distinct(0.03)], rounding: EXACT },
  less: { values: [distinct(), distinct(0.03)], rounding: EXACT },
  equal: { values: [few, few], rounding: EXACT },
  select: { values: [few, normal, normal], rounding: EXACT },
  neg: { values: [normal], rounding: EXACT },
  abs: { values: [distinct()], rounding: EXACT },
  sign: { values: [distinct()], rounding: EXACT },
  exp: { values: [normal], rounding: pointwise(3) },
  log: { values: [positive], rounding: pointwise(3) },
  sqrt: { values: [positive], rounding: pointwise(1) },
  reciprocal: { values: [positive], rounding: pointwise(1) },
  sigmoid: { values: [normal], rounding: pointwise(4) },
  sinOfProduct: { values: [normal, normal], rounding: pointwise(3) },
  cosOfProduct: { values: [normal, normal], rounding: pointwise(3) },
};

/** The function of operands 0, 1, .. */
export function plainCall(fn: ScalarFunction): Expression {
  return apply(fn, ...SCALAR_VALUES[fn].values.map((_, i) => operand(i)));
}

function mapCase(
  name: string,
  expression: Expression,
  operands: readonly Operand[],
  rounding: Rounding,
): OpCase {
  return { name, operands, rounding, build: (...args) => map(expression, ...args) };
}

/** A shape an odd number of rows long, the last axis no multiple of 4. */
const SHAPE: Shape = [3, 1, 13];

const functions = (Object.keys(SCALAR_VALUES) as ScalarFunction[]).map((fn): OpCase => {
  const { values, rounding } = SCALAR_VALUES[fn];
  return mapCase(fn, plainCall(fn), values.map((v) => f32(SHAPE, v)), rounding);
});

const silu = (e: Expression) => apply("mul", e, apply("sigmoid", e));
const plus = (e: Expression, n: number) => apply("add", e, number(n));
const squares = apply("add", apply("mul", x, x), apply("mul", y, y));
const tanh = apply("sub", apply("mul", number(2), apply("sigmoid", apply("mul", number(2), x))), number(1));

/** x (1 + x (1 + .. )), a deep chain that shares its operand. */
function polynomial(depth: number): Expression {
  let result = number(1) as Expression;
  for (let i = 0; i < depth; i++) result = plus(apply("mul", apply("mul", x, number(0.5)), result), 1);
  return result;
}

export const mapCases: readonly OpCase[] = [
  ...functions,
  mapCase("one element", silu(x), [f32([1])], pointwise(5)),
  mapCase("a scalar", silu(x), [f32([])], pointwise(5)),
  mapCase("more than one tile", apply("add", x, silu(y)), [f32([1031]), f32([1031])], pointwise(6)),
  mapCase("a copy", x, [f32([5, 7])], EXACT),
  mapCase("only the second argument", apply("neg", y), [f32([5]), f32([5])], EXACT),
  mapCase("silu", silu(x), [f32(SHAPE)], pointwise(5)),
  mapCase("tanh", tanh, [f32(SHAPE)], { ...pointwise(6), floor: 2 }),
  mapCase("softplus", apply("log", plus(apply("exp", x), 1)), [f32(SHAPE)], pointwise(8)),
  mapCase("distance", apply("sqrt", plus(squares, 0.1)), [f32(SHAPE), f32(SHAPE)], pointwise(5)),
  mapCase(
    "clamp",
    apply("max", apply("min", x, number(1)), number(-1)),
    [f32(SHAPE, distinct(0.05))],
    EXACT,
  ),
  mapCase(
    "a select whose other branch is not a number",
    apply("select", apply("less", number(0), x), apply("log", x), apply("neg", y)),
    [f32(SHAPE, distinct()), f32(SHAPE)],
    pointwise(3),
  ),
  mapCase(
    "three arguments",
    apply("div", apply("sub", x, y), plus(apply("mul", z, z), 1)),
    [f32(SHAPE), f32(SHAPE), f32(SHAPE)],
    // The difference of two numbers may be small beside them, but it is exact to half a unit.
    pointwise(5),
  ),
  mapCase("a polynomial of degree 12", polynomial(12), [f32(SHAPE, uniform(-1, 1))], pointwise(36)),
  {
    ...mapCase(
      "rotary angles up to 400 radians",
      apply("sinOfProduct", x, y),
      [f32([1, 37], (_, size) => Array.from({ length: size }, (_, i) => i)), f32([1, 37], uniform(0, 11))],
      pointwise(4),
    ),
    condition: 400,
  },
  mapCase("whole numbers", apply("mul", x, y), [i32([7], few), f32([7])], pointwise(1)),
  mapCase("half precision", apply("mul", x, y), [f16([7]), f32([7])], pointwise(1)),
  {
    ...mapCase("the same tensor twice", apply("mul", x, y), [f32([7])], pointwise(1)),
    build: (t) => map(apply("mul", x, y), t!, t!),
  },
];

/** A reduce that carries an expression, as fusion makes them. */
export function reduceNode(attributes: PrimitiveAttributes["reduce"], ...args: readonly Tensor[]): Tensor {
  const types = args.map((a) => at(a.results, 0));
  return makeNode("reduce", args, attributes, [infer.reduce(types, attributes, currentScope())]);
}

function sumCase(name: string, shape: Shape, axes: readonly number[]): OpCase {
  const terms = axes.reduce((n, axis) => n * at(shape, axis), 1);
  return { name, operands: [f32(shape)], rounding: sumOf(terms), build: (t) => sum(t!, axes) };
}

function maxCase(name: string, shape: Shape, axes: readonly number[]): OpCase {
  return { name, operands: [f32(shape, distinct())], rounding: EXACT, build: (t) => max(t!, axes) };
}

export const reduceCases: readonly OpCase[] = [
  sumCase("sum of one element", [1], [0]),
  sumCase("sum of a vector", [7], [0]),
  sumCase("sum over the outer axis", [5, 11], [0]),
  sumCase("sum over the inner axis", [5, 11], [1]),
  sumCase("sum over both axes", [5, 11], [0, 1]),
  sumCase("sum over axes that are apart", [3, 4, 5, 7], [2, 0]),
  sumCase("sum over the axis in the middle", [3, 13, 5], [1]),
  sumCase("sum over no axis", [3, 5], []),
  sumCase("sum over axes of one point", [1, 5, 1], [0, 2]),
  sumCase("a long sum", [3, 2053], [1]),
  maxCase("max of one element", [1], [0]),
  maxCase("max over the outer axis", [5, 11], [0]),
  maxCase("max over the inner axis", [5, 11], [1]),
  maxCase("max over axes that are apart", [3, 2, 5, 3], [0, 2]),
  maxCase("max over all axes", [2, 3, 5], [0, 1, 2]),
  {
    name: "mean",
    operands: [f32([5, 11])],
    rounding: { ...sumOf(11), floor: 1 },
    build: (t) => mean(t!, [1]),
  },
  {
    name: "sum of an expression",
    operands: [f32([5, 11]), f32([5, 11])],
    rounding: { ...sumOf(11), limit: 2 * sumOf(11).limit, reason: "as a sum; the terms are rounded too" },
    build: (...args) =>
      reduceNode({ reducer: "sum", axes: [1], expression: apply("mul", x, silu(y)) }, ...args),
  },
  {
    name: "max of an expression",
    operands: [f32([5, 11], distinct()), f32([5, 11], uniform(0.5, 0.5))],
    rounding: pointwise(1),
    build: (...args) => reduceNode({ reducer: "max", axes: [0], expression: apply("mul", x, y) }, ...args),
  },
  {
    name: "sum of half precision and whole numbers",
    operands: [f16([5, 11]), i32([5, 11], few)],
    rounding: { ...sumOf(11), limit: 2 * sumOf(11).limit, reason: "as a sum; the terms are rounded too" },
    build: (...args) => reduceNode({ reducer: "sum", axes: [0], expression: apply("mul", x, y) }, ...args),
  },
];
