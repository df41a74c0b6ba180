// The evaluate command: a table, its JSON, refusals.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand, runTask } from "./run_command.ts";

const run = (...args: string[]) => runCommand(evaluate, args);

Deno.test("evaluate scores the shipped model beside the trivial forecasts", () =>
  inFolder(async (folder) => {
    const data = `${folder}/gray_scott_mini/data/valid`;
    await Deno.mkdir(data, { recursive: true });
    await Deno.copyFile(inRepository("examples/data/gray_scott_mini.hdf5"), `${data}/a.hdf5`);
    const file = `${folder}/scores.json`;
    const args = ["--every", "10", "--rollout", "2", "--backend", "wasm", "--out", file];
    const { code, out, err } = await run(`${folder}/gray_scott_mini/`, ...args);
    assert.equal(code, 0, err);
    assert.match(out, /^gray_scott_mini +\d\.\d{4} \/ \d\.\d{4} /m);
    const { results } = JSON.parse(await Deno.readTextFile(file));
    const { forecast, persistence, linear } = results.gray_scott_mini;
    assert.deepEqual(Object.keys(forecast.fields), ["A", "B"]);
    assert.equal(forecast.curve.length, 2);
    assert.ok(forecast.oneStep < persistence.oneStep, "the model is better than persistence");
    assert.ok(linear.rollout > 0);
    const old = await runTask("evaluate", `${folder}/gray_scott_mini`, ...args, "--force", "--reuse");
    assert.equal(old.code, 0, old.err);
    assert.match(old.err, /^warning: --reuse is now called --kv-cache$/m);
    const cached = JSON.parse(await Deno.readTextFile(file)).results.gray_scott_mini.forecast;
    assert.notDeepEqual(cached.curve, forecast.curve);
  }));

Deno.test("evaluate refuses folders without data and counts that are none", async () => {
  const nowhere = await run("nowhere");
  assert.deepEqual([nowhere.code, nowhere.err], [1, 'error: Cannot open "nowhere": there is no such file']);
  await inFolder(async (folder) => {
    const nothing = await run(folder);
    assert.equal(nothing.code, 1);
    assert.match(
      nothing.err,
      /^error: Cannot open ".*" as data; well: it has no files \*\.hdf5 or \*\.h5; arrays/,
    );
  });
  const never = await run("nowhere", "--every", "0");
  assert.equal(never.code, 2);
  assert.match(never.err, /--every.*wanted a whole number from 1/s);
});
