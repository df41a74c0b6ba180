// The build itself: within its budgets, the same bytes each time, nothing of this machine in it.

import assert from "node:assert/strict";
import { buildPackage } from "../../app/build/build.ts";
import { overBudget } from "../../app/build/sizes.ts";
import { DIST } from "./subject.ts";

Deno.test({
  name: "a second build has the same bytes, is within the budgets and names no folder of this machine",
  // The bundler ends after it has answered.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { files: built, sizes } = await buildPackage();
    assert.deepEqual(overBudget(sizes), []);
    assert.ok(sizes.filter(({ budget }) => budget !== null).every(({ gzip }) => gzip > 10_000));
    const folders = [Deno.cwd(), Deno.env.get("HOME")!].filter((folder) => folder.length > 2);
    for (const [path, bytes] of built) {
      const kept = await Deno.readFile(`${DIST}/${path}`);
      assert.ok(
        kept.length === bytes.length && kept.every((byte, i) => byte === bytes[i]),
        `${path} differs`,
      );
      if (path.endsWith(".wasm")) continue;
      const text = new TextDecoder().decode(bytes);
      for (const folder of folders) assert.ok(!text.includes(`${folder}/`), `${path} names ${folder}`);
    }
  },
});

Deno.test("hashes and package name files that are there", async () => {
  const { integrity } = JSON.parse(await Deno.readTextFile(`${DIST}/integrity.json`));
  const scripts = Object.keys(integrity);
  assert.ok(scripts.length > 30 && scripts.includes("./walrus.js"));
  const bytes = await Deno.readFile(`${DIST}/walrus.js`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", bytes));
  assert.equal(integrity["./walrus.js"], `sha384-${digest.toBase64()}`);
  const { exports } = JSON.parse(await Deno.readTextFile(`${DIST}/package.json`));
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry!)
  );
  for (const target of targets as string[]) if (!target.includes("*")) Deno.statSync(`${DIST}/${target}`);
});
