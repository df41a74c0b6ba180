// What one case of the op table is, and the graphs made of it: the op on its own through different views of its
// arguments, and the op in the middle of a graph with its gradients.

import { grad } from "../lib/autodiff/grad.ts";
import type { Tensor } from "../lib/ir/node.ts";
import { add, broadcast, mul, permute, reshape, sigmoid, slice, sum } from "../lib/ir/tensor.ts";
import { type Graph, trace } from "../lib/ir/trace.ts";
import { at, type DType, type Shape, sizeOf, type Type } from "../lib/ir/types.ts";
import { Draw } from "./backend/random_launches.ts";

/** Draws the numbers of an argument. */
export type Values = (draw: Draw, size: number) => number[];

/** One argument of a case. */
export interface Operand {
  readonly type: Type;
  readonly values: Values;
}

/** How far an f32 result may be from the exact one. */
export interface Rounding {
  /** Largest difference over the largest magnitude of the result, or over `floor` if that is larger. */
  readonly limit: number;
  /** Magnitude of what the result is made of, where it may cancel. */
  readonly floor?: number;
  /** Where the limit comes from. */
  readonly reason: string;
}

/** One use of an op. */
export interface OpCase {
  readonly name: string;
  readonly operands: readonly Operand[];
  readonly build: (...args: readonly Tensor[]) => Tensor | readonly Tensor[];
  readonly rounding: Rounding;
  /** How much more the result changes than an argument, relatively: mid-graph the arguments are rounded too. */
  readonly condition?: number;
  /** Step of the central differences, 1e-3 unless the op bends sooner. */
  readonly step?: number;
  /**
   * `none`: the op passes no gradient on. `refused`: the op must not be differentiated. `absorbed`: a mask is so
   * large that sums with it lose the other term, so differences see nothing; gradients must be finite.
   */
  readonly gradient?: "none" | "refused" | "absorbed";
}

/** Roughly normal numbers, at most 3.4. */
export const normal: Values = (draw, size) => Array.from({ length: size }, () => draw.normal());

/** Numbers between two bounds. */
export function uniform(low: number, high: number): Values {
  return (draw, size) => Array.from({ length: size }, () => low + (high - low) * draw.unit());
}

/** Numbers that stay away from zero. */
export const positive: Values = uniform(0.2, 2.2);

/** Small whole numbers, many of them equal. */
export const few: Values = (draw, size) => Array.from({ length: size }, () => draw.whole(-2, 2));

/** Indices of an axis of `length`. */
export function below(length: number): Values {
  return (draw, size) => Array.from({ length: size }, () => draw.whole(0, length - 1));
}

/**
 * Numbers no two of which are closer than 0.1, none closer to zero than 0.02: what has kinks is smooth around
 * them. Operands with shifts 0.03 apart are distinct among each other too.
 */
export function distinct(shift = 0): Values {
  return (draw, size) => {
    const grid = Array.from({ length: size }, (_, i) => (i - Math.floor(size / 2)) * 0.1 + 0.02 + shift);
    return draw.shuffle(grid);
  };
}

/** Rows of `width` equal numbers. */
export function constantRows(width: number): Values {
  return (draw, size) => {
    const rows = Array.from({ length: Math.ceil(size / width) }, () => draw.normal());
    return Array.from({ length: size }, (_, i) => at(rows, Math.floor(i / width)));
  };
}

/** Scores some of which are masked. */
export function masked(share: number): Values {
  return (draw, size) => Array.from({ length: size }, () => draw.chance(share) ? -1e30 : draw.normal());
}

/** An f32 argument. */
export function f32(shape: Shape, values: Values = normal): Operand {
  return { type: { dtype: "f32", shape }, values };
}

/** An f16 argument. */
export function f16(shape: Shape, values: Values = normal): Operand {
  return { type: { dtype: "f16", shape }, values };
}

/** An i32 argument. */
export function i32(shape: Shape, values: Values): Operand {
  return { type: { dtype: "i32", shape }, values };
}

/** Numbers are moved, not computed. */
export const EXACT: Rounding = { limit: 0, reason: "numbers are moved" };

/** A chain of operations on each element. */
export function pointwise(operations: number): Rounding {
  return {
    limit: (operations + 1) * 2 ** -24,
    reason: `${operations} operations, each within 1 unit of 2^-24`,
  };
}

/** A sum of numbers around 1, in f32 and in any order. */
export function sumOf(terms: number): Rounding {
  return {
    limit: (2 + Math.sqrt(terms)) * 2 ** -24,
    floor: Math.sqrt(terms),
    reason: `${terms} terms of random sign around 1: both result and error grow like the root`,
  };
}

/** How an argument is seen: the input's shape, and the way from the input to the argument. */
interface Viewing {
  readonly input: (shape: Shape) => Shape;
  readonly see: (x: Tensor, shape: Shape) => Tensor;
}

function broadcastAxis(shape: Shape): number {
  return shape.findIndex((n) => n > 1);
}

/** Views of arguments: every op must read all of them alike. */
export const VIEWINGS = {
  plain: { input: (shape) => shape, see: (x) => x },
  permuted: {
    input: (shape) => shape.toReversed(),
    see: (x, shape) => permute(x, shape.map((_, i) => shape.length - 1 - i)),
  },
  sliced: {
    input: (shape) => shape.map((n, i) => n + 1 + i % 2),
    see: (x, shape) => slice(x, shape.map((_, i) => i === 0 ? 0 : 1), shape),
  },
  broadcast: {
    input: (shape) => shape.map((n, i) => i === broadcastAxis(shape) ? 1 : n),
    see: (x, shape) => broadcast(x, shape),
  },
} satisfies Record<string, Viewing>;

/** Names of the views. */
export type ViewingName = keyof typeof VIEWINGS;

function list(outputs: Tensor | readonly Tensor[]): readonly Tensor[] {
  return Array.isArray(outputs) ? outputs : [outputs as Tensor];
}

function numbered<T>(prefix: string, items: readonly T[]): Record<string, T> {
  return Object.fromEntries(items.map((item, i) => [`${prefix}${i}`, item]));
}

/** Types of the inputs under a view. */
function inputTypes(test: OpCase, viewing: ViewingName): Type[] {
  return test.operands.map(({ type }) => ({
    dtype: type.dtype,
    shape: (VIEWINGS[viewing] as Viewing).input(type.shape),
  }));
}

/** The op on its own: inputs `x0`, `x1`, .., outputs `y0`, .. */
export function caseGraph(test: OpCase, viewing: ViewingName = "plain"): Graph {
  const { see } = VIEWINGS[viewing] as Viewing;
  return trace(numbered("x", inputTypes(test, viewing)), (inputs) => {
    const args = test.operands.map(({ type }, i) => see(inputs[`x${i}`]!, type.shape));
    return numbered("y", list(test.build(...args)));
  });
}

/** Whether numbers of a type have gradients. */
export function isSmooth({ dtype }: Pick<Type, "dtype">): boolean {
  return dtype !== "i32";
}

/** Strictly increasing, keeps signs, bends everywhere. */
function bend(x: Tensor): Tensor {
  return add(x, mul(mul(x, 0.25), sigmoid(x)));
}

/**
 * The op mid-graph: arguments are scaled and bent inputs, results are multiplied by random cotangents `r0`, .. and
 * bent again before they are summed. Outputs: the loss, and `dx0`, .. for the inputs it depends on.
 *
 * @param withGradients leave out to get the loss alone
 */
export function lossGraph(test: OpCase, withGradients: boolean): Graph {
  const outputs = [...caseGraph(test).outputs.values()];
  const signature = {
    ...numbered("x", inputTypes(test, "plain")),
    ...numbered("r", outputs.map(({ shape }): Type => ({ dtype: "f32", shape }))),
  };
  return trace(signature, (inputs) => {
    const args = test.operands.map(({ type }, i) => {
      const x = inputs[`x${i}`]!;
      return type.dtype === "f32" ? bend(mul(x, 0.75)) : x;
    });
    const terms = list(test.build(...args)).map((y, i) => {
      const v = mul(inputs[`r${i}`]!, y);
      return reshape(sum(mul(v, sigmoid(v)), v.shape.map((_, axis) => axis)), []);
    });
    const loss = terms.reduce((x, y) => add(x, y));
    if (!withGradients) return { loss };
    const wrt = test.operands.flatMap(({ type }, i) => isSmooth(type) ? [[`dx${i}`, inputs[`x${i}`]!]] : []);
    return { loss, ...grad(loss, Object.fromEntries(wrt)) };
  });
}

/** Numbers as their type holds them. */
export function rounded(dtype: DType, numbers: readonly number[]): Float64Array {
  const round = { f32: Math.fround, f16: Math.f16round, i32: Math.trunc, i8: Math.trunc }[dtype];
  return Float64Array.from(numbers, (x) => round(x));
}

/** Numbers for every input of a case's graph. */
export function feedsOf(graph: Graph, test: OpCase, seed: number): Record<string, Float64Array> {
  const draw = new Draw(seed);
  const feeds: Record<string, Float64Array> = {};
  for (const [name, input] of graph.inputs) {
    const operand = name.startsWith("x") ? test.operands[Number(name.slice(1))] : undefined;
    const values = operand?.values ?? uniform(0.5, 1.5);
    feeds[name] = rounded(input.dtype, values(draw, sizeOf(input.shape)));
  }
  return feeds;
}
