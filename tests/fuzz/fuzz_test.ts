// A hundred broken files of each kind; `deno task fuzz` breaks thousands.

import assert from "node:assert/strict";
import { fuzz } from "./fuzz.ts";
import { allKinds } from "./all_kinds.ts";

for (const kind of await allKinds()) {
  Deno.test(`readers refuse or read 100 broken ${kind.name} files, and nothing else happens`, async () => {
    const { tries, refused, read } = await fuzz(kind, 100, 20_261_123);
    assert.equal(tries, 100);
    // Both happen, or the damage does not reach what is read, or all that is tried is beyond recognition.
    assert.ok(refused >= 10 && read >= 2, `${refused} were refused, ${read} read`);
  });
}
