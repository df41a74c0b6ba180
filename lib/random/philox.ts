// Random numbers that depend on a key and a position only: Philox 4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011). The same seed gives the same draws on every backend and runtime.

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/** High and low 32 bits of a product of two unsigned 32-bit numbers. */
function product(a: number, b: number): [number, number] {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const cross = al * bh + (middle & 0xffff);
  const high = ah * bh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
  return [high >>> 0, Math.imul(a, b) >>> 0];
}

/** A counter of four and a key of two 32-bit words. */
export type Counter = readonly [number, number, number, number];

/**
 * Four uniform 32-bit words for a counter and a key.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(philox([0, 0, 0, 0], [0, 0])[0], 0x6627e8d5);
 * ```
 */
export function philox(counter: Counter, key: readonly [number, number]): Counter {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [h0, l0] = product(MULTIPLIERS[0], c0);
    const [h1, l1] = product(MULTIPLIERS[1], c2);
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** What a stream of draws is for: streams of different purposes never meet. */
export const PURPOSES = {
  rollout: 0,
  jitter: 1,
  pathDrop: 2,
  fieldDrop: 3,
  order: 4,
  augmentation: 5,
  weights: 6,
  ties: 7,
  resampling: 8,
  division: 9,
} as const;

/** Names of the purposes. */
export type Purpose = keyof typeof PURPOSES;

/** A source of integers: `below(n)` is uniform over 0 .. n - 1. */
export interface Random {
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
}

function keyOf(seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Seed is ${seed}, wanted an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/**
 * Uniform numbers between 0 and 1, both excluded, in bulk.
 *
 * @param count how many
 * @param seed a safe integer, 0 or more
 * @param stream which stream of that seed
 * @param purpose one of {@link PURPOSES}
 * @returns multiples of 2^-24 shifted by half of one: exact in f32 arithmetic, never 0 or 1
 */
export function uniformNumbers(count: number, seed: number, stream: number, purpose: number): Float64Array {
  const key = keyOf(seed);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 4) {
    const words = philox([i / 4, 0, stream, purpose], key);
    for (let j = 0; j < 4 && i + j < count; j++) out[i + j] = ((words[j]! >>> 8) + 0.5) / 2 ** 24;
  }
  return out;
}

/**
 * The stream of draws of a seed.
 *
 * @param seed a safe integer, 0 or more
 * @param stream which stream of that seed, such as the step of a rollout
 * @param purpose one of {@link PURPOSES}
 * @throws RangeError for another seed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const [a, b] = [randomStream(1, 7), randomStream(1, 7)];
 * assert.deepEqual([a.below(100), a.below(100)], [b.below(100), b.below(100)]);
 * ```
 */
export function randomStream(seed: number, stream: number, purpose: number = PURPOSES.rollout): Random {
  const key = keyOf(seed);
  let draw = 0;
  return {
    below(n) {
      // 64 bits against a range far below 2^32: the bias of the remainder is below 2^-32.
      const [high, low] = philox([draw++, 0, stream, purpose], key);
      return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(n));
    },
  };
}
