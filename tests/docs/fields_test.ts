// docs/fields.md is the field table.

import assert from "node:assert/strict";
import { RELEASED_FIELDS } from "../../lib/models/walrus/config.ts";
import { FIELD_MEANINGS } from "../../lib/models/walrus/field_meanings.ts";
import { inRepository } from "../shared.ts";
import { bare, fieldsPage, shippedFields } from "./fields.ts";

Deno.test("every field of the released table has a meaning, in the order of the columns", () => {
  const names = FIELD_MEANINGS.flatMap(({ names }) => names);
  assert.deepEqual(names.map((name) => RELEASED_FIELDS[name]), Array.from({ length: 67 }, (_, i) => i));
  assert.equal(Object.keys(RELEASED_FIELDS).length, 67);
});

Deno.test("docs/fields.md is what deno task docs:fields writes", async () => {
  const page = await Deno.readTextFile(inRepository("docs/fields.md"));
  assert.equal(bare(page), bare(fieldsPage(await shippedFields())));
});
