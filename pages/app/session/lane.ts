// One forecast among those that are computed together: a rollout that is asked for a frame at a time. A step that is
// under way when the user cancels is kept and taken up again; one that takes long is ended.

import type { ForecastModel, Frame, Sample } from "walrus";

/** How a rollout runs, wherever its device is. */
export type Rolling = Parameters<ForecastModel["rollout"]>[1];

/** A forecast to compute. */
export interface LanePlan {
  /** Id of its track. */
  readonly id: string;
  readonly label: string;
  readonly model: Pick<ForecastModel, "rollout">;
  readonly seed: number;
}

/** See the head of the file. */
export class Lane {
  readonly id: string;
  readonly label: string;
  readonly #plan: LanePlan;
  readonly #start: Sample;
  readonly #options: Rolling;
  readonly #frames: Frame[] = [];
  #rollout: AsyncGenerator<Frame, void, void> | null = null;
  #abort = new AbortController();
  /** The frame that is under way. */
  #pending: Promise<Frame> | null = null;

  constructor(plan: LanePlan, start: Sample, options: Rolling) {
    this.id = plan.id;
    this.label = plan.label;
    this.#plan = plan;
    this.#start = start;
    this.#options = options;
  }

  /** Frames that are done. */
  get done(): number {
    return this.#frames.length;
  }

  /** The next frame; asked again before it is done it is the same one. */
  next(): Promise<Frame> {
    this.#pending ??= this.#ask().finally(() => this.#pending = null);
    return this.#pending;
  }

  async #ask(): Promise<Frame> {
    const abort = this.#abort;
    this.#rollout ??= this.#plan.model.rollout(this.#start, {
      ...this.#options,
      seed: this.#plan.seed,
      signal: abort.signal,
      ...(this.#frames.length > 0 ? { after: this.#frames } : {}),
    });
    try {
      const { value, done } = await this.#rollout.next();
      if (done || !value) throw new RangeError(`The forecast ended after step ${this.done}`);
      this.#frames.push(value);
      this.#forget(this.#frames.length - 1 - this.#start.times.length);
      return value;
    } catch (error) {
      // It can not be asked again: the next one goes on after what there is.
      if (this.#abort === abort) this.#rollout = null;
      throw error;
    }
  }

  /** A rollout goes on after the frames of a window: of those before it only that they were there. */
  #forget(index: number): void {
    const frame = this.#frames[index];
    if (frame) this.#frames[index] = { ...frame, values: [] };
  }

  /** Ends what is under way and gives its memory back. Frames are kept. */
  stop(): void {
    this.#abort.abort(new DOMException("cancelled", "AbortError"));
    this.#abort = new AbortController();
    void this.#rollout?.return().catch(() => {});
    this.#rollout = null;
    this.#pending?.catch(() => {});
    this.#pending = null;
  }
}
