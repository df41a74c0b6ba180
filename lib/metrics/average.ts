// Averages of scores. A score that is not a number makes them not a number: it is for the caller to leave it out, and to
// say so.

/**
 * Middle value; mean of the two middle ones of an even number of values; NaN of none, or where one is NaN.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(median([3, 1, 2, 10]), 2.5);
 * assert.ok(Number.isNaN(median([NaN, 1, 2])));
 * ```
 */
export function median(values: readonly number[]): number {
  if (values.length === 0 || values.some(Number.isNaN)) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}

/** Mean; NaN of no values, or where one is NaN. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
