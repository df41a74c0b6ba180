// Whether a run has gone astray though its numbers are still finite: the loss far above where it began, or a score far
// above the best one.

/** A loss or a score this many times as large as it was is no step on the way. */
const FACTOR = 10;
/** Steps whose mean loss is where the run began. */
const START = 5;

/** Watches the losses of a run. */
export class DivergenceWatch {
  readonly #first: number[] = [];
  readonly #last: number[] = [];

  /** Takes the loss of a step. */
  add(loss: number): void {
    if (this.#first.length < START) this.#first.push(loss);
    this.#last.push(loss);
    if (this.#last.length > START) this.#last.shift();
  }

  /**
   * Why the run is said to have diverged, or null.
   *
   * @param score of the last validation; null where there was none
   * @param best score before it
   */
  verdict(score: number | null = null, best: number | null = null): string | null {
    if (score !== null && score > Math.max(1, FACTOR * (best ?? Infinity))) {
      return `the validation score is ${score.toPrecision(4)}, the best one was ${best!.toPrecision(4)}`;
    }
    const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const [first, last] = [mean(this.#first), mean(this.#last)];
    return last > FACTOR * first
      ? `the training loss is ${last.toPrecision(4)}, it began at ${first.toPrecision(4)}`
      : null;
  }
}
