// Which values the ends of a colour scale stand for. Limits belong to a whole forecast: they never move as it plays.

import type { ColorMapName } from "./colors.ts";
import { findQuantiles, finish, type MagnitudeCounts, type Numbers } from "./quantile.ts";

/** Values at the two ends of a scale. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Shares of the values at the ends of a field's scale, and of error magnitudes within theirs. */
export const FIELD_SHARES = [0.002, 0.998] as const;
export const ERROR_SHARE = 0.995;

/** A range that is never empty. */
function widened(low: number, high: number): Limits {
  if (high > low) return { low, high };
  const margin = Math.abs(low) * 1e-3 || 1;
  return { low: low - margin, high: low + margin };
}

/** Whether a range has both signs: its smaller end is more than a tenth of the larger. */
export function hasBothSigns({ low, high }: Limits): boolean {
  return low < 0 && high > 0 && Math.min(-low, high) > 0.1 * Math.max(-low, high);
}

/** The limits of a field: robust, and symmetric about 0 where it has both signs. */
export function settled(range: Limits): Limits {
  if (!hasBothSigns(range)) return widened(range.low, range.high);
  const end = Math.max(-range.low, range.high);
  return { low: -end, high: end };
}

/** The map a field has unless another is chosen. */
export function usualMap(limits: Limits): ColorMapName {
  return limits.low < 0 && limits.low === -limits.high ? "balance" : "viridis";
}

/**
 * Finds the limits of a field, or of all parts of a vector, a frame at a time.
 *
 * @param frames all frames of the truth, or where there is none of the input: one array a frame and part
 * @param hidden 1 for cells that are left out
 * @returns 0 to 1 where no number is finite
 */
export function* findLimits(
  frames: readonly Numbers[],
  hidden: Uint8Array | null = null,
): Generator<void, Limits> {
  const ends = yield* findQuantiles(frames, FIELD_SHARES, hidden);
  return ends ? settled({ low: ends[0]!, high: ends[1]! }) : { low: 0, high: 1 };
}

/**
 * The same at once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(fieldLimits([Float32Array.of(-1, 0, 3)]), { low: -3, high: 3 });
 * assert.deepEqual(fieldLimits([Float32Array.of(-0.125, 0, 3)]), { low: -0.125, high: 3 });
 * ```
 */
export function fieldLimits(frames: readonly Numbers[], hidden: Uint8Array | null = null): Limits {
  return finish(findLimits(frames, hidden));
}

/**
 * The least of 1, 2, 5 times a power of ten that is not below a value.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([0.012, 0.2, 7, 0].map(roundEnd), [0.02, 0.2, 10, 1]);
 * ```
 */
export function roundEnd(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = Math.floor(Math.log10(value));
  // Written out and read again: a product such as 2 * 1e-7 is no shortest number.
  for (const digits of ["1", "2", "5"]) {
    const end = Number(`${digits}e${power}`);
    // Values are single precision: 0.2 as such is a little above 0.2.
    if (value <= end * (1 + 1e-6)) return end;
  }
  return Number(`1e${power + 1}`);
}

/**
 * The end of a symmetric scale of errors. It only grows.
 *
 * @param before the end so far; null at the start
 * @param errors magnitudes so far
 */
export function errorEnd(before: number | null, errors: MagnitudeCounts): number {
  const size = errors.quantile(ERROR_SHARE);
  // Errors that are 0 everywhere say nothing of a size.
  return size === 0 ? before ?? 1 : Math.max(before ?? 0, roundEnd(size));
}
