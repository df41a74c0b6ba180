// Types of the primitives' results, and the errors a wrong call gets. One row a primitive.

import { letterSizes, parseSpec } from "./contract_spec.ts";
import type { Primitive, PrimitiveAttributes } from "./node.ts";
import { at, type DType, sameShape, type Shape, sizeOf, type Type, typeText } from "./types.ts";

/** Gives the type of a primitive's result, or throws a TypeError that names what does not fit. */
export type Infer<K extends Primitive> = (
  args: readonly Type[],
  attributes: PrimitiveAttributes[K],
  scope: string,
) => Type;

function fail(op: string, args: readonly Type[], why: string, scope: string): never {
  const types = args.map(typeText).join(", ");
  throw new TypeError(`Cannot ${op} ${types}: ${why}${scope ? ` (${scope})` : ""}`);
}

function one(args: readonly Type[]): Type {
  return at(args, 0);
}

function equalShapes(op: string, args: readonly Type[], scope: string): Shape {
  const { shape } = one(args);
  if (args.some((a) => !sameShape(a.shape, shape))) fail(op, args, "shapes differ", scope);
  return shape;
}

function axisOf(op: string, args: readonly Type[], axis: number, scope: string): number {
  const rank = one(args).shape.length;
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
    fail(op, args, `axis is ${axis}, wanted 0 to ${rank - 1}`, scope);
  }
  return at(one(args).shape, axis);
}

function withAxis(shape: Shape, axis: number, ...sizes: number[]): Shape {
  return [...shape.slice(0, axis), ...sizes, ...shape.slice(axis + 1)];
}

function checkShape(op: string, args: readonly Type[], shape: Shape, scope: string): void {
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 1)) {
    fail(op, args, `shape is [${shape}], wanted positive integers`, scope);
  }
}

/** Refuses number types that arithmetic of this op does not exist for. */
function checkArithmetic(op: string, args: readonly Type[], wanted: readonly DType[], scope: string): void {
  if (args.some((a) => !wanted.includes(a.dtype))) fail(op, args, `wanted ${wanted.join(" or ")}`, scope);
}

/** Inner box within an outer one, for slice (inner is the result) and pad (inner is the argument). */
function checkBox(
  op: string,
  args: readonly Type[],
  starts: readonly number[],
  inner: Shape,
  outer: Shape,
  scope: string,
): void {
  if (inner.length !== outer.length || starts.length !== outer.length) {
    fail(op, args, `starts [${starts}] and shapes [${inner}], [${outer}] differ in rank`, scope);
  }
  outer.forEach((n, i) => {
    const start = at(starts, i);
    if (!Number.isInteger(start) || start < 0 || start + at(inner, i) > n) {
      fail(op, args, `axis ${i} has ${n} points, box is ${start} to ${start + at(inner, i)}`, scope);
    }
  });
}

function indexType(op: string, args: readonly Type[], scope: string): number {
  const indices = at(args, 1);
  if (indices.dtype !== "i32" || indices.shape.length !== 1) {
    fail(op, args, "indices must be one axis of i32", scope);
  }
  return at(indices.shape, 0);
}

/** Host data of a constant, or its one value. */
function checkData({ data, type }: PrimitiveAttributes["constant"], scope: string): void {
  const refuse = (why: string) => fail("make a constant of", [type], why, scope);
  if (typeof data === "number") {
    if (type.dtype === "i32" && data !== (data | 0)) refuse(`got ${data}, wanted a 32-bit integer`);
    return;
  }
  if (data.length !== sizeOf(type.shape)) refuse(`got ${data.length} numbers, wanted ${sizeOf(type.shape)}`);
  const wanted = HOST_ARRAYS[type.dtype];
  if (!(data instanceof wanted)) refuse(`got a ${data.constructor.name}, wanted a ${wanted.name}`);
}

const HOST_ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, i8: Int8Array } as const;

/** Result type of every primitive. */
export const infer: { readonly [K in Primitive]: Infer<K> } = {
  input: (_, { type }, scope) => {
    checkShape("make an input of", [type], type.shape, scope);
    return type;
  },
  constant: (_, attributes, scope) => {
    const { type } = attributes;
    checkShape("make a constant of", [type], type.shape, scope);
    checkData(attributes, scope);
    return type;
  },
  map: (args, _, scope) => ({ dtype: "f32", shape: equalShapes("map", args, scope) }),
  reduce: (args, { axes }, scope) => {
    const shape = equalShapes("reduce", args, scope);
    axes.forEach((axis) => axisOf("reduce", args, axis, scope));
    if (new Set(axes).size !== axes.length) fail("reduce", args, `axes are [${axes}], one twice`, scope);
    return { dtype: "f32", shape: shape.map((n, i) => axes.includes(i) ? 1 : n) };
  },
  contract: (args, { spec, epilogue, quantised }, scope) => {
    const sizes = letterSizes(spec, at(args, 0).shape, at(args, 1).shape, scope);
    checkArithmetic("contract", args, ["f32", "f16", "i8"], scope);
    if (quantised && (at(args, 0).dtype !== "f32" || at(args, 1).dtype !== "i8")) {
      fail("contract", args, "a product with quantised activations is one of f32 by i8", scope);
    }
    const shape = [...parseSpec(spec).out].map((letter) => sizes.get(letter) ?? 1);
    const extras = args.slice(2);
    if (extras.some((e) => !sameShape(e.shape, shape)) || (extras.length > 0 && !epilogue)) {
      fail("contract", args, `further arguments need an epilogue and shape [${shape}]`, scope);
    }
    return { dtype: "f32", shape };
  },
  reshape: (args, { shape }, scope) => {
    checkShape("reshape", args, shape, scope);
    if (sizeOf(shape) !== sizeOf(one(args).shape)) {
      fail("reshape", args, `[${shape}] has ${sizeOf(shape)} elements`, scope);
    }
    return { dtype: one(args).dtype, shape };
  },
  permute: (args, { order }, scope) => {
    const { dtype, shape } = one(args);
    if (!sameShape([...order].sort((a, b) => a - b), shape.map((_, i) => i))) {
      fail("permute", args, `order is [${order}], wanted every axis once`, scope);
    }
    return { dtype, shape: order.map((i) => at(shape, i)) };
  },
  broadcast: (args, { shape }, scope) => {
    checkShape("broadcast", args, shape, scope);
    const from = one(args).shape;
    if (from.length !== shape.length || from.some((n, i) => n !== 1 && n !== shape[i])) {
      fail("broadcast", args, `[${shape}] is not [${from}] with axes of size 1 repeated`, scope);
    }
    return { dtype: one(args).dtype, shape };
  },
  slice: (args, { starts, shape }, scope) => {
    checkShape("slice", args, shape, scope);
    checkBox("slice", args, starts, shape, one(args).shape, scope);
    return { dtype: one(args).dtype, shape };
  },
  pad: (args, { starts, shape }, scope) => {
    checkShape("pad", args, shape, scope);
    checkBox("pad", args, starts, one(args).shape, shape, scope);
    return { dtype: one(args).dtype, shape };
  },
  concat: (args, { axis }, scope) => {
    axisOf("concat", args, axis, scope);
    const { dtype, shape } = one(args);
    const fits = args.every((a) =>
      a.dtype === dtype && sameShape(withAxis(a.shape, axis, 1), withAxis(shape, axis, 1))
    );
    if (!fits) fail("concat", args, `types differ beyond axis ${axis}`, scope);
    return { dtype, shape: withAxis(shape, axis, args.reduce((sum, a) => sum + at(a.shape, axis), 0)) };
  },
  unfold: (args, { axis, size, stride }, scope) => {
    const n = axisOf("unfold", args, axis, scope);
    if (size < 1 || stride < 1 || size > n || !Number.isInteger(size) || !Number.isInteger(stride)) {
      fail("unfold", args, `axis ${axis} has ${n} points, windows are ${size} with stride ${stride}`, scope);
    }
    return {
      dtype: one(args).dtype,
      shape: withAxis(one(args).shape, axis, Math.floor((n - size) / stride) + 1, size),
    };
  },
  fold: (args, { axis, stride, length }, scope) => {
    const windows = axisOf("fold", args, axis, scope);
    const size = axisOf("fold", args, axis + 1, scope);
    checkArithmetic("fold", args, ["f32"], scope);
    if (!Number.isInteger(stride) || !Number.isInteger(length)) {
      fail("fold", args, `stride is ${stride} and length ${length}, wanted integers`, scope);
    }
    if (stride < 1 || (windows - 1) * stride + size > length) {
      fail(
        "fold",
        args,
        `${windows} windows of ${size} with stride ${stride} exceed ${length} points`,
        scope,
      );
    }
    const { shape } = one(args);
    return { dtype: "f32", shape: [...shape.slice(0, axis), length, ...shape.slice(axis + 2)] };
  },
  gather: (args, { axis }, scope) => {
    axisOf("gather", args, axis, scope);
    const count = indexType("gather", args, scope);
    return { dtype: one(args).dtype, shape: withAxis(one(args).shape, axis, count) };
  },
  scatterAdd: (args, { axis, length }, scope) => {
    const count = indexType("scatterAdd", args, scope);
    if (axisOf("scatterAdd", args, axis, scope) !== count) {
      fail("scatterAdd", args, `axis ${axis} and the indices differ in length`, scope);
    }
    checkArithmetic("scatterAdd", args.slice(0, 1), ["f32"], scope);
    const shape = withAxis(one(args).shape, axis, length);
    checkShape("scatterAdd", args, shape, scope);
    return { dtype: "f32", shape };
  },
  cast: (args, { dtype }, scope) => {
    if (dtype === "i8") fail("cast", args, "numbers of 8 bits are inputs, nothing is cast to them", scope);
    return { dtype, shape: one(args).shape };
  },
  pick: (args, { index }, scope) => {
    const result = args[index];
    return result ?? fail("pick", args, `result ${index} does not exist`, scope);
  },
};
