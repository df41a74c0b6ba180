// Discrete Fourier transform of any length: mixed radix, since grids such as 96 or 384 occur. Double precision.

/** A complex vector. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function smallestFactor(n: number): number {
  for (let f = 2; f * f <= n; f++) if (n % f === 0) return f;
  return n;
}

/** Transform of `n` elements of `x` from `offset` with `step`, written densely. */
function transform(x: Complex, offset: number, step: number, n: number): Complex {
  if (n === 1) return { re: Float64Array.of(x.re[offset]!), im: Float64Array.of(x.im[offset]!) };
  const radix = smallestFactor(n);
  const m = n / radix;
  const parts = Array.from({ length: radix }, (_, r) => transform(x, offset + r * step, step * radix, m));
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let [a, b] = [0, 0];
    parts.forEach((part, r) => {
      const angle = (-2 * Math.PI * ((r * k) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const [pr, pi] = [part.re[k % m]!, part.im[k % m]!];
      a += pr * c - pi * s;
      b += pr * s + pi * c;
    });
    re[k] = a;
    im[k] = b;
  }
  return { re, im };
}

/**
 * Unnormalised transform over all axes of a real array.
 *
 * @param values in C order
 * @param shape sizes of the axes
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(fft([1, 1, 1], [3]).re.map((x) => Math.abs(Math.round(x))), Float64Array.of(3, 0, 0));
 * ```
 */
export function fft(values: ArrayLike<number>, shape: readonly number[]): Complex {
  const size = values.length;
  const result = { re: Float64Array.from(values), im: new Float64Array(size) };
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis]!;
    for (let i = 0; n > 1 && i < size; i++) {
      // The first element of every line along the axis.
      if (Math.floor(i / stride) % n !== 0) continue;
      const line = transform(result, i, stride, n);
      for (let k = 0; k < n; k++) {
        result.re[i + k * stride] = line.re[k]!;
        result.im[i + k * stride] = line.im[k]!;
      }
    }
    stride *= n;
  }
  return result;
}
