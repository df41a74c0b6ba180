// Worker threads over one shared memory. Workers leave by themselves after a second without runs, so a device that
// nobody disposes of does not keep the process alive; the next run starts them again.

import { CONTROL, STATE } from "./control.ts";
import { WORKER_SOURCE, type WorkerStart } from "./worker.ts";

/** Where each worker's stack ends, and what all of them share. */
export interface PoolOptions {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  /** An address as the module takes it. */
  readonly pointer: (address: number) => number | bigint;
  /** Top of the stack of worker 1, 2, .. */
  readonly stacks: readonly number[];
}

/** Whether the calling thread may sleep; pages forbid it on the main thread. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Workers 1 .. n; the calling thread is number 0. */
export class Pool {
  readonly #options: PoolOptions;
  #disposed = false;

  private constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Starts all workers. */
  static async start(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await Promise.all(options.stacks.map((_, i) => pool.#launch(i + 1)));
    return pool;
  }

  #words(): Int32Array {
    const { memory, control } = this.#options;
    return new Int32Array(memory.buffer, control, 128);
  }

  #launch(thread: number): Promise<void> {
    const { module, memory, control, stacks, pointer } = this.#options;
    Atomics.store(this.#words(), CONTROL.states + thread, STATE.starting);
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
    return new Promise((resolve, reject) => {
      const worker = new Worker(url, { type: "module" });
      const settle = (finish: () => void) => {
        URL.revokeObjectURL(url);
        worker.onmessage = worker.onerror = null;
        finish();
      };
      worker.onmessage = () => settle(resolve);
      worker.onerror = (event) => {
        event.preventDefault();
        settle(() => reject(new Error(`Cannot start thread ${thread}: ${event.message}`)));
      };
      const start: WorkerStart = {
        module,
        memory,
        control: pointer(control),
        thread,
        stack: pointer(stacks[thread - 1] ?? 0),
      };
      worker.postMessage(start);
    });
  }

  /** Takes every worker for one run; those that have left are started again. */
  async claim(): Promise<void> {
    for (let thread = 1; thread <= this.#options.stacks.length; thread++) {
      for (;;) {
        const index = CONTROL.states + thread;
        const state = Atomics.compareExchange(this.#words(), index, STATE.ready, STATE.busy);
        if (state === STATE.ready) break;
        // Starting, or about to finish the run before: a matter of microseconds.
        if (state === STATE.gone) await this.#launch(thread);
      }
    }
  }

  /** Lets the claimed workers go. The calling thread has to take part right after. */
  release(): void {
    const words = this.#words();
    Atomics.add(words, CONTROL.epoch, 1);
    Atomics.notify(words, CONTROL.epoch);
  }

  /** Tells the workers to leave. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    Atomics.store(this.#words(), CONTROL.quit, 1);
    this.release();
  }
}
