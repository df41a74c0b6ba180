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
 * The end of a service, which its requests are told of. No `AbortSignal`: edge runtimes let a request touch none that
 * another has made.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const ending = new Ending();
 * let told: unknown;
 * ending.onEnd((reason) => told = reason);
 * const forget = ending.onEnd(() => assert.fail());
 * forget();
 * ending.end("over");
 * assert.equal(told, "over");
 * ```
 */
export class Ending {
  readonly #listeners = new Set<(reason: unknown) => void>();
  #ended: { readonly reason: unknown } | null = null;

  /** Tells a listener, at once where it is over already. @returns forgets it */
  onEnd(listener: (reason: unknown) => void): () => void {
    if (this.#ended) listener(this.#ended.reason);
    else this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** It is over. */
  end(reason: unknown): void {
    this.#ended ??= { reason };
    for (const listener of [...this.#listeners]) listener(reason);
    this.#listeners.clear();
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
 * @param ending of the service
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
  const forget = ending.onEnd((reason) => controller.abort(reason));
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
