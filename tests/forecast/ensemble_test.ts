// Ensembles: members are what they are alone, over seeds, starts and networks; what they say together; how they end.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import {
  ensemble,
  type EnsembleFrame,
  ensembleMembers,
  type EnsembleOptions,
} from "../../lib/forecast/ensemble.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { LoadedModel } from "../../lib/forecast/loaded_model.ts";
import type { MemoryEstimate } from "../../lib/forecast/prepare.ts";
import { summarizeMembers } from "../../lib/metrics/members.ts";
import { CHECKPOINT, collect, EULER, framesOf, GRAY_SCOTT } from "./shipped.ts";

const SCOTT = await framesOf(GRAY_SCOTT, 0, 3);

async function together(model: LoadedModel, start: typeof SCOTT, options: EnsembleOptions) {
  return await Array.fromAsync<EnsembleFrame>(ensemble(model, start, options));
}

for (const threads of [1, 2]) {
  for (const kvCache of [false, true]) {
    const what = kvCache ? "with" : "without";
    Deno.test(`members are lone rollouts, bit for bit, ${what} a KV cache on ${threads} thread(s)`, async () => {
      using device = await wasm({ threads });
      using model = await loadModel(CHECKPOINT, { device });
      const options = { steps: 2, kvCache };
      const frames = await together(model, SCOTT, { ...options, members: 4, seed: 3 });
      assert.deepEqual(frames.map(({ step }) => step), [1, 2]);
      for (const [i, { seed }] of ensembleMembers({ members: 4, seed: 3 }).entries()) {
        assert.equal(seed, 3 + i);
        const own = frames.map(({ members }) => members[i]!.values);
        assert.deepEqual(own, await collect(model, SCOTT, { ...options, seed }));
      }
      assert.notDeepEqual(frames[0]!.members[0]!.values, frames[0]!.members[1]!.values);
    });
  }
}

Deno.test("frames hold mean, spread and quantiles of their members, and the fields that stay the same", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const start = await framesOf(EULER, 2, 3);
  const quantiles = [0.1, 0.5];
  const frames = await together(model, start, { steps: 2, members: 3, quantiles, draws: true });
  for (const { values, spread, quantiles: own, members, time, info, times } of frames) {
    assert.equal(info, start.info);
    assert.deepEqual([...times], [time]);
    assert.equal(time, members[0]!.time);
    for (const i of [0, 1, 2, 3]) {
      const wanted = summarizeMembers(members.map((member) => member.values[i]!), quantiles);
      assert.deepEqual([values[i], spread[i], own.map((field) => field[i])], [
        wanted.mean,
        wanted.spread,
        wanted.quantiles,
      ]);
    }
  }
  const [{ spread, values, members }] = await together(model, start, { steps: 1, members: 1 }) as [
    EnsembleFrame,
  ];
  assert.deepEqual(values, members[0]!.values);
  assert.ok(spread.every((field) => field.every((deviation) => deviation === 0)));
});

Deno.test("members may start earlier and be of other networks; seeds go on when all pairs are there", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  using other = await loadModel(CHECKPOINT, { device, weights: "int8" });
  const longer = await framesOf(GRAY_SCOTT, 0, 5);
  const options = { members: 5, seed: 7, startOffsets: [0, 2], models: [other] };
  const frames = await together(model, longer, { ...options, steps: 2 });
  const members = ensembleMembers(options);
  assert.deepEqual(members.map(({ seed, offset, model }) => [seed, offset, model]), [
    [7, 0, 0],
    [7, 2, 0],
    [7, 0, 1],
    [7, 2, 1],
    [8, 0, 0],
  ]);
  for (const [i, { seed, offset, model: number }] of members.entries()) {
    const start = await framesOf(GRAY_SCOTT, 2 - offset, 3);
    const alone = await collect([model, other][number]!, start, { steps: 2 + offset, seed });
    assert.deepEqual(frames.map((frame) => frame.members[i]!.values), alone.slice(offset), `member ${i}`);
    assert.ok(frames.every((frame) => frame.members[i]!.time === frame.time));
  }
});

Deno.test("what an ensemble can not be is refused before anything is computed", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const refused: [EnsembleOptions, RegExp][] = [
    [{ steps: 1, members: 0 }, /Members of an ensemble are 0, wanted an integer from 1/],
    [{ steps: 1, members: 1.5 }, /Members of an ensemble are 1.5/],
    [{ steps: 1, startOffsets: [0, -1] }, /start offset is -1/],
    [{ steps: 1, startOffsets: [] }, /start offset is missing/],
    [{ steps: 1, startOffsets: [3] }, /Cannot start 3 frames earlier: the sample has 3/],
    [{ steps: 1, quantiles: [2] }, /quantile is 2/],
    [{ steps: 0 }, /Steps of a rollout are 0/],
    [{ steps: 1, average: 0 }, /Draws of a step are 0, wanted an integer from 1 to 256/],
    [{ steps: 1, average: 2, kvCache: true }, /Cannot average 2 draws with a KV cache/],
  ];
  for (const [options, words] of refused) {
    await assert.rejects(together(model, SCOTT, { members: 2, ...options }), words);
  }
});

Deno.test("admit is told of the state of all members of a network", async () => {
  using device = await wasm({ threads: 1 });
  const needs: MemoryEstimate[] = [];
  const admit = (need: MemoryEstimate) => void needs.push(need);
  for (const members of [1, 8]) {
    // Programs that are there are not asked for again.
    using model = await loadModel(CHECKPOINT, { device });
    await ensemble(model, SCOTT, { steps: 1, members, admit }).next();
  }
  const [one, eight] = needs as [MemoryEstimate, MemoryEstimate];
  assert.equal(needs.length, 2);
  assert.equal(eight.weights, one.weights);
  // At the least the window of each, which is its state.
  const window = 4 * SCOTT.values.reduce((sum, { length }) => sum + length, 0);
  assert.ok(one.rollout! >= window, `${one.rollout}, the window is ${window}`);
  assert.equal(eight.working, one.working + 7 * one.rollout!);
  using model = await loadModel(CHECKPOINT, { device });
  const refuse = () => {
    throw new RangeError("too much");
  };
  await assert.rejects(ensemble(model, SCOTT, { steps: 1, admit: refuse }).next(), /too much/);
});

Deno.test("a caller that leaves, aborts or loses the model gives back what all members had", async () => {
  await using device = await wasm({ threads: 1 });
  const empty = device.usedBytes;
  const model = await loadModel(CHECKPOINT, { device });
  await together(model, SCOTT, { steps: 1, members: 2 });
  const before = device.usedBytes;
  for await (const _ of ensemble(model, SCOTT, { steps: 3, members: 3 })) {
    assert.ok(device.usedBytes > before);
    break;
  }
  assert.equal(device.usedBytes, before);
  const abort = new AbortController();
  const aborted = ensemble(model, SCOTT, { steps: 50, members: 3, signal: abort.signal });
  await aborted.next();
  const next = aborted.next();
  abort.abort(new Error("enough"));
  await assert.rejects(next, /^Error: enough$/);
  assert.equal(device.usedBytes, before);
  const left = ensemble(model, SCOTT, { steps: 50, members: 3 });
  await left.next();
  model[Symbol.dispose]();
  await assert.rejects(left.next(), { name: "DisposedError" });
  assert.equal(device.usedBytes, empty);
});

Deno.test("a step may be the mean of several draws, the first that of a lone rollout", async () => {
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const rollout = async (options: { average?: number; steps?: number; seed?: number; draws?: boolean }) =>
    await Array.fromAsync(model.rollout(SCOTT, { steps: 2, seed: 5, ...options }));
  const alone = await rollout({});
  assert.deepEqual(await rollout({ average: 1 }), alone);
  const averaged = await rollout({ average: 3 });
  assert.deepEqual(await rollout({ average: 3 }), averaged);
  // Three draws of the first step: 2 d3 = 3 m3 - 2 m2 is one that is like the others.
  const pair = await rollout({ average: 2, steps: 1 });
  const [first, two, three] = [alone, pair, averaged].map(([frame]) => frame!.values[0]!) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const distance = (a: Float32Array, b: Float32Array) =>
    Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length);
  const second = two.map((v, i) => 2 * v - first[i]!);
  const third = three.map((v, i) => 3 * v - 2 * two[i]!);
  const apart = [distance(first, second), distance(first, third), distance(second, third)];
  assert.ok(Math.min(...apart) > 0.3 * Math.max(...apart) && Math.min(...apart) > 1e-5, `${apart}`);
  // Without draws all are one.
  const still = await rollout({ draws: false });
  const mean = await rollout({ draws: false, average: 2 });
  assert.deepEqual(mean.map(({ values }) => values), still.map(({ values }) => values));
  // The next step goes on from the mean.
  const after = await Array.fromAsync(
    model.rollout(SCOTT, { steps: 2, average: 3, seed: 5, after: [averaged[0]!] }),
  );
  assert.deepEqual(after.map(({ values }) => values), [averaged[1]!.values]);
});
