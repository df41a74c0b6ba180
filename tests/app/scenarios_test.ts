// The scenarios command.

import assert from "node:assert/strict";
import { scenarios } from "../../app/scenarios/command.ts";
import { runCommand } from "./run_command.ts";

Deno.test("scenarios lists data sets, one stage, or all there is to know of one", async () => {
  const all = await runCommand(scenarios, []);
  assert.equal(all.code, 0);
  assert.equal(all.out.split("\n").length, 28);
  const downstream = await runCommand(scenarios, ["--stage", "downstream"]);
  assert.equal(downstream.out.split("\n").length, 9);
  const one = await runCommand(scenarios, ["post_neutron_star_merger"]);
  assert.match(one.out, /log-spherical grid 192 x 128 x 66 along log_r, theta, phi/);
  assert.match(one.out, /the axis of 66 points is resampled to 64 and back \(spec\/model.md section 9\)/);
  const json = await runCommand(scenarios, ["gray_scott_reaction_diffusion", "--json"]);
  assert.deepEqual(JSON.parse(json.out).grid, [128, 128]);
});

Deno.test("scenarios names what may have been meant, and has a help", async () => {
  const wrong = await runCommand(scenarios, ["active_mater"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /^error: There is no scenario "active_mater", did you mean "active_matter"\?/);
  assert.match((await runCommand(scenarios, ["weather"])).err, /"weather"; without a name all are listed/);
  assert.match((await runCommand(scenarios, ["--help"])).out, /--stage <stage>/);
  assert.equal((await runCommand(scenarios, ["--stage", "test"])).code, 2);
});
