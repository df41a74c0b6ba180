// Reads and decodes samples in workers, so that the device does not wait for files.

import type { Sample } from "walrus";
import type { Masks } from "walrus/data";
import type { BatchPlan, PlanSettings } from "walrus/train";

/** What a worker opens for itself. */
export interface LoaderSetup {
  /** Folder and split of each system, in the order of the mixture. */
  readonly systems: readonly { readonly folder: string; readonly split: string }[];
  /** Fields that are masks besides those of the usual names. */
  readonly masks: Masks;
  /** How the mixture draws. */
  readonly settings: PlanSettings;
  /** The network, whose symmetries are drawn: its family, where that is found, its configuration. */
  readonly model: { readonly family: string; readonly module?: string; readonly config: unknown };
}

/** What the worker is given: first what to open, then plans. */
export type LoaderRequest = LoaderSetup | { readonly id: number; readonly plan: BatchPlan };

/** What it answers to a plan. */
export type LoaderAnswer =
  | { readonly id: number; readonly samples: readonly Sample[] }
  | { readonly id: number; readonly error: string };

interface Waiting {
  readonly resolve: (samples: readonly Sample[]) => void;
  readonly reject: (error: Error) => void;
}

/** A worker that reads plans in the order in which they are asked for. */
class Reader {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(setup: LoaderSetup) {
    this.#worker = new Worker(new URL("./loader_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<LoaderAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("samples" in data) waiting?.resolve(data.samples);
      else waiting?.reject(new RangeError(data.error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`Reading ahead failed: ${event.message}`));
      }
      this.#waiting.clear();
    };
    this.#send(setup);
  }

  /** Plans that it has not answered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  #send(request: LoaderRequest): void {
    this.#worker.postMessage(request);
  }

  read(plan: BatchPlan): Promise<readonly Sample[]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, plan });
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Workers that read plans side by side; each opens the data for itself. */
export class Loader {
  readonly #readers: readonly Reader[];

  /**
   * @param setup what each worker opens
   * @param workers how many, 1 unless given
   */
  constructor(setup: LoaderSetup, workers = 1) {
    this.#readers = Array.from({ length: workers }, () => new Reader(setup));
  }

  /**
   * Samples of a plan, by the worker that has the least to do.
   *
   * @throws RangeError for files that can not be read, or numbers that are not finite
   */
  read(plan: BatchPlan): Promise<readonly Sample[]> {
    return this.#readers.reduce((least, next) => next.waiting < least.waiting ? next : least).read(plan);
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    for (const reader of this.#readers) reader[Symbol.dispose]();
  }
}
