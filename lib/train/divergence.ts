// Whether a run has gone astray though its numbers are still finite: the loss far above where it began, or a score far
// above the best one.

/** A validation score this many times as large as the best one is no step on the way. */
const SCORE_FACTOR = 10;
/** A loss likewise; systems of a mixture differ by some of it. */
const LOSS_FACTOR = 30;
/** Steps whose mean loss is where a run stands. */
const STEPS = 5;

/** Watches the losses of a run from its start, or from where it was resumed. */
export class DivergenceWatch {
  /** Loss of the first step, which is that of the weights it began with. */
  #first: number | null = null;
  readonly #last: number[] = [];

  /** Takes the loss of a step. */
  add(loss: number): void {
    this.#first ??= loss;
    this.#last.push(loss);
    if (this.#last.length > STEPS) this.#last.shift();
  }

  /**
   * Why the run is said to have diverged, or null.
   *
   * @param score of the last validation; null where there was none
   * @param best score before it; null where there was none
   */
  verdict(score: number | null = null, best: number | null = null): string | null {
    if (score !== null && best !== null && score > Math.max(1, SCORE_FACTOR * best)) {
      return `the validation score is ${score.toPrecision(4)}, the best one was ${best.toPrecision(4)}`;
    }
    if (this.#first === null) return null;
    const last = this.#last.reduce((sum, loss) => sum + loss, 0) / this.#last.length;
    return last > LOSS_FACTOR * this.#first
      ? `the training loss is ${last.toPrecision(4)}, it began at ${this.#first.toPrecision(4)}`
      : null;
  }
}
