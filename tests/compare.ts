// Comparison of numbers, and the text of a failure: where the largest difference is and how large it may be.

/** The largest difference of two lists, and where it is. */
export interface Difference {
  readonly error: number;
  readonly index: number;
  /** Largest magnitude of the wanted numbers. */
  readonly magnitude: number;
}

/** Compares two lists of equal length; NaN equals NaN only. */
export function differenceOf(got: ArrayLike<number>, want: ArrayLike<number>): Difference {
  if (got.length !== want.length) throw new RangeError(`got ${got.length} numbers, wanted ${want.length}`);
  let [error, index, magnitude] = [0, 0, 0];
  for (let i = 0; i < want.length; i++) {
    if (Number.isFinite(want[i]!)) magnitude = Math.max(magnitude, Math.abs(want[i]!));
    if (got[i] === want[i] || (Number.isNaN(got[i]) && Number.isNaN(want[i]))) continue;
    const difference = Math.abs(got[i]! - want[i]!);
    // Anything beside NaN or infinity that is not equal is infinitely wrong.
    const e = Number.isNaN(difference) ? Infinity : difference;
    if (e > error) [error, index] = [e, i];
  }
  return { error, index, magnitude };
}

/**
 * Fails when a number is off by more than `limit` times the largest magnitude (or `floor` if that is larger).
 *
 * @returns largest difference over what it may be
 */
export function assertClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { limit, floor = 0 }: { readonly limit: number; readonly floor?: number },
  what: () => string,
): number {
  const { error, index, magnitude } = differenceOf(got, want);
  const most = limit * Math.max(magnitude, floor);
  if (!(error <= most)) {
    throw new Error(
      `element ${index} is ${got[index]}, wanted ${want[index]}: off by ${error}, limit ${most}\n${what()}`,
    );
  }
  return error === 0 ? 0 : error / most;
}
