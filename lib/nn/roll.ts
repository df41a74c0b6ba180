// Cyclic shifts by run-time indices: a new draw is a new input, never a new program.

/**
 * Indices that roll an axis: entry `j` of the result is entry `j - shift` of the argument, cyclically.
 *
 * @param n points of the axis
 * @param shift positive moves data to higher indices
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([...rollIndices(4, 1)], [3, 0, 1, 2]);
 * ```
 */
export function rollIndices(n: number, shift: number): Int32Array {
  return Int32Array.from({ length: n }, (_, j) => modulo(j - shift, n));
}

/** Remainder in 0 .. n - 1. */
export function modulo(i: number, n: number): number {
  return ((i % n) + n) % n;
}
