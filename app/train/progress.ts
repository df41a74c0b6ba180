// The line that says how a run goes: on a terminal rewritten in place, elsewhere one line now and then.

import type { Context } from "../cli.ts";
import { duration } from "../forecast/progress.ts";

/** Means over the steps since the last line. */
export class Progress {
  readonly #total: number;
  readonly #start: number;
  readonly #ceiling: number;
  readonly #began = performance.now();
  readonly #terminal: boolean;
  readonly #warn: Context["warn"];
  #steps = 0;
  #sums = { loss: 0, norm: 0, seconds: 0, stalled: 0, samples: 0, tokens: 0, operations: 0 };
  #open = false;

  /**
   * @param from steps done before
   * @param total steps of the whole run
   * @param ceiling floating-point operations a second that the device reaches at most
   * @param context where lines are shown
   */
  constructor(
    from: number,
    total: number,
    ceiling: number,
    { warn, interactive = false }: Pick<Context, "warn" | "interactive">,
  ) {
    this.#start = from;
    this.#total = total;
    this.#ceiling = ceiling;
    this.#terminal = interactive;
    this.#warn = warn;
  }

  /** Counts a step. */
  add(step: {
    loss: number;
    norm: number;
    seconds: number;
    stall: number;
    samples: number;
    tokens: number;
    operations: number;
  }): void {
    this.#steps++;
    this.#sums.loss += step.loss;
    this.#sums.norm += step.norm;
    this.#sums.seconds += step.seconds;
    this.#sums.stalled += step.stall * step.seconds;
    this.#sums.samples += step.samples;
    this.#sums.tokens += step.tokens;
    this.#sums.operations += step.operations;
  }

  /** Shows the line and starts new means, which it returns. */
  show(step: number, learningRate: number): Record<string, number> {
    const { loss, norm, seconds, stalled, samples, tokens, operations } = this.#sums;
    const means = {
      "train/loss": loss / this.#steps,
      "train/norm": norm / this.#steps,
      "train/learning_rate": learningRate,
      "speed/samples_per_second": samples / seconds,
      "speed/tokens_per_second": tokens / seconds,
      "speed/gflops": operations / seconds / 1e9,
      "speed/share_of_peak": operations / seconds / this.#ceiling,
      "speed/stall_share": stalled / seconds,
    };
    this.#steps = 0;
    this.#sums = { loss: 0, norm: 0, seconds: 0, stalled: 0, samples: 0, tokens: 0, operations: 0 };
    const elapsed = (performance.now() - this.#began) / 1000;
    const left = elapsed / (step - this.#start) * (this.#total - step);
    this.say(
      `step ${step}/${this.#total}  loss ${means["train/loss"].toFixed(3)}  lr ${
        learningRate.toExponential(2)
      }  norm ${means["train/norm"].toFixed(1)}  ${means["speed/samples_per_second"].toFixed(2)} samples/s  ${
        Math.round(means["speed/tokens_per_second"])
      } tokens/s  ${means["speed/gflops"].toFixed(0)} GFLOP/s (${
        (100 * means["speed/share_of_peak"]).toFixed(0)
      } % of peak)  stall ${(100 * means["speed/stall_share"]).toFixed(0)} %  ${duration(left)} left`,
      true,
    );
    return means;
  }

  /** Prints a line; `passing` ones are overwritten by the next on a terminal. */
  say(line: string, passing = false): void {
    if (!this.#terminal) return this.#warn(line);
    const clear = this.#open ? "\r\x1b[2K" : "";
    Deno.stderr.writeSync(new TextEncoder().encode(clear + line + (passing ? "" : "\n")));
    this.#open = passing;
  }
}
