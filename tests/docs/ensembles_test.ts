// docs/ensembles.md has the numbers that were measured.

import assert from "node:assert/strict";
import { PAGE, RESULTS, tablesOf } from "./ensembles.ts";
import { bare } from "./fields.ts";

Deno.test("docs/ensembles.md has the tables of bench/results/ensembles.json", async () => {
  const page = bare(await Deno.readTextFile(PAGE));
  const tables = tablesOf(JSON.parse(await Deno.readTextFile(RESULTS)));
  for (const [mark, table] of Object.entries(tables)) {
    assert.ok(
      page.includes(bare(table)),
      `the table after <!-- ${mark} --> is another: deno task docs:ensembles`,
    );
  }
});
