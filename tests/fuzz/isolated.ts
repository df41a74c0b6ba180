// Tries in a worker of their own: one that does not end in time is ended, and the next one gets a new worker.

/** What reading a file came to. */
export interface Outcome {
  /** Bytes of the largest array that was given, and bytes asked of the file. */
  readonly given: number;
  readonly asked: number;
  /** Bytes of the HDF5 library's memory afterwards. */
  readonly memory: number;
  /** Bytes of memory that the whole process holds afterwards. */
  readonly resident: number;
  /** Names that the file left behind in the worker's globals or in what all objects inherit. */
  readonly strays: readonly string[];
  /** Milliseconds, without the start of a worker. */
  readonly took: number;
  /** Why it was not read. */
  readonly error: { readonly name: string; readonly message: string; readonly stack: string } | null;
}

/** Files that a worker reads before the next one takes its place: in long runs what it holds would only grow. */
const MOST_READ = 10_000;

/** Reads files apart from the tests. */
export class Isolated {
  #worker: Worker | null = null;
  #read = 0;

  async #start(): Promise<Worker> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    return worker;
  }

  /**
   * Reads a file.
   *
   * @param kind name of its kind
   * @param file its bytes
   * @param most milliseconds it may take
   * @returns what it came to; null when it did not end in time
   */
  async read(kind: string, file: Uint8Array, most: number): Promise<Outcome | null> {
    if (this.#read++ % MOST_READ === 0) this[Symbol.dispose]();
    const worker = this.#worker ?? await this.#start();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const before = performance.now();
    try {
      const outcome = await new Promise<Omit<Outcome, "took"> | null>((resolve, reject) => {
        timer = setTimeout(() => resolve(null), most);
        worker.onmessage = ({ data }: MessageEvent<Omit<Outcome, "took">>) => resolve(data);
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(`The worker ended: ${event.message}`));
        };
        worker.postMessage({ kind, file });
      });
      if (!outcome) this[Symbol.dispose]();
      return outcome && { ...outcome, took: performance.now() - before };
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = null;
  }
}
