// The evaluate command as a user runs it: a table, its JSON, refusals.

import assert from "node:assert/strict";
import { inRepository } from "../shared.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const rights = ["--allow-read", "--allow-write", "--allow-sys=systemMemoryInfo", "--allow-env=NO_COLOR"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...rights, inRepository("app/evaluate/main.ts"), ...args],
    cwd: inRepository("."),
    stdin: "null",
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("evaluate scores the shipped model beside the trivial forecasts", async () => {
  const folder = await Deno.makeTempDir();
  try {
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
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("evaluate refuses folders without data and counts that are none", async () => {
  const nothing = await run("nowhere");
  assert.equal(nothing.code, 1);
  assert.match(nothing.err, /error: "nowhere\/data\/valid" has no HDF5 files/);
  const never = await run("nowhere", "--every", "0");
  assert.equal(never.code, 2);
  assert.match(never.err, /--every.*wanted a whole number from 1/s);
});
