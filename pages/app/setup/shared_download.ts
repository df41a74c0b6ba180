// A download that is begun once and waited for by several: each is told how far it is, and ends it while it runs.

import type { OnBytes } from "../download.ts";

/** Who waits for a download. */
export interface Waiting {
  readonly signal: AbortSignal;
  onBytes: OnBytes;
}

/** Milliseconds from one time that it is told how far it is to the next. */
const PAUSE = 250;

/** See the head of the file. */
export class SharedDownload<T> {
  readonly #begin: (signal: AbortSignal, onBytes: OnBytes) => Promise<T>;
  #running: Promise<T> | null = null;
  #abort = new AbortController();
  readonly #waiting = new Set<OnBytes>();
  #last: readonly [number, number | null] | null = null;

  constructor(begin: (signal: AbortSignal, onBytes: OnBytes) => Promise<T>) {
    this.#begin = begin;
  }

  /** Waits for it; begins it where it is not under way. One that failed is begun anew. */
  wait({ signal, onBytes }: Waiting): Promise<T> {
    this.#waiting.add(onBytes);
    if (this.#last) onBytes(...this.#last);
    this.#running ??= this.#start();
    const end = () => this.#abort.abort(signal.reason);
    signal.addEventListener("abort", end);
    const running = this.#running;
    running.catch(() => {}).finally(() => {
      signal.removeEventListener("abort", end);
      this.#waiting.delete(onBytes);
    });
    return running;
  }

  #start(): Promise<T> {
    this.#abort = new AbortController();
    let told = -Infinity;
    const running = this.#begin(this.#abort.signal, (done, total) => {
      this.#last = [done, total];
      // Each time the page is drawn: now and then is enough, and the end is always told.
      if (performance.now() - told < PAUSE && done !== total) return;
      told = performance.now();
      for (const tell of this.#waiting) tell(done, total);
    });
    running.then(() => this.#last = null, () => {
      this.#running = null;
      this.#last = null;
    });
    return running;
  }
}
