// A worker that is asked one thing after the other. One that takes too long, or ends, is replaced: what one request holds
// costs others no more than the time of a start.

/** The worker ended by an error of its own. */
export class WorkerEnded extends Error {
  override readonly name = "WorkerEnded";
}

/** What surrounds a question. */
export interface AskOptions {
  /** Gives it up, and the worker with it. */
  readonly signal: AbortSignal;
  /** Memory that goes over. */
  readonly transfer?: readonly ArrayBuffer[];
  /** Bytes that it makes the worker take, about. */
  readonly bytes: number;
}

/** A promise that rejects when a signal fires, and what takes the listener away. */
function aborted(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const fire = () => reject(signal.reason);
  if (signal.aborted) fire();
  else signal.addEventListener("abort", fire, { once: true });
  return { promise, stop: () => signal.removeEventListener("abort", fire) };
}

/** See the head of the file. */
export class SerialWorker<Question, Answer> implements Disposable {
  readonly #script: URL;
  readonly #worn: number;
  readonly #what: string;
  #worker: Worker | null = null;
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param script of the worker, which answers each message with one
   * @param worn bytes after which it is replaced: memory of WebAssembly grows and never shrinks
   * @param what it does, for messages: `decodes`
   */
  constructor(script: URL, worn: number, what: string) {
    this.#script = script;
    this.#worn = worn;
    this.#what = what;
  }

  /**
   * Asks when what was asked before is answered.
   *
   * @throws WorkerEnded, or the signal's reason
   */
  async ask(question: Question, options: AskOptions): Promise<Answer> {
    const before = this.#last;
    const { promise: turn, resolve: done } = Promise.withResolvers<void>();
    this.#last = before.then(() => turn);
    const ending = aborted(options.signal);
    try {
      await Promise.race([before, ending.promise]);
      return await this.#asked(question, options, ending.promise);
    } finally {
      ending.stop();
      done();
    }
  }

  async #asked(
    question: Question,
    { transfer = [], bytes }: AskOptions,
    ended: Promise<never>,
  ): Promise<Answer> {
    const worker = this.#worker ??= new Worker(this.#script, { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new WorkerEnded(`The worker that ${this.#what} ended: ${event.message}`));
    };
    this.#bytes += bytes;
    try {
      worker.postMessage(question, [...transfer]);
      const answer = await Promise.race([promise, ended]);
      if (this.#bytes > this.#worn) this[Symbol.dispose]();
      return answer;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends the worker; what is asked next starts another. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#bytes = 0;
  }
}
