// Mean, deviation and root mean square in one pass. Each block of numbers is taken about its own mean and then joined to
// those before it (Chan, Golub and LeVeque 1979): a large mean costs no digits, as it does with E[x^2] - mean^2.

/** Numbers of a component's block. */
const BLOCK = 4;

/**
 * Moments of a block of numbers about its own mean.
 *
 * @param values `[points, components]`
 * @param components how many
 * @param left 1 for points that are left out
 * @returns of each component the count, the mean, the sums of squared deviations and of squares
 */
export function blockMoments(
  values: ArrayLike<number>,
  components: number,
  left: Uint8Array | null = null,
): Float64Array {
  const block = new Float64Array(BLOCK * components);
  const points = values.length / components;
  for (let c = 0; c < components; c++) {
    let count = 0, sum = 0;
    for (let p = 0, i = c; p < points; p++, i += components) {
      if (left?.[p]) continue;
      count++;
      sum += values[i]!;
    }
    if (count === 0) continue;
    const mean = sum / count;
    let deviations = 0, squares = 0, rest = 0;
    for (let p = 0, i = c; p < points; p++, i += components) {
      if (left?.[p]) continue;
      const x = values[i]!;
      rest += x - mean;
      deviations += (x - mean) ** 2;
      squares += x * x;
    }
    // What rounding left of the mean is in `rest`.
    block.set([count, mean + rest / count, deviations - rest * rest / count, squares], BLOCK * c);
  }
  return block;
}

/** Population moments of several components at once. */
export class Moments {
  readonly #counts: Float64Array;
  readonly #means: Float64Array;
  /** Sums of squared deviations from the mean, and of squares. */
  readonly #deviations: Float64Array;
  readonly #squares: Float64Array;

  /** @param components how many */
  constructor(components: number) {
    this.#counts = new Float64Array(components);
    this.#means = new Float64Array(components);
    this.#deviations = new Float64Array(components);
    this.#squares = new Float64Array(components);
  }

  /** Numbers of a component so far. */
  count(component: number): number {
    return this.#counts[component]!;
  }

  /**
   * Adds a block.
   *
   * @param values `[points, components]`
   * @param left 1 for points that are left out
   */
  add(values: ArrayLike<number>, left: Uint8Array | null = null): void {
    this.join(blockMoments(values, this.#counts.length, left));
  }

  /**
   * Adds a block whose moments were taken elsewhere: the same bits as from its numbers.
   *
   * @param block of {@link blockMoments}
   */
  join(block: Float64Array): void {
    for (let c = 0; c < this.#counts.length; c++) {
      const [count, mean, deviations, squares] = block.subarray(BLOCK * c, BLOCK * (c + 1)) as unknown as [
        number,
        number,
        number,
        number,
      ];
      if (count > 0) this.#join(c, count, mean, deviations, squares);
    }
  }

  #join(c: number, count: number, mean: number, deviations: number, squares: number): void {
    const before = this.#counts[c]!;
    const total = before + count;
    const apart = mean - this.#means[c]!;
    this.#means[c]! += apart * count / total;
    this.#deviations[c]! += deviations + apart * apart * before * count / total;
    this.#squares[c]! += squares;
    this.#counts[c] = total;
  }

  mean(component: number): number {
    return this.#means[component]!;
  }

  /** Population deviation. */
  deviation(component: number): number {
    return Math.sqrt(this.#deviations[component]! / this.#counts[component]!);
  }

  /** Root mean square. */
  rms(component: number): number {
    return Math.sqrt(this.#squares[component]! / this.#counts[component]!);
  }
}
