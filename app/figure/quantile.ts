// Exact quantiles of any number of arrays without sorting or copying them: two counts over the halves of the numbers'
// bits, whose order as whole numbers is the order of the values.

/** Numbers to look through. */
export type Numbers = Float32Array;

/** Bits of a number such that larger numbers have larger bits. */
function ordered(bits: number): number {
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

function valueOf(key: number): number {
  const bits = key & 0x80000000 ? key & 0x7fffffff : ~key;
  return new Float32Array(Uint32Array.of(bits >>> 0).buffer)[0]!;
}

/** Calls for the ordered bits of each finite number that is not left out. */
function eachKey(
  arrays: readonly Numbers[],
  skip: (index: number) => boolean,
  magnitude: boolean,
  use: (key: number) => void,
): void {
  const mask = magnitude ? 0x7fffffff : 0xffffffff;
  for (const numbers of arrays) {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    for (let i = 0; i < bits.length; i++) {
      // An exponent of ones: infinite, or no number.
      if ((bits[i]! & 0x7f800000) === 0x7f800000 || skip(i)) continue;
      use(ordered(bits[i]! & mask));
    }
  }
}

/** Which place the wanted rank falls on: the index in the counts and the rank within. */
function placeOf(counts: Uint32Array, rank: number): [number, number] {
  for (let i = 0, before = 0; i < counts.length; i++) {
    if (before + counts[i]! > rank) return [i, rank - before];
    before += counts[i]!;
  }
  return [counts.length - 1, 0];
}

/** How numbers are looked through. */
export interface QuantileOptions {
  /** Whether a number of this index in its array is left out. */
  readonly skip?: (index: number) => boolean;
  /** Whether signs are dropped first. */
  readonly magnitude?: boolean;
}

/**
 * Values below which given shares of all finite numbers lie.
 *
 * @param arrays the numbers
 * @param shares from 0 to 1
 * @returns one a share; null where no number is finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(quantiles([Float32Array.of(3, -1, 2), Float32Array.of(NaN, 5)], [0, 0.5, 1]), [-1, 3, 5]);
 * ```
 */
export function quantiles(
  arrays: readonly Numbers[],
  shares: readonly number[],
  { skip = () => false, magnitude = false }: QuantileOptions = {},
): number[] | null {
  const high = new Uint32Array(1 << 16);
  let count = 0;
  eachKey(arrays, skip, magnitude, (key) => {
    high[key >>> 16]!++;
    count++;
  });
  if (count === 0) return null;
  const places = shares.map((share) => placeOf(high, Math.min(count - 1, Math.floor(share * count))));
  const low = new Map(places.map(([half]) => [half, new Uint32Array(1 << 16)]));
  eachKey(arrays, skip, magnitude, (key) => {
    const counts = low.get(key >>> 16);
    if (counts) counts[key & 0xffff]!++;
  });
  return places.map(([half, rank]) => valueOf(half * 0x10000 + placeOf(low.get(half)!, rank)[0]));
}
