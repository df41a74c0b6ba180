// What the build makes of files: tensors in the order in which the app needs them, scripts that are asked for at once.

import assert from "node:assert/strict";
import { firstScripts } from "../../app/web/first_scripts.ts";
import { planesFirst } from "../../app/web/order_weights.ts";
import { openCheckpoint } from "walrus/io";
import { inRepository } from "../shared.ts";

Deno.test("the shipped weights are the same in another order, what only solids need behind the rest", async () => {
  const file = await Deno.readFile(inRepository("examples/walrus_small/walrus.safetensors"));
  using before = await openCheckpoint(file);
  using after = await openCheckpoint(planesFirst(file));
  const names = [...after.tensors.keys()];
  assert.deepEqual(names.toSorted(), [...before.tensors.keys()].toSorted());
  const firstSolid = names.findIndex((name) => /embed\.3|debed\.3/.test(name));
  assert.ok(firstSolid > 0 && names.slice(firstSolid).every((name) => /embed\.3|debed\.3/.test(name)));
  for (const name of names) {
    const [own, wanted] = [after.tensors.get(name)!, before.tensors.get(name)!];
    assert.deepEqual([own.dtype, own.shape], [wanted.dtype, wanted.shape]);
    assert.deepEqual(await own.read(), await wanted.read(), name);
  }
});

Deno.test("scripts of the first forecast are found behind their imports, without the page's own", () => {
  const names = ["library", "worker_handle", "remote_data", "arrays", "viewer", "charts", "take_away"];
  const scripts = new Map([
    ["page/main.js", 'import{a}from"../chunk-AAAAAAAA.js";import("../work-AAAAAAAA.js");'],
    ["work-AAAAAAAA.js", 'import"./chunk-BBBBBBBB.js";import{a}from"./chunk-AAAAAAAA.js";'],
    ["chunk-AAAAAAAA.js", ""],
    ["chunk-BBBBBBBB.js", 'export{c}from"./chunk-CCCCCCCC.js";import("./big-AAAAAAAA.js")'],
    ["chunk-CCCCCCCC.js", ""],
    ["big-AAAAAAAA.js", ""],
    ["library_worker.js", 'import"./chunk-BBBBBBBB.js";'],
    ["session/measure_worker.js", 'import"../chunk-CCCCCCCC.js";'],
    ...[...names, "remote_model", "family"].map((name) => [`${name}-AAAAAAAA.js`, ""] as const),
  ]);
  const first = firstScripts(scripts, "page/main.js");
  assert.deepEqual(first.slice(0, 3), ["work-AAAAAAAA.js", "chunk-BBBBBBBB.js", "chunk-CCCCCCCC.js"]);
  assert.ok(first.includes("session/measure_worker.js") && !first.includes("chunk-AAAAAAAA.js"));
  assert.ok(!first.includes("big-AAAAAAAA.js"));
  scripts.delete("viewer-AAAAAAAA.js");
  assert.throws(() => firstScripts(scripts, "page/main.js"), /no script viewer/);
});
