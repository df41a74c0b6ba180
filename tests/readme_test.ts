// What the README shows is true: its code runs with no more than the rights it names, its links and tasks exist.

import assert from "node:assert/strict";
import { inRepository } from "./shared.ts";

const PAGES = [
  "README.md",
  "docs/architecture.md",
  "docs/training.md",
  "docs/data.md",
  "docs/convert.md",
  "docs/nan.md",
  "docs/grids.md",
  "docs/fields.md",
  "docs/first_file.md",
  "docs/hub.md",
  "docs/evaluation.md",
  "docs/ensembles.md",
  "docs/serving.md",
  "docs/serving_formats.md",
  "examples/README.md",
];

Deno.test("README's code runs with the right to read the examples", async () => {
  const text = await Deno.readTextFile(inRepository("README.md"));
  const code = /```ts\n([\s\S]*?)```/.exec(text)![1]!;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read=examples", "-"],
    cwd: inRepository("."),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: exit, stdout, stderr } = await child.output();
  assert.equal(exit, 0, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout).match(/A: 0\.\d+, B: 0\.\d+/g)?.length, 3);
});

for (const page of PAGES) {
  Deno.test(`${page} links to what exists and names tasks that exist`, async () => {
    const text = await Deno.readTextFile(inRepository(page));
    const folder = new URL(page, `file://${inRepository("")}`);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      Deno.statSync(new URL(target!, folder));
    }
    const { tasks } = JSON.parse(await Deno.readTextFile(inRepository("deno.json")));
    for (const [, task] of text.matchAll(/deno(?:@[\d.]+)? task ([\w:-]+)/g)) {
      assert.ok(tasks[task!], `${task}`);
    }
  });
}
