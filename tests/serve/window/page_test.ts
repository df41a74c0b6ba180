// What docs/serving_formats.md shows is what is read. HUB_PYTHON names an interpreter that has numpy; without it Python's
// window is reported as ignored.

import assert from "node:assert/strict";
import { OPTION_NAMES } from "../../../lib/serve/window/option_schemas.ts";
import { ANSWER_FORMATS } from "../../../lib/serve/answer/format.ts";
import { LIMITS } from "../../../lib/serve/limits.ts";
import { MEDIA_TYPES } from "../../../lib/serve/window/media.ts";
import { readForecast } from "../../../lib/serve/window/read_window.ts";
import { inRepository } from "../../shared.ts";

const PAGE = await Deno.readTextFile(inRepository("docs/serving_formats.md"));
const PYTHON = Deno.env.get("HUB_PYTHON") ?? "python3";

function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(PAGE)![1]!;
}

Deno.test("the page names every option, every form and every media type", () => {
  for (const name of OPTION_NAMES) assert.ok(PAGE.includes(`\`${name}\``), name);
  for (const { name, type } of ANSWER_FORMATS) {
    assert.ok(PAGE.includes(`\`${type}\``) && PAGE.includes(`\`${name}\``), name);
  }
  for (const types of Object.values(MEDIA_TYPES)) assert.ok(PAGE.includes(`\`${types[0]}\``), types[0]!);
});

Deno.test("the page's window in JSON is read, with all that it says", async () => {
  const { options, start } = await readForecast(
    new TextEncoder().encode(block("json")),
    "application/json",
    "",
    LIMITS,
  );
  const { info, values, hidden, times } = start!;
  assert.equal(options.steps, 3);
  assert.deepEqual(info.fields.map(({ name, order }) => [name, order]), [["density", 0], ["pressure", 0], [
    "velocity",
    1,
  ], ["mask", 0]]);
  assert.deepEqual([...values[0]!], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...values[1]!], new Array(8).fill(1));
  assert.deepEqual([...hidden!], [0, 0, 0, 1]);
  assert.deepEqual([[...times], info.scalars], [[0, 0.1], { viscosity: 0.01 }]);
});

const run = async (args: readonly string[], cwd?: string) =>
  (await new Deno.Command(PYTHON, { args: [...args], ...cwd ? { cwd } : {} }).output()).success;
const hasNumpy = await run(["-c", "import numpy"]).catch(() => false);

Deno.test({
  name: hasNumpy
    ? "the page's window in Python is read"
    : "the page's window in Python is read (HUB_PYTHON names none that has numpy)",
  ignore: !hasNumpy,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      assert.ok(await run(["-c", block("python")], folder));
      const body = await Deno.readFile(`${folder}/start.npz`);
      const { start } = await readForecast(body, "application/x-npz", "", LIMITS);
      assert.deepEqual(start!.info.grid.shape, [16, 12]);
      assert.deepEqual(start!.values.map(({ length }) => length), [6 * 192, 12 * 192]);
      assert.equal(start!.times[5], 0.5);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
