// Error by wavenumber: low, middle and high bins (evaluation.md section 2).

import { fft } from "./fft.ts";

/** Mean squared error of each bin, absolute and relative to the truth's energy in the bin. */
export interface SpectralError {
  /** Mean squared error of the low, middle and high bin. */
  readonly mse: readonly number[];
  /** The same over the truth's energy in the bin. */
  readonly nmse: readonly number[];
}

const BINS = 3;
const EPSILON = 1e-7;

/**
 * Edges of the bins: log-spaced from 2 pi / longest axis to pi sqrt(D) + 1e-6, the first then set to 0. All axes
 * count, singletons too. In f32, as the reference.
 *
 * @param shape points of the axes
 */
export function binEdges(shape: readonly number[]): number[] {
  const first = Math.log((2 * Math.PI) / Math.max(...shape));
  const last = Math.log(Math.PI * Math.sqrt(shape.length) + 1e-6);
  return Array.from(
    { length: BINS + 1 },
    (_, i) => i === 0 ? 0 : Math.fround(Math.exp(first + ((last - first) * i) / BINS)),
  );
}

/** Wavenumber along an axis of n points, unit spacing. */
function wavenumber(k: number, n: number): number {
  return (2 * Math.PI * (k < Math.ceil(n / 2) ? k : k - n)) / n;
}

/** Bins of the last shape: frames of one shape follow each other. */
let last: { readonly shape: string; readonly bins: Int8Array } | null = null;

function binsOf(shape: readonly number[]): Int8Array {
  const key = shape.join();
  if (last?.shape !== key) last = { shape: key, bins: findBins(shape) };
  return last.bins;
}

/** Bin of every mode; -1 beyond the last edge. */
function findBins(shape: readonly number[]): Int8Array {
  const edges = binEdges(shape);
  const size = shape.reduce((total, n) => total * n, 1);
  return Int8Array.from({ length: size }, (_, i) => {
    let rest = i;
    let squared = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const n = shape[axis]!;
      squared += wavenumber(rest % n, n) ** 2;
      rest = Math.floor(rest / n);
    }
    const length = Math.fround(Math.sqrt(squared));
    for (let b = 0; b < BINS; b++) if (length >= edges[b]! && length < edges[b + 1]!) return b;
    return -1;
  });
}

/**
 * Binned spectral error of one channel.
 *
 * @param prediction points in C order
 * @param truth the same
 * @param shape points of the axes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const wave = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i / 4));
 * assert.deepEqual(spectralError(wave, wave, [64]).mse, [0, 0, 0]);
 * ```
 */
export function spectralError(
  prediction: ArrayLike<number>,
  truth: ArrayLike<number>,
  shape: readonly number[],
): SpectralError {
  const difference = new Float64Array(prediction.length);
  for (let i = 0; i < difference.length; i++) difference[i] = prediction[i]! - truth[i]!;
  const residual = fft(difference, shape);
  const signal = fft(truth, shape);
  const bins = binsOf(shape);
  const mse = new Array<number>(BINS).fill(0);
  const energy = new Array<number>(BINS).fill(0);
  const scale = 1 / bins.length ** 2;
  bins.forEach((bin, i) => {
    if (bin < 0) return;
    mse[bin] = mse[bin]! + (residual.re[i]! ** 2 + residual.im[i]! ** 2) * scale;
    energy[bin] = energy[bin]! + (signal.re[i]! ** 2 + signal.im[i]! ** 2) * scale;
  });
  return { mse, nmse: mse.map((m, b) => m / (energy[b]! + EPSILON)) };
}
