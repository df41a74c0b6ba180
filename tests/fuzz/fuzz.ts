// Breaks files and reads them: each is read, or refused in words; nothing else happens, however it is broken.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Isolated, type Outcome } from "./isolated.ts";
import type { Kind } from "./kinds.ts";

/** What the tries came to. */
export interface Tally {
  readonly tries: number;
  readonly refused: number;
  readonly read: number;
  /** Milliseconds of the slowest try. */
  readonly slowest: number;
  /** Bytes of memory that the process held at most, after any try. */
  readonly resident: number;
}

/** A try may take this long, milliseconds. */
const MOST_TIME = 5_000;

/** Bytes asked of the file, for each of its bytes: every object is looked at a few times. */
const MOST_ASKED = 64;
/** Bytes asked of files however small: the readers look for a zip archive's end in blocks. */
const LEAST_ASKED = 1 << 20;
/** Bytes of the HDF5 library's memory: what it starts with, and its room for one small file. */
const MOST_MEMORY = 96 << 20;
/** Bytes of memory of the whole process, what waits to be collected included. */
const MOST_RESIDENT = 2 ** 31;

const REFUSALS = ["SyntaxError", "RangeError", "TypeError"];

/** Fails when an error is no refusal in the words of the readers. */
function checkRefusal({ name, message, stack }: NonNullable<Outcome["error"]>): void {
  assert.ok(REFUSALS.includes(name), `not a refusal: ${stack}`);
  // Of archives the entry may be named too: "fuzzed/a.npy".
  assert.match(message, /"fuzzed["/]/, `the file is not named: ${stack}`);
  assert.ok(message.length < 1_000, `a message of ${message.length} characters`);
}

/**
 * Breaks files of a kind.
 *
 * @param kind what to break
 * @param tries how often
 * @param seed of the draws
 * @param path of a failure, to replay it alone
 * @param reader that reads; one of its own unless given
 * @throws Error naming the seed and the path of the smallest failure, to be replayed
 */
export async function fuzz(
  kind: Kind,
  tries: number,
  seed: number,
  path?: string,
  reader?: Isolated,
): Promise<Tally> {
  using own = reader ? null : new Isolated();
  const isolated = reader ?? own!;
  const tally = { tries: 0, refused: 0, read: 0, slowest: 0, resident: 0 };
  const property = fc.asyncProperty(kind.files, async (file) => {
    const outcome = await isolated.read(kind.name, file, MOST_TIME);
    assert.ok(outcome, `a try did not end in ${MOST_TIME} ms`);
    const { given, asked, memory, resident, strays, took, error } = outcome;
    if (error) checkRefusal(error);
    assert.ok(given <= kind.growth * file.length, `${given} bytes were given of a file of ${file.length}`);
    assert.ok(
      asked <= MOST_ASKED * file.length + LEAST_ASKED,
      `${asked} bytes were asked of a file of ${file.length}`,
    );
    assert.ok(memory <= MOST_MEMORY, `the HDF5 library took ${memory} bytes`);
    assert.ok(resident <= MOST_RESIDENT, `the process holds ${resident} bytes`);
    assert.deepEqual(strays, [], "the file left something behind");
    tally.tries++;
    if (error) tally.refused++;
    else tally.read++;
    if (took > tally.slowest) tally.slowest = took;
    if (resident > tally.resident) tally.resident = resident;
  });
  await fc.assert(property, { numRuns: tries, seed, ...(path ? { path } : {}) });
  return tally;
}
