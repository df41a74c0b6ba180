// A record of tries goes on where it ends.

import assert from "node:assert/strict";
import { allKinds } from "./all_kinds.ts";
import { fuzzOnRecord } from "./record.ts";

Deno.test("fuzzOnRecord() goes on with the next seed and keeps what was counted", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/fuzz.json`;
    const chosen = (await allKinds()).filter(({ name }) => name === "npz" || name === "stats");
    const first = await fuzzOnRecord(file, 20, 10, chosen, 7);
    assert.deepEqual([first.chunks, first.tries, first.seeds, first.failures], [2, 20, [7, 8], []]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), first);
    // Chunk and seed stay those of the record.
    const second = await fuzzOnRecord(file, 30, 99, chosen, 1);
    assert.deepEqual([second.chunks, second.tries, second.seeds], [3, 30, [7, 9]]);
    assert.deepEqual(second.kinds.map(({ kind, tries }) => [kind, tries]), [["npz", 20], ["stats", 10]]);
    for (const { tries, refused, read } of second.kinds) assert.equal(refused + read, tries);
    assert.ok(second.peakBytes > 2 ** 20 && second.peakBytes < 2 ** 31);
    // Nothing is left to do.
    assert.deepEqual(await fuzzOnRecord(file, 30, 10, chosen, 1), second);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a chunk that fails is on record with what repeats it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [npz] = (await allKinds()).filter(({ name }) => name === "npz");
    const strict = { ...npz!, growth: 0 };
    const { failures, tries } = await fuzzOnRecord(`${folder}/fuzz.json`, 10, 10, [strict], 3);
    assert.equal(tries, 10);
    assert.deepEqual(failures.map(({ kind, seed, runs }) => [kind, seed, runs]), [["npz", 3, 10]]);
    assert.match(failures[0]!.message, /bytes were given of a file of/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
