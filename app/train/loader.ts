// Reads and decodes windows in a worker, so that the device does not wait for files.

import type { Window } from "../../lib/data/window.ts";
import type { BatchPlan } from "../../lib/train/mixture.ts";

/** Files of a system and the input frames of its windows. */
export interface LoaderSystem {
  readonly files: readonly string[];
  readonly frames: number;
}

/** What the worker is told: first the systems, then plans. */
export type LoaderRequest = { readonly systems: readonly LoaderSystem[] } | {
  readonly id: number;
  readonly plan: BatchPlan;
};

/** What it answers to a plan. */
export type LoaderAnswer =
  | { readonly id: number; readonly windows: Window[] }
  | { readonly id: number; readonly error: string };

interface Waiting {
  readonly resolve: (windows: Window[]) => void;
  readonly reject: (error: Error) => void;
}

/** A worker that reads plans in the order in which they are asked for. */
export class Loader {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  /** @param systems in the order of the mixture */
  constructor(systems: readonly LoaderSystem[]) {
    this.#worker = new Worker(new URL("./loader_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<LoaderAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("windows" in data) waiting?.resolve(data.windows);
      else waiting?.reject(new RangeError(data.error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`Reading ahead failed: ${event.message}`));
      }
      this.#waiting.clear();
    };
    this.#send({ systems });
  }

  #send(request: LoaderRequest): void {
    this.#worker.postMessage(request);
  }

  /**
   * Windows of a plan.
   *
   * @throws RangeError for files that can not be read, or numbers that are not finite
   */
  read(plan: BatchPlan): Promise<Window[]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, plan });
    });
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
