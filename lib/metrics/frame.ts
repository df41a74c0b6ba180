// Scores of predicted frames against true ones (evaluation.md section 1). Everything is computed in double
// precision over the spatial points of a frame, channel by channel.

/** A frame or several channels of points: values with channels last, `[points, channels]` in C order. */
export interface Field {
  readonly values: ArrayLike<number>;
  readonly channels: number;
}

/** Sums over the points of one channel from which all per-frame metrics follow. */
interface Sums {
  readonly count: number;
  readonly meanX: number;
  readonly meanY: number;
  /** Sums of squared deviations and of their product. */
  readonly varianceX: number;
  readonly varianceY: number;
  readonly covariance: number;
  readonly squaredError: number;
  readonly absoluteError: number;
  readonly largestError: number;
  readonly squaredY: number;
  readonly absoluteY: number;
}

/** Names of the per-frame metrics. */
export type FrameMetric =
  | "MSE"
  | "RMSE"
  | "MAE"
  | "NMAE"
  | "NMSE"
  | "NRMSE"
  | "VMSE"
  | "VRMSE"
  | "LInfinity"
  | "PearsonR";

/** VRMSE and VMSE always use this, whatever a caller asks for, as the reference does. */
export const VARIANCE_EPSILON = 1e-7;

function sumsOf(x: ArrayLike<number>, y: ArrayLike<number>, channel: number, channels: number): Sums {
  const count = y.length / channels;
  let sumX = 0, sumY = 0, squaredError = 0, absoluteError = 0, largestError = 0, squaredY = 0, absoluteY = 0;
  for (let i = channel; i < y.length; i += channels) {
    const [a, b] = [x[i]!, y[i]!];
    const error = a - b;
    sumX += a;
    sumY += b;
    squaredError += error * error;
    absoluteError += Math.abs(error);
    largestError = Math.max(largestError, Math.abs(error));
    squaredY += b * b;
    absoluteY += Math.abs(b);
  }
  const [meanX, meanY] = [sumX / count, sumY / count];
  let varianceX = 0, varianceY = 0, covariance = 0;
  for (let i = channel; i < y.length; i += channels) {
    const [a, b] = [x[i]! - meanX, y[i]! - meanY];
    varianceX += a * a;
    varianceY += b * b;
    covariance += a * b;
  }
  return {
    count,
    meanX,
    meanY,
    varianceX,
    varianceY,
    covariance,
    squaredError,
    absoluteError,
    largestError,
    squaredY,
    absoluteY,
  };
}

const formulas: { readonly [K in FrameMetric]: (s: Sums, epsilon: number) => number } = {
  MSE: (s) => s.squaredError / s.count,
  RMSE: (s) => Math.sqrt(s.squaredError / s.count),
  MAE: (s) => s.absoluteError / s.count,
  NMAE: (s, epsilon) => s.absoluteError / s.count / (s.absoluteY / s.count + epsilon),
  NMSE: (s, epsilon) => s.squaredError / s.count / (s.squaredY / s.count + epsilon),
  NRMSE: (s, epsilon) => Math.sqrt(formulas.NMSE(s, epsilon)),
  // The variance has N - 1 in its denominator.
  VMSE: (s) => s.squaredError / s.count / (s.varianceY / (s.count - 1) + VARIANCE_EPSILON),
  VRMSE: (s, epsilon) => Math.sqrt(formulas.VMSE(s, epsilon)),
  LInfinity: (s) => s.largestError,
  PearsonR: (s, epsilon) => {
    const deviations = Math.sqrt(s.varianceX / (s.count - 1)) * Math.sqrt(s.varianceY / (s.count - 1));
    return s.covariance / s.count / (deviations + epsilon);
  },
};

function checkSizes(prediction: ArrayLike<number>, truth: ArrayLike<number>, channels: number): void {
  if (prediction.length === truth.length && truth.length % channels === 0) return;
  throw new RangeError(
    `Cannot score ${prediction.length} numbers against ${truth.length} with ${channels} channels`,
  );
}

/** Names of all per-frame metrics. */
export const FRAME_METRICS = Object.keys(formulas) as FrameMetric[];

/**
 * A per-frame metric of every channel.
 *
 * @param name which metric
 * @param prediction `[points, channels]`, channels last
 * @param truth the same shape and units
 * @param channels number of channels
 * @param epsilon added to denominators; VRMSE and VMSE always use 1e-7
 * @returns one number a channel; NaN where a value is NaN
 * @throws RangeError when sizes differ
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(frameMetric("MAE", [1, 5], [0, 2], 2), [1, 3]);
 * ```
 */
export function frameMetric(
  name: FrameMetric,
  prediction: ArrayLike<number>,
  truth: ArrayLike<number>,
  channels: number,
  epsilon: number = VARIANCE_EPSILON,
): number[] {
  checkSizes(prediction, truth, channels);
  return Array.from(
    { length: channels },
    (_, c) => formulas[name](sumsOf(prediction, truth, c, channels), epsilon),
  );
}

/**
 * All per-frame metrics of every channel, from one pass over the numbers.
 *
 * @param prediction `[points, channels]`, channels last
 * @param truth the same shape and units
 * @param channels number of channels
 * @param epsilon added to denominators; VRMSE and VMSE always use 1e-7
 * @returns of each metric one number a channel
 * @throws RangeError when sizes differ
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { MAE, LInfinity } = frameMetrics([1, 5, 3, 5], [0, 2, 0, 5], 2);
 * assert.deepEqual([MAE, LInfinity], [[2, 1.5], [3, 3]]);
 * ```
 */
export function frameMetrics(
  prediction: ArrayLike<number>,
  truth: ArrayLike<number>,
  channels: number,
  epsilon: number = VARIANCE_EPSILON,
): Record<FrameMetric, number[]> {
  checkSizes(prediction, truth, channels);
  const sums = Array.from({ length: channels }, (_, c) => sumsOf(prediction, truth, c, channels));
  const entries = FRAME_METRICS.map((name) => [name, sums.map((each) => formulas[name](each, epsilon))]);
  return Object.fromEntries(entries) as Record<FrameMetric, number[]>;
}
