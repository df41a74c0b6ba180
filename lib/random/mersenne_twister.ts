// Which system the next micro-batch comes from: the reference's draws, a 32-bit Mersenne twister modulo the number of
// systems (training.md section 3; Matsumoto and Nishimura, ACM TOMACS 8, 1998).

const SIZE = 624;
const SHIFT = 397;

/**
 * The 32-bit Mersenne twister.
 *
 * @param seed 32 bits
 * @returns a function that gives the next output, 0 .. 2^32 - 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(mersenneTwister(5489)(), 3499211612);
 * ```
 */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(SIZE);
  state[0] = seed;
  for (let i = 1; i < SIZE; i++) {
    const last = state[i - 1]!;
    state[i] = Math.imul(last ^ (last >>> 30), 1812433253) + i;
  }
  let next = SIZE;
  const twist = () => {
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    next = 0;
  };
  return () => {
    if (next >= SIZE) twist();
    let y = state[next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/** Whose draws. */
export interface SamplerSeed {
  /** Pseudo-epoch, from 0. */
  readonly epoch: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Which of several samplers, 0 on one machine. */
  readonly rank: number;
}

/**
 * Draws of systems within a pseudo-epoch, uniform whatever the systems' sizes.
 *
 * @param from epoch, seed and rank
 * @param systems how many there are
 * @returns a function that gives the next draw, 0 .. systems - 1
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const draw = systemSampler({ epoch: 0, seed: 0, rank: 0 }, 19);
 * assert.deepEqual([draw(), draw(), draw()], [15, 4, 0]);
 * ```
 */
export function systemSampler({ epoch, seed, rank }: SamplerSeed, systems: number): () => number {
  const next = mersenneTwister(100 * epoch + 10 * seed + rank);
  return () => next() % systems;
}
