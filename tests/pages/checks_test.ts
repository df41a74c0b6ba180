// What the app checks of a forecast is what the library says: laws of physics, scores of ensembles, quantiles.

import assert from "node:assert/strict";
import { breaks, ensembleScores, fairCrps, physics, tallyEnsemble } from "walrus/metrics";
import { ensembleTable, physicsTable } from "../../pages/app/charts/checks.ts";
import { NO_CHECKS } from "../../pages/app/scene.ts";
import { Checks, sampleOf } from "../../pages/app/session/checks.ts";
import { addMeasures, emptyMembers } from "../../pages/app/session/grow.ts";
import { measure } from "../../pages/app/session/measure.ts";
import { firstScene, frameNumbers } from "../../pages/app/session/scene_of.ts";
import { measureStart } from "../../pages/app/session/window.ts";
import { flowFrame } from "../metrics/flow.ts";
import { makeScene } from "./scenes.ts";

const input = flowFrame(0);
const scene = {
  ...firstScene({ id: 1, name: "flow", provenance: { map: {} } as never, input, planned: 3 }),
  members: emptyMembers(3, 0),
};
const leaking = (by: number) => ({ faults: { density: ([v]: number[]) => [v! * (1 - by)] } });
const frameOf = (step: number, by = 0) => frameNumbers(flowFrame(step, leaking(by)), 0);

Deno.test("a frame of a scene is measured as the sample it came of", () => {
  const { checks } = measureStart(scene, input);
  assert.deepEqual(sampleOf(checks, frameNumbers(input, 0)).values, input.values);
  const found = new Checks(checks).step(1, frameOf(1), { a: frameOf(1, 0.05) }, []);
  assert.deepEqual(found.physics.truth, physics(flowFrame(1)));
  assert.deepEqual(found.physics.a, physics(flowFrame(1, leaking(0.05))));
  const laws = breaks([physics(input), physics(flowFrame(1))], [physics(flowFrame(1, leaking(0.05)))]);
  assert.deepEqual(found.laws, { a: laws.map(({ text }) => text) });
  assert.match(found.laws.a![0]!, /^step 1: total mass is off by 5 %/);
  assert.equal(found.ensemble, null);
});

Deno.test("an ensemble's steps give mean, quantiles, scores over all of them, and what each member breaks", () => {
  const start = { kind: "begin" as const, ...measureStart(scene, input) };
  const members = scene.members.map(({ id }) => id);
  let grown = scene as typeof scene & { readonly checks: typeof NO_CHECKS };
  for (const step of [1, 2]) {
    const frames = Object.fromEntries(members.map((id, i) => [id, frameOf(step, 0.02 * i)]));
    const truth = frameOf(step);
    grown = addMeasures(
      grown,
      measure(start, { kind: "step", scene: 1, step, truth, frames, members }),
    ) as typeof grown;
  }
  const { quantiles, checks } = grown;
  assert.deepEqual(quantiles.map(({ label }) => label), ["10 % of 3", "90 % of 3"]);
  const low = quantiles[0]!.frames[1]![0]!;
  const [two, one] = [frameOf(2, 0.04)[0]!, frameOf(2, 0.02)[0]!];
  low.forEach((v, i) => assert.ok(Math.abs(v - (two[i]! + 0.2 * (one[i]! - two[i]!))) < 1e-6));
  const tally = tallyEnsemble(members.map((_, i) => frameOf(1, 0.02 * i)[0]!), frameOf(1)[0]!);
  assert.equal(checks.ensemble![0]!.frames, 2);
  assert.ok(Math.abs(checks.ensemble![0]!.crps - ensembleScores(tally, 1).crps) < 1e-2);
  assert.equal(checks.ensemble![0]!.crpsOfOne, 0);
  const kept = [1, 2].map((step) => fairCrps([frameOf(0)[0]!], frameOf(step)[0]!));
  assert.ok(Math.abs(checks.ensemble![0]!.crpsOfKept - (kept[0]! + kept[1]!) / 2) < 1e-12);
  assert.deepEqual(checks.laws["member 1"], []);
  assert.match(checks.laws["member 3"]![0]!, /total mass is off by 4 %/);
  const physical = physicsTable(grown, 2)!;
  assert.deepEqual(physical.head, ["Quantity", "Truth", "Mean of 3"]);
  assert.equal(physical.rows[0]![0], "total mass");
  assert.match(physical.warnings[0]!, /^Mean of 3, step 1: total mass is off by 2 %/);
  assert.equal(physical.rows.filter(([name]) => name!.startsWith("jump of")).length, 1);
  const table = ensembleTable(grown)!;
  assert.deepEqual(table.head.slice(0, 5), ["Field", "CRPS of 3", "of one", "kept", "spread/error"]);
  assert.deepEqual(table.rows.map(([name]) => name), grown.quantities.map(({ label }) => label));
  assert.match(table.subtitle, /; 2 steps, 1536 cells, 1 trajectory$/);
});

Deno.test("the same step of other forecasts begins anew; data without laws have no table", () => {
  const { checks } = measureStart(scene, input);
  const own = new Checks(checks);
  own.step(1, frameOf(1), { a: frameOf(1, 0.05) }, []);
  own.step(2, frameOf(2), { a: frameOf(2) }, []);
  assert.deepEqual(own.step(1, frameOf(1), { b: frameOf(1) }, []).laws, { b: [] });
  assert.equal(physicsTable(makeScene(), 1), null);
  assert.equal(ensembleTable(makeScene({ members: 3 })), null);
});
