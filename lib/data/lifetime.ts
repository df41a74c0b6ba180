// The end of a data set: who reads through it afterwards is told so at once, whatever the closed file would say.

import { DisposedError } from "../io/disposed.ts";

/** From when a data set is opened to when it is disposed of. */
export class Lifetime {
  readonly #name: string;
  #ended = false;

  /** @param name of what lives, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** Whether it is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends it. */
  end(): void {
    this.#ended = true;
  }

  #refuse(what: string, cause?: unknown): never {
    throw new DisposedError(`Cannot read ${what}: the data set "${this.#name}" is closed`, { cause });
  }

  /**
   * Reads while it lasts.
   *
   * @param what words for the message
   * @param read may run into the end, in which case what it throws is the end's doing
   * @throws DisposedError once it is over; what `read` throws
   */
  async run<T>(what: string, read: () => Promise<T>): Promise<T> {
    if (this.#ended) this.#refuse(what);
    try {
      return await read();
    } catch (error) {
      if (this.#ended && !(error instanceof DisposedError)) this.#refuse(what, error);
      throw error;
    }
  }
}

/** Calls a function once and keeps its result; a failure is forgotten, so that the next caller tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (made) return made;
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = null;
    });
    return making;
  };
}
