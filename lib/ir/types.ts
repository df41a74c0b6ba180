// What a tensor is to the IR: a number type and a shape. Knows nothing of data, devices or physics.

/** Number types a tensor can have. Arithmetic is always at least f32; f16 and i8 are storage types. */
export type DType = "f32" | "f16" | "i32" | "i8";

/** Sizes of the axes, outermost first. Every size is a positive integer; a scalar has shape `[]`. */
export type Shape = readonly number[];

/** Number type and shape of one result. */
export interface Type {
  /** Number type. */
  readonly dtype: DType;
  /** Sizes of the axes. */
  readonly shape: Shape;
}

/** Host memory of each number type (f16 travels as its raw bits). */
export type HostArray = Float32Array | Int32Array | Uint16Array | Int8Array;

/** Bytes of one element. */
export const BYTES: { readonly [K in DType]: number } = { f32: 4, f16: 2, i32: 4, i8: 1 };

/**
 * Number of elements of a shape.
 *
 * @param shape sizes of the axes
 * @returns their product, 1 for a scalar
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(sizeOf([2, 3, 4]), 24);
 * ```
 */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

/**
 * Distances, in elements, between neighbours along each axis of a C-contiguous array.
 *
 * @param shape sizes of the axes
 * @returns one stride an axis; the last is 1
 */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= at(shape, i);
  }
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** Short text of a type, `f32[2, 3]`, as messages and printers show it. */
export function typeText(type: Type): string {
  return `${type.dtype}[${type.shape.join(", ")}]`;
}

/**
 * Element `i` of an array that is known to be long enough; negative `i` counts from the end. Throws instead of
 * returning `undefined`, so that a broken invariant is found where it breaks.
 */
export function at<T>(array: ArrayLike<T>, i: number): T {
  const value = array[i < 0 ? array.length + i : i];
  if (value === undefined) throw new RangeError(`Index ${i} is outside an array of ${array.length} elements`);
  return value;
}

/** Index of the first fp16 number, given by its bits, that is not finite; -1 where all are. */
export function notFiniteFp16(numbers: HostArray): number {
  // Their exponent is all ones.
  for (let i = 0; i < numbers.length; i++) if ((numbers[i]! & 0x7c00) === 0x7c00) return i;
  return -1;
}
