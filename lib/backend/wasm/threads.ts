// Worker threads over one shared memory. Workers leave by themselves after a second without runs, so a device that
// nobody disposes of does not keep the process alive; the next run starts them again.

import { CONTROL, STATE } from "./control.ts";
import { startWorker } from "./start_worker.ts";

/** How often a worker's state is looked at before the calling thread sleeps, and for how many milliseconds it does. */
const SPINS = 1000, PATIENCE = 0.05;

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
    return startWorker({
      module,
      memory,
      control: pointer(control),
      thread,
      stack: pointer(stacks[thread - 1] ?? 0),
    });
  }

  /**
   * Takes every worker for one run; those that have left are started again.
   *
   * @throws Error when one can not be; the others are ready for another claim
   */
  async claim(): Promise<void> {
    let thread = 1;
    try {
      for (; thread <= this.#options.stacks.length; thread++) await this.#take(thread);
    } catch (error) {
      const words = this.#words();
      for (let taken = 1; taken < thread; taken++) {
        Atomics.store(words, CONTROL.states + taken, STATE.ready);
      }
      Atomics.store(words, CONTROL.states + thread, STATE.gone);
      throw error;
    }
  }

  async #take(thread: number): Promise<void> {
    const index = CONTROL.states + thread;
    for (let tries = 0;; tries++) {
      const words = this.#words();
      const state = Atomics.compareExchange(words, index, STATE.ready, STATE.busy);
      if (state === STATE.ready) return;
      if (state === STATE.gone) await this.#launch(thread);
      // Starting, or about to finish the run before: a matter of microseconds, unless it waits for a processor.
      else if (tries > SPINS && words[CONTROL.mainMayWait]) Atomics.wait(words, index, state, PATIENCE);
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
