// Breaks files and reads them: each is read, or refused in words; nothing else happens, however it is broken.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Kind } from "./kinds.ts";

/** What the tries came to. */
export interface Tally {
  readonly tries: number;
  readonly refused: number;
  readonly read: number;
  /** Milliseconds of the slowest try. */
  readonly slowest: number;
}

/** A try may take this long, milliseconds. */
const MOST_TIME = 5_000;

const REFUSALS: readonly unknown[] = [SyntaxError, RangeError, TypeError];

/** Fails when an error is no refusal in the words of the readers. */
function checkRefusal(error: unknown): void {
  assert.ok(error instanceof Error && REFUSALS.includes(error.constructor), `not a refusal: ${error}`);
  assert.match(error.message, /"(bytes|fuzzed\.yaml)"/, `the file is not named: ${error.stack}`);
  assert.ok(error.message.length < 1_000, `a message of ${error.message.length} characters`);
}

/**
 * Breaks files of a kind.
 *
 * @param kind what to break
 * @param tries how often
 * @param seed of the draws
 * @throws Error naming the seed and the path of the smallest failure, to be replayed
 */
export async function fuzz(kind: Kind, tries: number, seed: number): Promise<Tally> {
  const tally = { tries: 0, refused: 0, read: 0, slowest: 0 };
  const property = fc.asyncProperty(kind.files, async (file) => {
    const before = performance.now();
    try {
      const bytes = await kind.read(file);
      assert.ok(
        bytes <= kind.growth * file.length,
        `${bytes} bytes were read from a file of ${file.length}`,
      );
      tally.read++;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      checkRefusal(error);
      tally.refused++;
    }
    const took = performance.now() - before;
    tally.tries++;
    tally.slowest = Math.max(tally.slowest, took);
    assert.ok(took < MOST_TIME, `a try took ${took} ms`);
  });
  await fc.assert(property, { numRuns: tries, seed });
  return tally;
}
