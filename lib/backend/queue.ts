// The turns of a device: requests run one after the other, in their order. Whatever an entry uses may be disposed of at
// any time: entries that wait reject at once, the one that runs learns of it when it checks.

import { DisposedError } from "../compile/device.ts";

/** A request. */
export interface Request {
  /** Words for errors, `read buffer "x"`. */
  readonly action: string;
  /** What it uses. */
  readonly lives: readonly Life[];
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
}

/** An entry that has its turn. */
export interface Turn {
  /** @throws DisposedError or the signal's reason, once the entry is to end */
  check(): void;
}

/** Something that is disposed of once, and the entries that use it meanwhile. */
export class Life {
  readonly #what: string;
  readonly #entries = new Set<Entry>();
  #ended = false;

  /** @param what its name in errors, `buffer "x"` */
  constructor(what: string) {
    this.#what = what;
  }

  /** The error of an action that needs it; null while it lives. */
  failure(action: string): DisposedError | null {
    return this.#ended ? new DisposedError(`Cannot ${action}: ${this.#what} is disposed of`) : null;
  }

  /** @throws DisposedError once it has ended */
  check(action: string): void {
    const failure = this.failure(action);
    if (failure) throw failure;
  }

  /** Ends it, and with it the entries that use it; false when it had ended before. */
  end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    for (const entry of [...this.#entries]) entry.fail(this.failure(entry.action));
    return true;
  }

  /** Counts an entry in, or out again. */
  join(entry: Entry): void {
    this.#entries.add(entry);
  }

  leave(entry: Entry): void {
    this.#entries.delete(entry);
  }
}

/** A request, from its arrival until it is settled. */
class Entry implements Turn {
  readonly #request: Request;
  readonly #ended: () => void;
  #failure: { readonly reason: unknown } | null = null;

  /** @param ended called once when it is to end, maybe never */
  constructor(request: Request, ended: () => void = () => {}) {
    this.#request = request;
    this.#ended = ended;
  }

  get action(): string {
    return this.#request.action;
  }

  readonly #aborted = () => this.fail(this.#request.signal!.reason);

  /** Listens from now on. @throws DisposedError or the signal's reason when it is too late already */
  begin(): void {
    const { action, lives, signal } = this.#request;
    for (const life of lives) life.check(action);
    signal?.throwIfAborted();
    for (const life of lives) life.join(this);
    signal?.addEventListener("abort", this.#aborted);
  }

  /** Listens no longer. */
  settle(): void {
    for (const life of this.#request.lives) life.leave(this);
    this.#request.signal?.removeEventListener("abort", this.#aborted);
  }

  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#ended();
  }

  check(): void {
    if (this.#failure) throw this.#failure.reason;
  }
}

/**
 * Waits for work that goes on by itself, no longer than what it is for.
 *
 * @returns what the work gives; rejects as soon as the request is to end
 */
export function attend<T>(request: Request, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const entry: Entry = new Entry(request, () => {
      entry.settle();
      try {
        entry.check();
      } catch (reason) {
        reject(reason);
      }
    });
    try {
      entry.begin();
    } catch (reason) {
      work.catch(() => {});
      return reject(reason);
    }
    work.finally(() => entry.settle()).then(resolve, reject);
  });
}

/** See the head of the file. */
export class Queue {
  /** Starts what waits, in the order of asking. */
  readonly #waiting = new Set<() => void>();
  readonly #releases: (() => void)[] = [];
  readonly #onIdle: (() => void)[] = [];
  #isRunning = false;
  #isPumping = false;

  /** Whether nothing runs or waits: what is entered now starts before `enter` returns. */
  get isIdle(): boolean {
    return !this.#isRunning && this.#waiting.size === 0;
  }

  /**
   * Enters a task.
   *
   * @param request what it uses and what errors call it
   * @param task starts at once where nothing else is entered
   * @returns what the task gives; rejects as soon as the request is to end and the task has not begun
   */
  enter<T>(request: Request, task: (turn: Turn) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = new Entry(request, () => {
        if (!this.#waiting.delete(start)) return;
        entry.settle();
        try {
          entry.check();
        } catch (reason) {
          reject(reason);
        }
      });
      // The turn is over before the caller hears of it: what it asks for next may start at once.
      const finish = (tell: () => void) => {
        entry.settle();
        this.#end();
        tell();
      };
      const start = () => {
        try {
          const result = task(entry);
          if (!(result instanceof Promise)) return finish(() => resolve(result));
          result.then(
            (value) => finish(() => resolve(value)),
            (reason) => finish(() => reject(reason)),
          );
        } catch (reason) {
          finish(() => reject(reason));
        }
      };
      entry.begin();
      this.#waiting.add(start);
      this.#pump();
    });
  }

  /** Gives something back when no entry runs: now, or before the next one begins. */
  release(free: () => void): void {
    if (this.#isRunning) this.#releases.push(free);
    else free();
  }

  /** Settles when nothing runs or waits and all is given back. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** Starts what waits: one after the other as long as they take no time. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (const start of this.#waiting) {
      if (this.#isRunning) break;
      this.#isRunning = true;
      this.#waiting.delete(start);
      start();
    }
    this.#isPumping = false;
    if (this.isIdle) { for (const tell of this.#onIdle.splice(0)) tell(); }
  }

  #end(): void {
    this.#isRunning = false;
    for (const free of this.#releases.splice(0)) free();
    this.#pump();
  }
}
