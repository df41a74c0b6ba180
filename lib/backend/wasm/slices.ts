// A program in slices: how many of its launches fit into some milliseconds. Guesses by their arithmetic at first, then
// by what they took in the runs before.

import { launchEstimate } from "../../compile/work.ts";
import type { Launch } from "../../compile/program.ts";

/** Operations a thread does in a millisecond, until something was measured: few, so that the first slice is short. */
const OPERATIONS = 1e7;

/** See the head of the file. */
export class Slices {
  readonly #estimates: readonly number[];
  /** Milliseconds that launches took, NaN of those that have not run. */
  readonly #known: Float64Array;
  /** Milliseconds an operation, by all that was measured. */
  #rate: number;

  constructor(launches: readonly Launch[], threads: number) {
    this.#estimates = launches.map(launchEstimate);
    this.#known = new Float64Array(launches.length).fill(NaN);
    this.#rate = 1 / (OPERATIONS * threads);
  }

  #expected(launch: number): number {
    const known = this.#known[launch]!;
    return Number.isNaN(known) ? this.#estimates[launch]! * this.#rate : known;
  }

  /** Launches from `first` on that take no longer than `milliseconds`, maybe none. */
  count(first: number, milliseconds: number): number {
    let end = first;
    for (let sum = 0; end < this.#known.length; end++) {
      sum += this.#expected(end);
      if (sum > milliseconds) break;
    }
    return end - first;
  }

  /** Learns what launches took. */
  measured(first: number, count: number, milliseconds: number): void {
    let [expected, estimated] = [0, 0];
    for (let i = first; i < first + count; i++) {
      expected += this.#expected(i);
      estimated += this.#estimates[i]!;
    }
    if (!(expected > 0 && milliseconds > 0)) return;
    for (let i = first; i < first + count; i++) {
      const now = this.#expected(i) * milliseconds / expected;
      const before = this.#known[i]!;
      // A slice that was interrupted by others is not taken at its word.
      this.#known[i] = Number.isNaN(before) ? now : (before + now) / 2;
    }
    this.#rate += (milliseconds / estimated - this.#rate) / 2;
  }
}
