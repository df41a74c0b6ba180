// Scores of whole trajectories, and the way from scores per frame to one number (evaluation.md sections 3 and 4).

/** A trajectory: `[T, points, channels]` in C order. */
export interface Trajectory {
  /** Numbers in C order. */
  readonly values: ArrayLike<number>;
  /** T. */
  readonly steps: number;
  /** Number of channels. */
  readonly channels: number;
}

/**
 * First Wasserstein distance of the value distributions over time and space, both divided by the truth's mean
 * square + 1e-7 (a square, not a root, as the reference; no caller's epsilon is taken).
 *
 * @returns one number a channel
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const frames = (values: number[]) => ({ values, steps: 1, channels: 1 });
 * assert.deepEqual(histogramW1(frames([1, 2, 3]), frames([3, 1, 2])), [0]); // Places do not count.
 * ```
 */
export function histogramW1(prediction: Trajectory, truth: Trajectory): number[] {
  const { channels } = truth;
  return Array.from({ length: channels }, (_, c) => {
    const pick = (t: Trajectory) => {
      const out = new Float64Array(t.values.length / channels);
      for (let i = 0; i < out.length; i++) out[i] = t.values[i * channels + c]!;
      return out;
    };
    const [x, y] = [pick(prediction), pick(truth)];
    const scale = y.reduce((sum, v) => sum + v * v, 0) / y.length + NORM_EPSILON;
    x.sort();
    y.sort();
    return x.reduce((sum, v, i) => sum + Math.abs(v - y[i]!), 0) / x.length / scale;
  });
}

/** Distance and shift of a windowed dynamic time warping. */
export interface Warping {
  /** Root of the accumulated cost over T, one a channel. */
  readonly distance: number[];
  /** Mean absolute shift in steps, one a channel. */
  readonly distortion: number[];
}

const UNREACHABLE = 1e12;
const NORM_EPSILON = 1e-7;

/** Frames divided, at each time and point, by the norm over channels (+ 1e-7). */
function unitChannels(t: Trajectory): Float64Array {
  const out = Float64Array.from(t.values);
  for (let i = 0; i < out.length; i += t.channels) {
    const norm = Math.hypot(...out.subarray(i, i + t.channels)) + NORM_EPSILON;
    for (let c = 0; c < t.channels; c++) out[i + c] = out[i + c]! / norm;
  }
  return out;
}

/**
 * Dynamic time warping with a band.
 *
 * @param prediction `[T, points, channels]`
 * @param truth the same shape
 * @param band steps by which frames may be shifted
 * @returns per channel: the root of the accumulated cost over T, and the mean shift of the column-wise minimum
 */
export function timeWarping(prediction: Trajectory, truth: Trajectory, band = 10): Warping {
  const { steps: T, channels } = truth;
  const [x, y] = [unitChannels(prediction), unitChannels(truth)];
  const frame = x.length / T;
  const distance: number[] = [];
  const distortion: number[] = [];
  for (let c = 0; c < channels; c++) {
    const cost = (i: number, j: number) => {
      let sum = 0;
      for (let p = c; p < frame; p += channels) sum += (x[i * frame + p]! - y[j * frame + p]!) ** 2;
      return sum / (frame / channels);
    };
    const accumulated = Array.from({ length: T }, () => new Float64Array(T).fill(UNREACHABLE));
    accumulated[0]![0] = 0;
    for (let i = 1; i < T; i++) {
      for (let j = Math.max(1, i - band); j < Math.min(T, i + band); j++) {
        const before = Math.min(
          accumulated[i - 1]![j]!,
          accumulated[i]![j - 1]!,
          accumulated[i - 1]![j - 1]!,
        );
        accumulated[i]![j] = cost(i, j) + before;
      }
    }
    distance.push(Math.sqrt(accumulated[T - 1]![T - 1]! / T));
    let shift = 0;
    for (let j = 0; j < T; j++) {
      let best = 0;
      for (let i = 1; i < T; i++) if (accumulated[i]![j]! < accumulated[best]![j]!) best = i;
      shift += Math.abs(best - j);
    }
    distortion.push(shift / T);
  }
  return { distance, distortion };
}

/**
 * Edges of the log-spaced time intervals of a rollout: interval k holds steps `edges[k]` to `edges[k + 1]`, half
 * open. Rounding may repeat an edge (an empty interval) and leave the last step out, as in the reference.
 *
 * @param steps predicted steps T
 * @returns an empty list for one step
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(timeIntervals(60), [0, 1, 2, 7, 21, 59]);
 * ```
 */
export function timeIntervals(steps: number): number[] {
  if (steps <= 1) return [];
  const count = Math.min(steps, 5);
  const last = Math.log(steps);
  return [0, ...Array.from({ length: count }, (_, i) => Math.trunc(Math.exp(spaced(last, i, count))))];
}

/** `linspace(0, last, count)[i]` the way NumPy and PyTorch round it: step times index, the last one exact. */
function spaced(last: number, i: number, count: number): number {
  return i === count - 1 ? last : (last / (count - 1)) * i;
}

/** Mean, lower median and unbiased deviation of samples. */
export interface Summary {
  /** Plain mean. */
  readonly mean: number;
  /** Lower median. */
  readonly median: number;
  /** Deviation with n - 1. */
  readonly std: number;
}

/**
 * Summary over samples. The median of an even count is the lower of the middle two; where a sample is NaN, all are.
 *
 * @param samples at least one number
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(summarize([1, 2, 3, 6]), { mean: 3, median: 2, std: Math.sqrt(14 / 3) });
 * ```
 */
export function summarize(samples: readonly number[]): Summary {
  const n = samples.length;
  const mean = samples.reduce((sum, v) => sum + v, 0) / n;
  const sorted = [...samples].sort((a, b) => a - b);
  const spread = samples.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  // Sorting has no place for NaN.
  const median = samples.some(Number.isNaN) ? NaN : sorted[Math.floor((n - 1) / 2)] ?? NaN;
  return { mean, median, std: Math.sqrt(spread / (n - 1)) };
}

/**
 * Mean over the steps `from` (included) to `to` (excluded); NaN when there is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(windowMean([1, 2, 3, 4], 1, 3), 2.5);
 * ```
 */
export function windowMean(perStep: readonly number[], from: number, to: number): number {
  const steps = perStep.slice(from, to);
  return steps.reduce((sum, v) => sum + v, 0) / steps.length;
}
