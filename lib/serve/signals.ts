// Signals of a request: the client left, its time is over, the service ends; and waiting no longer than they let.

import { readDeadline } from "./deadline.ts";
import { Refusal } from "./refusal.ts";

/** What the work for a client that left is ended with. */
export class LeftError extends Error {
  override readonly name = "LeftError";
}

/** Longest time that a timer takes. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits for work, no longer than a signal lets it; the work goes on by itself.
 *
 * @param work to wait for
 * @param signal whose reason it rejects with
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(await untilAborted(Promise.resolve(1), new AbortController().signal), 1);
 * await assert.rejects(untilAborted(new Promise(() => {}), AbortSignal.abort(new Error("enough"))), /enough/);
 * ```
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // What nobody waits for any more may fail unheard.
  work.catch(() => {});
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Ends what is under way when the service ends. No signal: edge runtimes bind one to the request within which it was made,
 * and make none where there is no request.
 */
export class Ending {
  readonly #listeners = new Set<(reason: Refusal) => void>();
  #reason: Refusal | null = null;

  /** Ends all that listen, and at once whoever comes later. */
  end(reason: Refusal): void {
    this.#reason ??= reason;
    for (const listener of [...this.#listeners]) listener(reason);
  }

  /** @returns what stops listening */
  listen(listener: (reason: Refusal) => void): () => void {
    if (this.#reason) listener(this.#reason);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** What may end a request. */
export interface RequestSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Seconds that it has. */
  readonly seconds: number;
  /** Ends it. */
  abort(reason: unknown): void;
}

/**
 * The signal of a request.
 *
 * @param request whose client may leave, and may say how long it waits
 * @param ending fires when the service ends
 * @param most seconds that it may take
 * @throws Refusal `malformed` for a deadline that is none
 */
export function requestSignal(request: Request, ending: Ending, most: number): RequestSignal {
  const seconds = Math.min(most, readDeadline(request.headers) ?? most);
  const controller = new AbortController();
  const left = () => controller.abort(new LeftError("The client left"));
  const late = () => controller.abort(new Refusal("deadline", `The request took longer than ${seconds} s`));
  const timer = setTimeout(late, Math.min(seconds * 1000, LONGEST));
  if (request.signal.aborted) left();
  request.signal.addEventListener("abort", left);
  const forget = ending.listen((reason) => controller.abort(reason));
  return {
    signal: controller.signal,
    seconds,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", left);
      forget();
    },
  };
}
