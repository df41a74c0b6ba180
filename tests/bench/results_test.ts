// Result files that grow run by run.

import assert from "node:assert/strict";
import { withOlder, writeResults } from "../../bench/results.ts";

Deno.test("withOlder() keeps rows of an earlier run that this one has not, and starts without a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/results.json`;
    const key = ({ name }: { name: string }) => name;
    const first = [{ name: "a", time: 1 }, { name: "b", time: 2 }];
    assert.deepEqual(await withOlder(file, "rows", first, key), first);
    await writeResults(file, { rows: first });
    assert.deepEqual(await withOlder(file, "rows", [{ name: "a", time: 3 }], key), [
      { name: "b", time: 2 },
      { name: "a", time: 3 },
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
