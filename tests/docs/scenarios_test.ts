// docs/scenarios.md is the catalogue.

import assert from "node:assert/strict";
import { inRepository } from "../shared.ts";
import { bare } from "./fields.ts";
import { scenariosPage } from "./scenarios.ts";

Deno.test("docs/scenarios.md is what deno task docs:scenarios writes", async () => {
  const page = await Deno.readTextFile(inRepository("docs/scenarios.md"));
  assert.equal(bare(page), bare(scenariosPage()));
});
