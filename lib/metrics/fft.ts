// Discrete Fourier transform of any length: mixed radix, since grids such as 96 or 384 occur. Double precision.

/** A complex vector. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** 4 before 2: it takes the fewest multiplications. */
function factorOf(n: number): number {
  if (n % 4 === 0) return 4;
  for (let f = 2; f * f <= n; f++) if (n % f === 0) return f;
  return n;
}

/** Transforms of one length: roots of unity and room, made once. */
class Lines {
  readonly #n: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** The values of one butterfly. */
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor(n: number) {
    this.#n = n;
    this.#cos = Float64Array.from({ length: n }, (_, k) => Math.cos((-2 * Math.PI * k) / n));
    this.#sin = Float64Array.from({ length: n }, (_, k) => Math.sin((-2 * Math.PI * k) / n));
    [this.#re, this.#im] = [new Float64Array(n), new Float64Array(n)];
  }

  /** Transforms `n` elements of `x` from `offset` with `stride` into `y` from `at` on, densely. */
  run(x: Complex, offset: number, stride: number, y: Complex, at: number, n = this.#n): void {
    if (n === 1) {
      y.re[at] = x.re[offset]!;
      y.im[at] = x.im[offset]!;
      return;
    }
    const radix = factorOf(n);
    const m = n / radix;
    for (let r = 0; r < radix; r++) {
      this.run(x, offset + r * stride, stride * radix, y, at + r * m, m);
    }
    if (radix === 2) this.#join2(y, at, m);
    else if (radix === 4) this.#join4(y, at, m);
    else this.#join(y, at, m, radix);
  }

  #join2({ re, im }: Complex, at: number, m: number): void {
    const step = this.#n / (2 * m);
    for (let k = 0; k < m; k++) {
      const [a, b] = [at + k, at + m + k];
      const [c, s] = [this.#cos[k * step]!, this.#sin[k * step]!];
      const x = re[b]! * c - im[b]! * s;
      const y = re[b]! * s + im[b]! * c;
      re[b] = re[a]! - x;
      im[b] = im[a]! - y;
      re[a]! += x;
      im[a]! += y;
    }
  }

  #join4({ re, im }: Complex, at: number, m: number): void {
    const step = this.#n / (4 * m);
    const [cos, sin] = [this.#cos, this.#sin];
    for (let k = 0; k < m; k++) {
      const [i0, i1, i2, i3] = [at + k, at + m + k, at + 2 * m + k, at + 3 * m + k];
      const [c1, s1] = [cos[k * step]!, sin[k * step]!];
      const [c2, s2] = [cos[2 * k * step]!, sin[2 * k * step]!];
      const [c3, s3] = [cos[3 * k * step]!, sin[3 * k * step]!];
      const [x0, y0] = [re[i0]!, im[i0]!];
      const x1 = re[i1]! * c1 - im[i1]! * s1;
      const y1 = re[i1]! * s1 + im[i1]! * c1;
      const x2 = re[i2]! * c2 - im[i2]! * s2;
      const y2 = re[i2]! * s2 + im[i2]! * c2;
      const x3 = re[i3]! * c3 - im[i3]! * s3;
      const y3 = re[i3]! * s3 + im[i3]! * c3;
      re[i0] = x0 + x2 + (x1 + x3);
      im[i0] = y0 + y2 + (y1 + y3);
      re[i2] = x0 + x2 - (x1 + x3);
      im[i2] = y0 + y2 - (y1 + y3);
      // Times -i and i.
      re[i1] = x0 - x2 + (y1 - y3);
      im[i1] = y0 - y2 - (x1 - x3);
      re[i3] = x0 - x2 - (y1 - y3);
      im[i3] = y0 - y2 + (x1 - x3);
    }
  }

  #join({ re, im }: Complex, at: number, m: number, radix: number): void {
    const n = radix * m;
    const step = this.#n / n;
    const [ownRe, ownIm, cos, sin] = [this.#re, this.#im, this.#cos, this.#sin];
    for (let k = 0; k < m; k++) {
      for (let r = 0; r < radix; r++) {
        ownRe[r] = re[at + r * m + k]!;
        ownIm[r] = im[at + r * m + k]!;
      }
      for (let j = 0; j < radix; j++) {
        const turn = k + j * m;
        let [a, b] = [0, 0];
        for (let r = 0; r < radix; r++) {
          const w = ((r * turn) % n) * step;
          a += ownRe[r]! * cos[w]! - ownIm[r]! * sin[w]!;
          b += ownRe[r]! * sin[w]! + ownIm[r]! * cos[w]!;
        }
        re[at + turn] = a;
        im[at + turn] = b;
      }
    }
  }
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
  const made = new Map<number, Lines>();
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis]!;
    const lines = made.get(n) ?? new Lines(n);
    made.set(n, lines);
    const line = { re: new Float64Array(n), im: new Float64Array(n) };
    for (let block = 0; n > 1 && block < size; block += n * stride) {
      for (let first = block; first < block + stride; first++) {
        lines.run(result, first, stride, line, 0);
        for (let k = 0; k < n; k++) {
          result.re[first + k * stride] = line.re[k]!;
          result.im[first + k * stride] = line.im[k]!;
        }
      }
    }
    stride *= n;
  }
  return result;
}
