// A network that computes nothing: frames come when a test lets them, and what was asked is on record.

import type { Sample } from "../../lib/data/dataset.ts";
import { type Frame, frameAfter } from "../../lib/forecast/frame.ts";
import type { ForecastModel } from "../../lib/forecast/forecast_model.ts";
import type { MemoryEstimate } from "../../lib/forecast/prepare.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import type { Model } from "../../lib/models/model.ts";
import { toyModel } from "../toy/network.ts";

/** How it behaves. */
export interface StubOptions {
  /** What a forecast is planned to take, of kinds that are new. */
  readonly need?: MemoryEstimate;
  /** Milliseconds that a frame takes. */
  readonly pace?: number;
  /** Throws before a frame of this number. */
  readonly failAt?: number;
  /** What it throws then. */
  readonly error?: Error;
  /** Numbers that it has. */
  readonly weights?: number;
}

/** Waits, no longer than a signal lets it. */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  });
}

/** See the head of the file. */
export class StubModel implements ForecastModel {
  readonly model: Model;
  readonly warnings = [];
  readonly deviceName = "stub";
  /** Frames that were computed. */
  computed = 0;
  /** Rollouts that run now, and the most that did at the same time. */
  running = 0;
  most = 0;
  /** Rollouts that have begun. */
  begun = 0;
  disposed = false;
  readonly #options: StubOptions;
  readonly #kinds = new Set<string>();

  constructor(options: StubOptions = {}) {
    this.#options = options;
    const { weights = 1000 } = options;
    const toy = toyModel(2, 4) as Model;
    const [parameter] = toy.parameters.values();
    this.model = { ...toy, parameters: new Map([["toy.in", { ...parameter!, shape: [weights] }]]) };
  }

  async *rollout(start: Sample, { steps, signal, admit }: RolloutOptions): AsyncGenerator<Frame, void, void> {
    if (this.disposed) throw new Error("The stub is disposed of");
    const { need = { weights: 1000, working: 1000 }, pace = 0, failAt } = this.#options;
    const kind = start.info.grid.shape.join();
    if (!this.#kinds.has(kind)) await admit?.(need);
    this.#kinds.add(kind);
    this.begun++;
    this.most = Math.max(this.most, ++this.running);
    try {
      for (let step = 1; step <= steps; step++) {
        await pause(pace, signal);
        if (step === failAt) throw this.#options.error ?? new Error("in /srv/secret/network.ts: it broke");
        this.computed++;
        const size = start.values[0]!.length / start.times.length;
        const values = start.values.map((field) => field.slice(-size).map((number) => number + step));
        yield frameAfter(start, values, step, start.times.at(-1)! + step);
      }
    } finally {
      this.running--;
    }
  }

  [Symbol.dispose](): void {
    this.disposed = true;
  }
}
