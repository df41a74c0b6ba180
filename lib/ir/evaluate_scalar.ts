// Values of scalar expressions in double precision: what backends are judged by.

import { type Expression, linearize, type ScalarFunction, scalarFunctions } from "./scalar.ts";

/**
 * Value of an expression in double precision.
 *
 * @param expression what to compute
 * @param operands the operands' elements
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { apply, operand } from "./scalar.ts";
 * const silu = apply("mul", operand(0), apply("sigmoid", operand(0)));
 * assert.equal(evaluateScalar(silu, [0]), 0);
 * ```
 */
export function evaluateScalar(expression: Expression, operands: ArrayLike<number>): number {
  const arrays = Array.from(operands, (x) => Float64Array.of(x));
  return evaluateArrays(expression, arrays, 1)[0] ?? NaN;
}

/** Elements evaluated at a time: the intermediate values stay in the cache. */
const TILE = 1024;

/**
 * Values of an expression over arrays in double precision.
 *
 * @param expression what to compute
 * @param operands arrays of at least `length` elements
 * @param length elements of the result
 */
export function evaluateArrays(
  expression: Expression,
  operands: readonly Float64Array[],
  length: number,
): Float64Array {
  const list = linearize(expression);
  const out = new Float64Array(length);
  const tiles: Float64Array[] = list.map(({ fn, value }) =>
    new Float64Array(TILE).fill(fn === "number" ? value : 0)
  );
  for (let start = 0; start < length; start += TILE) {
    const n = Math.min(TILE, length - start);
    list.forEach(({ fn, value, args }, i) => {
      if (fn === "number") return;
      if (fn === "operand") tiles[i] = operands[value]!.subarray(start, start + n);
      else {
        const [x = 0, y = 0, z = 0] = args;
        evaluateTile(fn, tiles[i]!, tiles[x]!, tiles[y]!, tiles[z]!, n);
      }
    });
    out.set(tiles[list.length - 1]!.subarray(0, n), start);
  }
  return out;
}

/** One function over a tile. The most frequent ones have loops of their own, which engines compile well. */
function evaluateTile(
  fn: ScalarFunction,
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
  n: number,
): void {
  if (fn === "add") { for (let i = 0; i < n; i++) out[i] = x[i]! + y[i]!; }
  else if (fn === "sub") { for (let i = 0; i < n; i++) out[i] = x[i]! - y[i]!; }
  else if (fn === "mul") { for (let i = 0; i < n; i++) out[i] = x[i]! * y[i]!; }
  else if (fn === "div") { for (let i = 0; i < n; i++) out[i] = x[i]! / y[i]!; }
  else if (fn === "exp") { for (let i = 0; i < n; i++) out[i] = Math.exp(x[i]!); }
  else {
    const { evaluate } = scalarFunctions[fn];
    for (let i = 0; i < n; i++) out[i] = evaluate(x[i]!, y[i]!, z[i]!);
  }
}
