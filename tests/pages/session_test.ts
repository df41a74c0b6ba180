// A session against networks that are plain functions: it waits, goes on, is cancelled, keeps what is done, compares,
// draws ensembles, ends where a forecast leaves all bounds.

import assert from "node:assert/strict";
import type { Frame, Sample } from "walrus";
import { frameAfter } from "walrus/models";
import { emptyMembers } from "../../pages/app/session/grow.ts";
import type { LanePlan, Rolling } from "../../pages/app/session/lane.ts";
import { measure, type Measured } from "../../pages/app/session/measure.ts";
import { firstScene, frameNumbers, withFrame } from "../../pages/app/session/scene_of.ts";
import { Session } from "../../pages/app/session/session.ts";
import { measureStart } from "../../pages/app/session/window.ts";
import type { Scene } from "../../pages/app/scene.ts";

const AXIS = Float64Array.of(0, 1);

/** Two frames of one field on 2 x 2 points: from 0 to 3, then from 1 to 4. */
const START: Sample = {
  info: {
    dataset: "own",
    grid: { system: "cartesian", axes: ["x", "y"], shape: [2, 2], coordinates: [AXIS, AXIS] },
    boundaries: [["wall", "wall"], ["periodic", "periodic"]],
    fields: [{ name: "u", order: 0, constant: false }],
    masked: false,
    scalars: {},
  },
  times: Float64Array.of(0, 0.5),
  values: [Float32Array.of(0, 1, 2, 3, 1, 2, 3, 4)],
  hidden: null,
};

/** Adds the seed plus one to every point in each step; may wait, and may go wild or fail at a step. */
class FakeModel {
  readonly asked: Rolling[] = [];
  constructor(
    readonly faults: { wild?: number; fails?: number } = {},
    readonly wait: () => Promise<void> = () => Promise.resolve(),
  ) {}

  async *rollout(start: Sample, options: Rolling): AsyncGenerator<Frame, void, void> {
    this.asked.push(options);
    const { after = [], steps, seed = 0 } = options;
    let values = after.at(-1)?.values[0] ?? start.values[0]!.slice(4);
    for (let step = after.length + 1; step <= steps; step++) {
      await this.wait();
      if (step === this.faults.fails) throw new RangeError("out of memory");
      values = values.map((v) => step === this.faults.wild ? NaN : v + seed + 1);
      yield frameAfter(start, [values], step, 0.5 + step * 0.5);
    }
  }
}

interface Told {
  scene: Scene;
  steps: number[];
  finished: number[];
  diverged: [number, number, number | null][];
  failed: [string, number][];
}

function session(plans: readonly LanePlan[], planned: number, now = () => 0): { own: Session; told: Told } {
  const first = firstScene({ id: 1, name: "own", provenance: {} as never, input: START, planned });
  // Truth of all steps: what seed 0 gives.
  let { truth } = first;
  for (let step = 1; step <= planned; step++) {
    truth = withFrame(truth, step, [Float32Array.of(1 + step, 2 + step, 3 + step, 4 + step)]);
  }
  const members = plans.length > 1 && plans[0]!.id.startsWith("member") ? emptyMembers(plans.length, 0) : [];
  const b = plans.some(({ id }) => id === "b") ? { id: "b", label: "B", first: 1, frames: [] } : null;
  const scene: Scene = { ...first, truth, members, b, steps: { ...first.steps, truth: planned } };
  const told: Told = { scene, steps: [], finished: [], diverged: [], failed: [] };
  const start = { kind: "begin" as const, ...measureStart(scene, START) };
  const own = new Session({
    scene,
    start: START,
    plans,
    options: { steps: planned },
    measurer: { step: (step) => Promise.resolve(measure(start, { kind: "step", ...step })) },
    now,
    events: {
      scene: (change) => told.scene = change(told.scene),
      step: (step) => told.steps.push(step),
      finished: (seconds) => told.finished.push(seconds),
      diverged: (...args) => told.diverged.push(args),
      failed: (error, step) => told.failed.push([(error as Error).message, step]),
    },
  });
  return { own, told };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const plan = (id: string, model: FakeModel, seed = 0): LanePlan => ({ id, label: id, model, seed });
const means = (track: Scene["a"]) => track.frames.map((frame) => frame?.[0]?.[0]);

Deno.test("a session computes all steps and scores them", async () => {
  const { own, told } = session([plan("a", new FakeModel())], 4);
  await own.run();
  await settle();
  assert.deepEqual(told.steps, [1, 2, 3, 4]);
  assert.equal(told.finished.length, 1);
  assert.deepEqual(means(told.scene.a), [2, 3, 4, 5]);
  assert.equal(told.scene.computed, 4);
  const [a, persistence] = told.scene.scores;
  assert.deepEqual([a!.id, persistence!.id], ["a", "persistence"]);
  assert.deepEqual(a!.vrmse, [[0, 0, 0, 0]]);
  assert.ok(persistence!.vrmse[0]!.every((v, i, all) => v > (all[i - 1] ?? 0)));
});

Deno.test("a pause waits after the step under way, and going on computes what there would have been", async () => {
  const gate: (() => void)[] = [];
  const model = new FakeModel({}, () => new Promise((resolve) => void gate.push(resolve)));
  const { own, told } = session([plan("a", model)], 3);
  void own.run();
  await settle();
  gate.shift()!();
  await settle();
  own.pause();
  gate.shift()!();
  await settle();
  assert.deepEqual([told.steps, gate.length], [[1], 0]);
  const rest = own.run();
  await settle();
  gate.shift()!();
  await rest;
  await settle();
  assert.deepEqual([told.steps, means(told.scene.a), model.asked.length], [[1, 2, 3], [2, 3, 4], 1]);
});

Deno.test("a cancelled session keeps its steps; one of long steps gives its memory back and goes on after them", async () => {
  for (const [seconds, asked] of [[0.1, 1], [5, 2]] as const) {
    let now = 0;
    const model = new FakeModel({}, () => {
      now += 1000 * seconds;
      return settle() as Promise<void>;
    });
    const { own, told } = session([plan("a", model)], 4, () => now);
    const ran = own.run();
    while (own.step < 2) await settle();
    own.cancel();
    await ran;
    assert.equal(told.scene.computed, 2);
    assert.deepEqual([told.finished, told.failed], [[], []]);
    await own.run();
    await settle();
    assert.deepEqual(means(told.scene.a), [2, 3, 4, 5]);
    assert.equal(model.asked.length, asked);
    if (asked === 2) assert.ok(model.asked[1]!.after!.length >= 2);
  }
});

Deno.test("seeds give members, their mean and their spread", async () => {
  const model = new FakeModel();
  const { own, told } = session([plan("member 1", model, 0), plan("member 2", model, 2)], 2);
  await own.run();
  await settle();
  const { members, mean, spread, a, scores } = told.scene;
  assert.deepEqual(members.map(means), [[2, 3], [4, 7]]);
  assert.deepEqual(means(a), [2, 3]);
  assert.deepEqual([means(mean!), means(spread!)], [[3, 5], [
    Math.fround(Math.SQRT2),
    Math.fround(2 * Math.SQRT2),
  ]]);
  assert.deepEqual(scores.map(({ id }) => id), ["mean", "persistence", "member 1", "member 2"]);
});

Deno.test("two networks go step by step together", async () => {
  const [first, second] = [new FakeModel(), new FakeModel()];
  const { own, told } = session([plan("a", first), plan("b", second, 1)], 2);
  await own.run();
  await settle();
  assert.deepEqual([means(told.scene.a), means(told.scene.b!)], [[2, 3], [3, 5]]);
  assert.deepEqual(told.scene.scores.map(({ id }) => id), ["a", "b", "persistence"]);
});

Deno.test("a forecast that is not finite ends where it was, and what was before is kept", async () => {
  const model = new FakeModel({ wild: 3 }, () => settle() as Promise<void>);
  const { own, told } = session([plan("a", model)], 6);
  await own.run();
  await settle();
  assert.deepEqual(told.diverged, [[3, 0, null]]);
  assert.deepEqual([told.scene.computed, told.scene.diverged, means(told.scene.a)], [2, 3, [2, 3]]);
  assert.deepEqual(told.finished, []);
});

Deno.test("an error says after which step, and the session goes on when it is told to", async () => {
  const faults: { fails?: number } = { fails: 3 };
  const { own, told } = session([plan("a", new FakeModel(faults))], 4);
  await own.run();
  assert.deepEqual(told.failed, [["out of memory", 2]]);
  delete faults.fails;
  await own.run();
  await settle();
  assert.deepEqual(means(told.scene.a), [2, 3, 4, 5]);
});

Deno.test("what is measured is what the library scores, and 40 times the input's range is too far", () => {
  const scene = firstScene({ id: 1, name: "own", provenance: {} as never, input: START, planned: 1 });
  const start = { kind: "begin" as const, ...measureStart(scene, START) };
  assert.deepEqual(start.ranges, [[0, 4]]);
  const step = (last: number): Measured =>
    measure(start, {
      kind: "step",
      scene: 1,
      step: 1,
      truth: null,
      frames: { a: [Float32Array.of(0, 1, 2, last)] },
      members: [],
    });
  assert.deepEqual([step(160).wild, step(200).wild], [null, { quantity: 0, times: 49 }]);
  assert.deepEqual(frameNumbers(START, 1), [Float32Array.of(1, 2, 3, 4)]);
});
