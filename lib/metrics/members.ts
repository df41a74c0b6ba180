// Members of an ensemble, cell by cell: mean, spread, quantiles. Sums are in double precision, results as frames are.

/** What the members of an ensemble say of each cell. */
export interface MemberStatistics {
  /** Mean over members. */
  readonly mean: Float32Array;
  /** Standard deviation over members with M - 1; 0 where there is one member. */
  readonly spread: Float32Array;
  /** A field for each quantile that was asked for. */
  readonly quantiles: readonly Float32Array[];
}

/** Sorts few numbers in place; NaN goes last, as typed arrays sort it. */
export function sortFew(values: Float64Array): Float64Array {
  if (values.length > 32) return values.sort();
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let at = i;
    while (at > 0 && (values[at - 1]! > value || (Number.isNaN(values[at - 1]!) && !Number.isNaN(value)))) {
      values[at] = values[at - 1]!;
      at--;
    }
    values[at] = value;
  }
  return values;
}

/**
 * Quantile of sorted numbers, interpolated between its neighbours: type 7 of Hyndman and Fan, NumPy's and R's default.
 *
 * @param sorted at least one number, ascending
 * @param probability from 0 to 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(quantile([1, 2, 4, 8], 0.5), 3);
 * assert.equal(quantile([1, 2, 4, 8, 16], 0.875), 12);
 * ```
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const place = (sorted.length - 1) * probability;
  const below = Math.floor(place);
  const low = sorted[below]!;
  // The neighbour above is left alone where the place is a member's: it may be infinite, or not there.
  return place === below ? low : low + (place - below) * (sorted[below + 1]! - low);
}

/** Refuses probabilities outside 0 .. 1. */
export function checkProbabilities(what: string, probabilities: readonly number[]): void {
  const wrong = probabilities.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`${what} is ${wrong}, wanted a number from 0 to 1`);
}

/** Refuses no members, and members of different sizes. */
export function checkMembers(members: readonly ArrayLike<number>[]): number {
  const size = members[0]?.length;
  if (size === undefined) throw new RangeError("An ensemble has 0 members, wanted 1 or more");
  const wrong = members.findIndex(({ length }) => length !== size);
  if (wrong < 0) return size;
  throw new RangeError(
    `Member ${wrong} of an ensemble has ${members[wrong]!.length} numbers, wanted ${size}`,
  );
}

/**
 * Mean, spread and quantiles of each cell.
 *
 * @param members the same cells of each, in the same order
 * @param quantiles probabilities
 * @returns NaN in cells where a member is
 * @throws RangeError for no members, members of different sizes, a probability outside 0 .. 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { mean, spread, quantiles } = summarizeMembers([[1, 0], [2, 0], [6, 3]], [0.5]);
 * assert.deepEqual(mean, Float32Array.of(3, 1));
 * assert.deepEqual(spread, Float32Array.of(Math.sqrt(7), Math.sqrt(3)));
 * assert.deepEqual(quantiles, [Float32Array.of(2, 0)]);
 * ```
 */
export function summarizeMembers(
  members: readonly ArrayLike<number>[],
  quantiles: readonly number[] = [],
): MemberStatistics {
  const size = checkMembers(members);
  checkProbabilities("A quantile", quantiles);
  const count = members.length;
  const own = new Float64Array(count);
  const [mean, spread] = [new Float32Array(size), new Float32Array(size)];
  const fields = quantiles.map(() => new Float32Array(size));
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let m = 0; m < count; m++) sum += own[m] = members[m]![i]!;
    const middle = sum / count;
    let squares = 0;
    for (let m = 0; m < count; m++) squares += (own[m]! - middle) ** 2;
    mean[i] = middle;
    spread[i] = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
    if (fields.length === 0) continue;
    sortFew(own);
    // Sorting has no place for NaN.
    const known = !Number.isNaN(middle) || !Number.isNaN(own[count - 1]!);
    for (const [q, field] of fields.entries()) field[i] = known ? quantile(own, quantiles[q]!) : NaN;
  }
  return { mean, spread, quantiles: fields };
}
