// The public surface changes on purpose only, and the change log says so.

import assert from "node:assert/strict";
import { API, currentApi, nextApi, parseApi } from "./api/main.ts";
import { inRepository } from "./shared.ts";

const { exports, imports, publish } = JSON.parse(Deno.readTextFileSync(inRepository("deno.json")));

Deno.test("the public surface is the one of tests/fixtures/api.txt", async () => {
  const [kept, now] = [
    parseApi(await Deno.readTextFile(API)).text.split("\n"),
    (await currentApi()).split("\n"),
  ];
  const hint = "add a line to CHANGELOG.md, then run deno task api";
  assert.deepEqual(
    now.filter((line) => !kept.includes(line)),
    [],
    `public names are new or changed: ${hint}`,
  );
  assert.deepEqual(
    kept.filter((line) => !now.includes(line)),
    [],
    `public names are gone or changed: ${hint}`,
  );
  assert.deepEqual(now, kept, hint);
});

Deno.test("a changed surface is kept only with a changed changelog", () => {
  const kept = nextApi("", "## .\nconst a: 1\n", "- a")!;
  assert.equal(nextApi(kept, "## .\nconst a: 1\n", "- a, reworded"), null);
  assert.throws(() => nextApi(kept, "## .\nconst b: 1\n", "- a"), /CHANGELOG.md did not/);
  assert.equal(parseApi(nextApi(kept, "## .\nconst b: 1\n", "- a\n- b")!).text, "## .\nconst b: 1\n");
});

Deno.test("mod.ts offers at most 45 names", async () => {
  const { text } = parseApi(await Deno.readTextFile(API));
  const [root] = text.slice("## .\n".length).split("\n\n");
  // Overloads of a function are one name.
  const names = root!.trim().split("\n").map((line) => /^(?:abstract )?\w+ (\w+)/.exec(line)![1]);
  const count = new Set(names).size;
  assert.ok(count > 35 && count <= 45, `${count} names`);
});

Deno.test("tests and commands import each sub-path by the name that users have", () => {
  for (const [path, file] of Object.entries(exports)) assert.equal(imports[`walrus${path.slice(1)}`], file);
});

Deno.test("the package takes sources, README, licence and changelog only", async () => {
  assert.deepEqual(publish.include.toSorted(), [
    ...["CHANGELOG.md", "LICENSE", "README.md", "deno.json", "kernels/wgsl.ts", "lib/**/*.ts", "mod.ts"],
  ]);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: inRepository("."),
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  const files = [
    ...said.matchAll(/^\s+file:\/\/\S+\/(?:mod\.ts|lib\/\S+|kernels\/\S+|\w+\.md|LICENSE|deno\.json) /gm),
  ];
  assert.ok(files.length > 150, said);
});
