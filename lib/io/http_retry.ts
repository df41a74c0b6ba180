// Requests that failed for what may pass are made again, a few times, with longer and longer waits between them.

import { pause } from "./pause.ts";

/** Milliseconds before each further try: a server that starts anew is back within them, and nobody waits long. */
const WAITS = [250, 500, 1000];

/** Whether an error says that it may go well the next time. */
function passes(error: unknown): error is Error {
  return error instanceof Error && "passing" in error;
}

/**
 * Does it again.
 *
 * @param work what failed; begins anew each time
 * @param failure with which it failed
 * @param signal ends the waiting
 * @throws the failure where it does not pass; the last one, with how often it was tried; the signal's reason
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const broken = Object.assign(new RangeError("Cannot read: the connection broke off"), { passing: true });
 * assert.equal(await again(() => Promise.resolve(7), broken), 7);
 * await assert.rejects(again(() => Promise.resolve(7), new RangeError("the file changed")), /changed$/);
 * ```
 */
export async function again<T>(work: () => Promise<T>, failure: unknown, signal?: AbortSignal): Promise<T> {
  let last = failure;
  for (const wait of WAITS) {
    if (!passes(last)) throw last;
    await pause(wait, signal);
    try {
      return await work();
    } catch (error) {
      last = error;
    }
  }
  if (!passes(last)) throw last;
  throw new RangeError(`${last.message} (tried ${WAITS.length + 1} times)`, { cause: last });
}
