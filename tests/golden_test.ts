// Parity with the reference: the cases of the fixtures on both backends; CI compares the complete folder.

import assert from "node:assert/strict";
import { parity as command } from "../app/parity/command.ts";
import { runCommand } from "./app/run_command.ts";
import { fixture } from "./shared.ts";

interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly worst: number;
  readonly medianFloors: number;
}

/** Runs the parity command and reads its last line. */
async function parity(...args: string[]): Promise<{ code: number; summary: Summary; text: string }> {
  const { code, out, err } = await runCommand(command, args);
  const text = out + err;
  const last = text.trim().split("\n").at(-1) ?? "";
  return { code, summary: JSON.parse(last.startsWith("{") ? last : "{}"), text };
}

Deno.test("parity passes every fixture on WASM", async () => {
  const { code, summary, text } = await parity(fixture("golden"));
  assert.equal(code, 0, text);
  assert.equal(summary.failed + summary.skipped, 0, text);
  assert.ok(summary.medianFloors <= 2, text);
});

Deno.test("parity passes the modules with the f64 evaluator, far below the f32 floor", async () => {
  const { code, summary, text } = await parity(
    fixture("golden"),
    "--sections",
    "A",
    "--backend",
    "reference",
  );
  assert.equal(code, 0, text);
  assert.ok(summary.worst < 0.06, text);
});

Deno.test("parity gives the same numbers on one thread and on three", async () => {
  const run = (threads: string) =>
    parity(fixture("golden"), "--only", "b_2d_finetuned", "--json", "--threads", threads);
  const strip = (text: string) =>
    text.split("\n").filter((l) => l.includes('"name"')).map((l) => JSON.parse(l).worst);
  assert.deepEqual(strip((await run("1")).text), strip((await run("3")).text));
});

Deno.test("parity fails when a tolerance is exceeded or a case is not run", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const index = JSON.parse(await Deno.readTextFile(fixture("golden/index.json")));
    const layer = index.cases.find((c: { name: string }) => c.name === "a_layer_norm");
    layer.outputs.y.tol_rel = 1e-12;
    index.cases = [layer, { ...layer, name: "unknown", kind: "no_such_kind" }];
    await Deno.writeTextFile(`${folder}/index.json`, JSON.stringify(index));
    await Deno.copyFile(fixture("golden/a_layer_norm.safetensors"), `${folder}/a_layer_norm.safetensors`);
    const { code, summary } = await parity(folder);
    assert.equal(code, 1);
    assert.deepEqual([summary.passed, summary.failed, summary.skipped], [0, 1, 1]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
