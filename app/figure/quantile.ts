// Exact quantiles of any number of arrays without sorting or copying them: two counts over the halves of the numbers'
// bits, whose order as whole numbers is the order of the values. Arrays may come one at a time.

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

/** Which place the wanted rank falls on: the index in the counts and the rank within. */
function placeOf(counts: Uint32Array, rank: number): [number, number] {
  for (let i = 0, before = 0; i < counts.length; i++) {
    if (before + counts[i]! > rank) return [i, rank - before];
    before += counts[i]!;
  }
  return [counts.length - 1, 0];
}

/** Whether bits are those of an infinity or of no number: an exponent of ones. */
function notFinite(bits: number): boolean {
  return (bits & 0x7f800000) === 0x7f800000;
}

/**
 * Finds values below which given shares of all finite numbers lie. A generator: each array is looked through twice, and
 * between two arrays the caller may do something else.
 *
 * @param arrays the numbers
 * @param shares from 0 to 1
 * @param hidden 1 at indices that are left out
 * @returns one a share; null where no number is finite
 */
export function* findQuantiles(
  arrays: readonly Numbers[],
  shares: readonly number[],
  hidden: Uint8Array | null = null,
): Generator<void, number[] | null> {
  const high = new Uint32Array(1 << 16);
  let count = 0;
  const views = arrays.map((a) => new Uint32Array(a.buffer, a.byteOffset, a.length));
  for (const bits of views) {
    for (let i = 0; i < bits.length; i++) {
      if (notFinite(bits[i]!) || hidden?.[i]) continue;
      high[ordered(bits[i]!) >>> 16]!++;
      count++;
    }
    yield;
  }
  if (count === 0) return null;
  const places = shares.map((share) => placeOf(high, Math.min(count - 1, Math.floor(share * count))));
  const low = new Map(places.map(([half]) => [half, new Uint32Array(1 << 16)]));
  for (const bits of views) {
    for (let i = 0; i < bits.length; i++) {
      if (notFinite(bits[i]!) || hidden?.[i]) continue;
      const key = ordered(bits[i]!);
      const counts = low.get(key >>> 16);
      if (counts) counts[key & 0xffff]!++;
    }
    yield;
  }
  return places.map(([half, rank]) => valueOf(half * 0x10000 + placeOf(low.get(half)!, rank)[0]));
}

/** The end of a generator. */
export function finish<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * The same at once.
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
  hidden: Uint8Array | null = null,
): number[] | null {
  return finish(findQuantiles(arrays, shares, hidden));
}

/** Counts of magnitudes as they come, by 16 bits of them: a quantile is known to 0.4 %, from above. */
export class MagnitudeCounts {
  readonly #counts = new Uint32Array(1 << 16);
  #count = 0;

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds the finite ones of some numbers. */
  add(numbers: Numbers, hidden: Uint8Array | null = null): void {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    for (let i = 0; i < bits.length; i++) {
      if (notFinite(bits[i]!) || hidden?.[i]) continue;
      this.#counts[(bits[i]! & 0x7fffffff) >>> 15]!++;
      this.#count++;
    }
  }

  /** A value that at least this share of the magnitudes do not exceed; 0 where there are none. */
  quantile(share: number): number {
    if (this.#count === 0) return 0;
    const [place] = placeOf(this.#counts, Math.min(this.#count - 1, Math.ceil(share * this.#count) - 1));
    if (place === 0) return 0;
    return new Float32Array(Uint32Array.of((place << 15) | 0x7fff).buffer)[0]!;
  }
}
