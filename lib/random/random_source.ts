// Draws of one position (a rollout step, a micro-batch, a tensor) of one seed, apart by purpose.

import { type Purpose, PURPOSES, type Random, randomStream, uniformNumbers } from "./philox.ts";

/** Random numbers of one position. Draws of different purposes never meet. */
export interface RandomSource {
  /** A whole number from 0 to n - 1; each call goes on where the last of that purpose ended. */
  below(purpose: Purpose, n: number): number;
  /** Multiples of 2^-24 shifted by half of one, between 0 and 1; each call gives the same from the start on. */
  uniform(purpose: Purpose, count: number): Float64Array;
  /** Normal numbers of mean 0 and deviation 1 (Box and Muller's); each call gives the same from the start on. */
  normal(purpose: Purpose, count: number): Float64Array;
}

/**
 * The draws of a position.
 *
 * @param seed a safe integer, 0 or more
 * @param position which stream of that seed, such as the step of a rollout
 * @throws RangeError for another seed
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const random = randomSource(7, 3);
 * assert.equal(random.below("jitter", 10), randomSource(7, 3).below("jitter", 10));
 * assert.ok(random.uniform("weights", 5).every((u) => u > 0 && u < 1));
 * ```
 */
export function randomSource(seed: number, position: number): RandomSource {
  const streams = new Map<Purpose, Random>();
  const uniform = (purpose: Purpose, count: number) =>
    uniformNumbers(count, seed, position, PURPOSES[purpose]);
  return {
    below(purpose, n) {
      let stream = streams.get(purpose);
      if (!stream) streams.set(purpose, stream = randomStream(seed, position, PURPOSES[purpose]));
      return stream.below(n);
    },
    uniform,
    normal(purpose, count) {
      const draws = uniform(purpose, 2 * count);
      return Float64Array.from(
        { length: count },
        (_, i) => Math.sqrt(-2 * Math.log(draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!),
      );
    },
  };
}
