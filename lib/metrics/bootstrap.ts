// Percentile intervals of whatever is computed from samples: samples are drawn with replacement again and again, from a
// seeded stream, and the spread of what comes out is the interval (Efron 1979).

import { philox, PURPOSES } from "../random/philox.ts";
import { quantile } from "./members.ts";

/**
 * Resamples: of each, as many indices of samples as there are samples, drawn with replacement.
 *
 * @param count samples
 * @param options how many resamples (1,000 unless given), and the seed of the draws
 * @returns the same for the same count and options everywhere
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const drawn = resamples(5, { resamples: 2, seed: 1 });
 * assert.deepEqual(drawn.map(({ length }) => length), [5, 5]);
 * assert.deepEqual(drawn, resamples(5, { resamples: 2, seed: 1 }));
 * ```
 */
export function resamples(
  count: number,
  { resamples: times = 1000, seed = 0 }: { readonly resamples?: number; readonly seed?: number } = {},
): Uint32Array[] {
  const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const;
  return Array.from({ length: times }, (_, resample) => {
    const drawn = new Uint32Array(count);
    for (let i = 0; i < count; i += 4) {
      const words = philox([i / 4, resample, 0, PURPOSES.resampling], key);
      // 32 bits against few samples: the bias is below count / 2^32.
      for (let j = 0; j < 4 && i + j < count; j++) drawn[i + j] = Math.floor(words[j]! * count / 2 ** 32);
    }
    return drawn;
  });
}

/**
 * Percentile interval of a statistic.
 *
 * @param drawn resamples of the samples
 * @param statistic computed from the indices of samples, some of them several times
 * @param level share of the resamples within the interval
 * @returns its ends; null where the statistic of a resample is not finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const samples = [1, 2, 3, 4, 5, 6, 7, 8];
 * const mean = (drawn: Uint32Array) => drawn.reduce((sum, i) => sum + samples[i]!, 0) / drawn.length;
 * const [low, high] = bootstrapInterval(resamples(8), mean)!;
 * assert.ok(low > 2.5 && low < 3.5 && high > 5.5 && high < 6.5);
 * ```
 */
export function bootstrapInterval(
  drawn: readonly Uint32Array[],
  statistic: (indices: Uint32Array) => number,
  level = 0.95,
): [number, number] | null {
  const values = Float64Array.from(drawn, statistic);
  if (values.length === 0 || !values.every(Number.isFinite)) return null;
  values.sort();
  return [quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)];
}
