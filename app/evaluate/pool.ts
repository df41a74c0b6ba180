// Several processes for the units of an evaluation: workers, each with a device, a network and data of its own. Whoever is
// free takes the next unit; parts are files, so it does not matter who made them.

import type { Setup, Unit } from "./units.ts";

/** What a worker is given: first what to open, then units. */
export type WorkerRequest = { readonly setup: Setup } | { readonly unit: Unit };

/** What it answers to a unit. */
export interface WorkerAnswer {
  readonly id: string;
  readonly error?: string;
}

/** A worker that does a unit at a time. */
class Process {
  readonly #worker: Worker;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;

  constructor(setup: Setup) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      const waiting = this.#waiting;
      this.#waiting = null;
      if (data.error === undefined) waiting?.resolve();
      else waiting?.reject(new RangeError(data.error));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#waiting?.reject(new Error(`A process of the evaluation ended: ${event.message}`));
      this.#waiting = null;
    };
    this.#send({ setup });
  }

  #send(request: WorkerRequest): void {
    this.#worker.postMessage(request);
  }

  run(unit: Unit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#send({ unit });
    });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/**
 * Does units in several workers.
 *
 * @param setup what each opens
 * @param units in their order
 * @param processes how many workers
 * @param onDone told each unit that is done
 * @param signal ends them; parts that are written stay
 */
export async function runInWorkers(
  setup: Setup,
  units: readonly Unit[],
  processes: number,
  onDone: (unit: Unit) => void,
  signal: AbortSignal,
): Promise<void> {
  using workers = new DisposableStack();
  const queue = [...units];
  const { promise: aborted, reject: abort } = Promise.withResolvers<never>();
  const onAbort = () => abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  workers.defer(() => signal.removeEventListener("abort", onAbort));
  const count = Math.min(processes, units.length);
  const all = Array.from({ length: count }, async () => {
    const process = workers.use(new Process(setup));
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      try {
        await process.run(unit);
      } catch (error) {
        // The others end after what they are at: their parts are of use when the evaluation goes on.
        queue.length = 0;
        throw error;
      }
      onDone(unit);
    }
  });
  aborted.catch(() => {});
  const ended = await Promise.race([Promise.allSettled(all), aborted]);
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
