// Builders: the functions users and layers write graphs with. Arithmetic repeats axes of size 1 by inserting
// explicit broadcasts; everything else takes exactly the shapes it states.

import { evaluateScalar } from "./evaluate_scalar.ts";
import { infer } from "./infer.ts";
import type { Primitive, PrimitiveAttributes, Tensor } from "./node.ts";
import {
  apply,
  type Expression,
  number,
  operand,
  operandsOf,
  type ScalarFunction,
  substitute,
} from "./scalar.ts";
import { currentScope, makeNode } from "./trace.ts";
import { at, type DType, type HostArray, sameShape, type Shape, type Type } from "./types.ts";

function primitive<K extends Primitive>(
  op: K,
  args: readonly Tensor[],
  attributes: PrimitiveAttributes[K],
): Tensor {
  // `pick` infers from all results of its argument, every other op from the first results of its arguments.
  const types = op === "pick" ? at(args, 0).results : args.map((a): Type => at(a.results, 0));
  return makeNode<K>(op, args, attributes as never, [infer[op](types, attributes, currentScope())]);
}

/** A named value bound at run time, besides those that {@link trace} makes of its signature. */
export function input(name: string, type: Type): Tensor {
  return primitive("input", [], { name, type });
}

/**
 * Numbers known when tracing.
 *
 * @param data host data in C order, or one value for every element
 * @param shape sizes of the axes, `[]` for a scalar
 * @param dtype number type, f32 unless given
 */
export function constant(data: HostArray | number, shape: Shape = [], dtype: DType = "f32"): Tensor {
  return primitive("constant", [], { data, type: { dtype, shape } });
}

/**
 * An expression over the elements of tensors of equal shape (broadcast beforehand). Arguments that the expression
 * does not use are dropped and equal ones merged.
 */
export function map(expression: Expression, ...args: readonly Tensor[]): Tensor {
  const used = new Set(operandsOf(expression));
  const kept = [...new Set(args.filter((_, i) => used.has(i)))];
  const shape = at(args, 0).shape;
  if (kept.length === 0) return broadcastTo(constant(evaluateScalar(expression, [])), shape);
  return primitive("map", kept, {
    expression: substitute(
      expression,
      args.map((a, i) => used.has(i) ? operand(kept.indexOf(a)) : operand(i)),
    ),
  });
}

/** Largest common shape of tensors whose axes are equal or 1, aligned from the right. */
function commonShape(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((s) => s[i - (rank - s.length)] ?? 1);
    return Math.max(...sizes);
  });
}

/**
 * Repeats axes of size 1 (and adds leading axes) so that the tensor has `shape`.
 *
 * @throws TypeError when the shapes do not fit from the right
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const padded = [...new Array<number>(Math.max(0, shape.length - x.shape.length)).fill(1), ...x.shape];
  return broadcast(reshape(x, padded), shape);
}

/**
 * Applies a scalar function to tensors and numbers; tensors are broadcast against each other.
 *
 * @throws TypeError when no argument is a tensor, or shapes do not fit
 */
export function call(fn: ScalarFunction, ...args: readonly (Tensor | number)[]): Tensor {
  const tensors = args.filter((a): a is Tensor => typeof a !== "number");
  if (tensors.length === 0) throw new TypeError(`Cannot apply ${fn}: got numbers only, wanted a tensor`);
  const shape = commonShape(tensors.map((t) => t.shape));
  let next = 0;
  const expressions = args.map((a) => typeof a === "number" ? number(a) : operand(next++));
  return map(apply(fn, ...expressions), ...tensors.map((t) => broadcastTo(t, shape)));
}

type Operand = Tensor | number;

/** x + y. */
export const add = (x: Operand, y: Operand): Tensor => call("add", x, y);
/** x - y. */
export const sub = (x: Operand, y: Operand): Tensor => call("sub", x, y);
/** x y, element by element. */
export const mul = (x: Operand, y: Operand): Tensor => call("mul", x, y);
/** x / y. */
export const div = (x: Operand, y: Operand): Tensor => call("div", x, y);
/** The larger of x and y. */
export const maximum = (x: Operand, y: Operand): Tensor => call("max", x, y);
/** 1 where x < y, else 0. */
export const less = (x: Operand, y: Operand): Tensor => call("less", x, y);
/** 1 where x equals y, else 0. */
export const equal = (x: Operand, y: Operand): Tensor => call("equal", x, y);
/** x where c is not 0, else y. */
export const select = (c: Operand, x: Operand, y: Operand): Tensor => call("select", c, x, y);
/** -x. */
export const neg = (x: Tensor): Tensor => call("neg", x);
/** |x|. */
export const abs = (x: Tensor): Tensor => call("abs", x);
/** e^x. */
export const exp = (x: Tensor): Tensor => call("exp", x);
/** Square root. */
export const sqrt = (x: Tensor): Tensor => call("sqrt", x);
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => call("reciprocal", x);
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => call("sigmoid", x);

/** Sum over axes; they stay with size 1. */
export function sum(x: Tensor, axes: readonly number[]): Tensor {
  return primitive("reduce", [x], { reducer: "sum", axes, expression: operand(0) });
}

/** Largest value over axes; they stay with size 1. */
export function max(x: Tensor, axes: readonly number[]): Tensor {
  return primitive("reduce", [x], { reducer: "max", axes, expression: operand(0) });
}

/** Mean over axes; they stay with size 1. */
export function mean(x: Tensor, axes: readonly number[]): Tensor {
  const count = axes.reduce((n, axis) => n * at(x.shape, axis), 1);
  // A division, not a factor 1 / count: the mean of a constant is then that constant, exactly.
  return div(sum(x, axes), count);
}

/**
 * Two-argument einsum.
 *
 * @param spec `"bmk,bnk->bmn"`: every letter in at least two of the three lists
 */
export function contract(spec: string, a: Tensor, b: Tensor): Tensor {
  return primitive("contract", [a, b], { spec, epilogue: null });
}

/** Same elements in C order under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : primitive("reshape", [x], { shape });
}

/** Axis `i` of the result is axis `order[i]` of x. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  return order.every((axis, i) => axis === i) && order.length === x.shape.length
    ? x
    : primitive("permute", [x], { order });
}

/** Axes of size 1 repeated to `shape`. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : primitive("broadcast", [x], { shape });
}

/** Whether a box of one shape within the other is all of it. */
function isWhole(starts: readonly number[], inner: Shape, outer: Shape): boolean {
  return sameShape(inner, outer) && starts.length === outer.length && starts.every((start) => start === 0);
}

/** The box at `starts` of the given shape. */
export function slice(x: Tensor, starts: readonly number[], shape: Shape): Tensor {
  return isWhole(starts, x.shape, shape) ? x : primitive("slice", [x], { starts, shape });
}

/** `length` points of one axis from `start` on; negative `start` counts from the end. */
export function sliceAxis(x: Tensor, axis: number, start: number, length: number): Tensor {
  const from = start < 0 ? at(x.shape, axis) + start : start;
  return slice(
    x,
    x.shape.map((_, i) => i === axis ? from : 0),
    x.shape.map((n, i) => i === axis ? length : n),
  );
}

/** Zeros around x, which starts at `starts` of the result. */
export function pad(x: Tensor, starts: readonly number[], shape: Shape): Tensor {
  return isWhole(starts, x.shape, shape) ? x : primitive("pad", [x], { starts, shape });
}

/** Tensors one after the other along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  return tensors.length === 1 ? at(tensors, 0) : primitive("concat", tensors, { axis });
}

/** Axis replaced by (windows, size), window `w` starting at `w * stride`. */
export function unfold(x: Tensor, axis: number, size: number, stride: number): Tensor {
  return primitive("unfold", [x], { axis, size, stride });
}

/** (windows, size) at `axis` added back into an axis of `length` points. */
export function fold(x: Tensor, axis: number, stride: number, length: number): Tensor {
  return primitive("fold", [x], { axis, stride, length });
}

/** Entries of an axis picked by i32 indices `[n]`. */
export function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  return primitive("gather", [x, indices], { axis });
}

/** Entries of an axis added into an axis of `length` points at i32 indices `[n]`. */
export function scatterAdd(x: Tensor, indices: Tensor, axis: number, length: number): Tensor {
  return primitive("scatterAdd", [x, indices], { axis, length });
}

/** Another number type. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : primitive("cast", [x], { dtype });
}

/** The i-th result of a fused op. */
export function pick(x: Tensor, index: number): Tensor {
  return primitive("pick", [x], { index });
}
