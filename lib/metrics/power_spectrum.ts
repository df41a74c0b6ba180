// Radial power spectrum of one channel: how much of its variance lies at each wavenumber.

import { fft } from "./fft.ts";

/** Variance by wavenumber. */
export interface PowerSpectrum {
  /** Whole cycles per domain from 1, below half the points of the shortest axis: up to there all directions count. */
  readonly wavenumbers: readonly number[];
  /** Sum of the modes' power whose wavenumber rounds to each, in the unit of the values squared. */
  readonly power: readonly number[];
}

/** What is known of the values. */
export interface PowerSpectrumOptions {
  /** Whether each axis is periodic; the others are tapered by a Hann window. All are unless given. */
  readonly periodic?: readonly boolean[];
  /** 1 for points that do not count: they are set to the mean of the others. */
  readonly hidden?: Uint8Array | null;
}

/** Hann window of n points, its mean square 1, so that power is kept on average. */
function hann(n: number): Float64Array {
  const window = Float64Array.from({ length: n }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / n) ** 2);
  const square = window.reduce((sum, w) => sum + w * w, 0) / n;
  return window.map((w) => w / Math.sqrt(square));
}

/** Deviations from the mean, hidden points at 0, tapered along the axes that are not periodic. */
function prepared(
  values: ArrayLike<number>,
  shape: readonly number[],
  periodic: readonly boolean[],
  hidden: Uint8Array | null,
): Float64Array {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (hidden?.[i]) continue;
    sum += values[i]!;
    count++;
  }
  const mean = sum / count;
  const out = Float64Array.from(values, (value, i) => hidden?.[i] ? 0 : value - mean);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis]!;
    if (!(periodic[axis] ?? true) && n > 1) {
      const window = hann(n);
      for (let i = 0; i < out.length; i++) out[i]! *= window[Math.floor(i / stride) % n]!;
    }
    stride *= n;
  }
  return out;
}

/**
 * Radial power spectrum.
 *
 * @param values points in C order
 * @param shape points of the axes
 * @param options which axes are periodic, which points do not count
 * @returns NaN everywhere where a point that counts is not finite
 * @throws RangeError when values do not fit the shape
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const wave = Float32Array.from({ length: 64 }, (_, i) => Math.SQRT2 * Math.sin((2 * Math.PI * 3 * i) / 64));
 * const { wavenumbers, power } = powerSpectrum(wave, [64]);
 * assert.equal(wavenumbers[2], 3);
 * assert.ok(Math.abs(power[2]! - 1) < 1e-6 && power[3]! < 1e-12);
 * ```
 */
export function powerSpectrum(
  values: ArrayLike<number>,
  shape: readonly number[],
  { periodic = [], hidden = null }: PowerSpectrumOptions = {},
): PowerSpectrum {
  const size = shape.reduce((total, n) => total * n, 1);
  if (size !== values.length) {
    throw new RangeError(
      `Cannot take the spectrum of ${values.length} values on ${shape.join(" x ")} points`,
    );
  }
  const { re, im } = fft(prepared(values, shape, periodic, hidden), shape);
  const last = Math.ceil(Math.min(...shape.filter((n) => n > 1)) / 2) - 1;
  const power = new Array<number>(Number.isFinite(last) ? last : 0).fill(0);
  for (let i = 0; i < size; i++) {
    let rest = i;
    let squared = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const n = shape[axis]!;
      const k = rest % n;
      squared += Math.min(k, n - k) ** 2;
      rest = Math.floor(rest / n);
    }
    const bin = Math.round(Math.sqrt(squared)) - 1;
    if (bin >= 0 && bin < power.length) power[bin]! += (re[i]! ** 2 + im[i]! ** 2) / size ** 2;
  }
  return { wavenumbers: power.map((_, i) => i + 1), power };
}
