// What the readers of files say of a file becomes the reason a request is refused, in their words. Whatever else is thrown
// is a fault of this service.

import { Refusal } from "../refusal.ts";
import { TooMuchJson } from "./json.ts";

/** What the readers call a window, so that their messages name it. */
export const WINDOW = "window";

/** Whether an error is a reader's word on the window. */
function isOfWindow(error: unknown): error is Error {
  const kinds = [SyntaxError, RangeError, TypeError];
  return kinds.some((kind) => error instanceof kind) &&
    new RegExp(`"${WINDOW}["./]`).test((error as Error).message);
}

/**
 * Runs what reads a window.
 *
 * @param read throws in the readers' words
 * @throws Refusal in the same words
 */
export async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Refusal || !isOfWindow(error)) throw error;
    const reason = error instanceof TooMuchJson ? "too_large" : "malformed";
    throw new Refusal(reason, error.message, null, { cause: error });
  }
}
