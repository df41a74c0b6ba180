// How long whoever asks will wait, as requests say it from one endpoint to the next.

import { Refusal } from "./refusal.ts";

/** Header with the seconds that are left to answer a request. */
export const DEADLINE = "x-request-deadline";

/**
 * Seconds that whoever asks leaves for the answer.
 *
 * @param headers of a request
 * @returns null where it says nothing
 * @throws Refusal for what is no time
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(readDeadline(new Headers({ "x-request-deadline": "2.5" })), 2.5);
 * assert.equal(readDeadline(new Headers()), null);
 * ```
 */
export function readDeadline(headers: Headers): number | null {
  const given = headers.get(DEADLINE);
  if (given === null) return null;
  const seconds = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : NaN;
  if (seconds <= 1e9) return seconds;
  throw new Refusal(
    "malformed",
    `Header ${DEADLINE} is ${JSON.stringify(given.slice(0, 40))}, wanted seconds`,
  );
}
