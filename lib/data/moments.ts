// Mean, deviation and root mean square in one pass. Each block of numbers is taken about its own mean and then joined to
// those before it (Chan, Golub and LeVeque 1979): a large mean costs no digits, as it does with E[x^2] - mean^2.

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
    const components = this.#counts.length;
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
      this.#join(c, count, mean + rest / count, deviations - rest * rest / count, squares);
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
