// How long a device may keep the thread it is called on. Timers, signals and drawing have their turn after every 20 ms
// of computing, whatever the number of runs it was spent on; the pause itself costs microseconds.

/** Milliseconds of computing between two turns of the event loop. */
const PERIOD = 20;

/** Ends the current turn of the event loop; not delayed as timers are, and nothing that keeps a process alive. */
function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate) return new Promise((resolve) => void setImmediate(resolve));
  if (typeof MessageChannel === "undefined") return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** See the head of the file. */
export class Pace {
  #spent = 0;

  /** Milliseconds of computing until the event loop is to have its turn; 0 when it is due. */
  get left(): number {
    return Math.max(0, PERIOD - this.#spent);
  }

  /** Counts time of computing. */
  spend(milliseconds: number): void {
    this.#spent += milliseconds;
  }

  /** Lets the event loop have its turn. */
  async pause(): Promise<void> {
    await nextTurn();
    this.#spent = 0;
  }
}
