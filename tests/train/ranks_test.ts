// Several processes train as one does: the same micro-batches, the same numbers. Ranks stand in one process here, each
// with a trainer of its own.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import { type ProcessGroup, singleProcess } from "../../lib/distributed/process_group.ts";
import type { TrainingBatch } from "../../lib/train/batch.ts";
import { Mixture, type MixtureSettings } from "../../lib/train/mixture.ts";
import { sumNumbers } from "../../lib/train/ranks.ts";
import { type RunEvent, runTraining } from "../../lib/train/run.ts";
import type { StepResult, Trainer } from "../../lib/train/trainer.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { validate } from "../../lib/train/validate.ts";
import { memoryGroup } from "../distributed/memory_group.ts";
import { inRepository } from "../shared.ts";
import { largestDifference } from "../tensors.ts";
import { batchOf, TINY_SETTINGS, tinyModel, tinySample, tinyTrainer } from "./tiny.ts";

const MODEL = tinyModel({ blocks: 1, hiddenDim: 16, heads: 1, intermediateDim: 2 });

/** Rounding of one sum in f32, as a share of it. */
const ROUNDING = 2 ** -24;

/** A micro-batch of a step with so many; the second of all is of a cube. */
function batch(index: number, parts: number): TrainingBatch {
  const sample = index === 1 ? tinySample(index, [32, 32, 32]) : tinySample(index);
  return batchOf([sample], index, MODEL, parts);
}

interface Trained {
  readonly results: readonly StepResult[];
  readonly state: TrainerState;
}

/** Some steps of one rank; micro-batch `part` of a step is the rank's when the group's size divides it so. */
async function steps(trainer: Trainer, count: number): Promise<Trained> {
  const { settings: { accumulate }, group: { rank, size } } = trainer;
  const parts = accumulate * size;
  const results: StepResult[] = [];
  for (let step = 0; step < count; step++) {
    const own = Array.from({ length: accumulate }, (_, i) => batch(step * parts + i * size + rank, parts));
    results.push(await trainer.step(own, 1e-3));
  }
  return { results, state: await trainer.state() };
}

/** What every rank of a group gives, each on a device of its own or all on one. */
async function train(
  group: readonly ProcessGroup[],
  { accumulate, count, devices = 1 }: { accumulate: number; count: number; devices?: number },
): Promise<Trained[]> {
  using made = new DisposableStack();
  const own = await Promise.all(Array.from({ length: devices }, () => wasm({ threads: 1, relaxed: false })));
  for (const device of own) made.use(device);
  const trainers = await Promise.all(group.map((member) =>
    tinyTrainer(own[member.rank % devices]!, {
      model: MODEL,
      settings: { ...TINY_SETTINGS, accumulate },
      group: member,
    })
  ));
  for (const trainer of trainers) made.use(trainer);
  return await Promise.all(trainers.map((trainer) => steps(trainer, count)));
}

for (const [size, devices, count] of [[2, 2, 2], [4, 1, 1]] as const) {
  Deno.test(`${size} ranks with one micro-batch each train to the bits of one process that sums ${size}`, async () => {
    const [one] = await train([singleProcess()], { accumulate: size, count });
    const all = await train(memoryGroup(size), { accumulate: 1, count, devices });
    for (const { results, state } of all) {
      // Sums of gradients are taken in the same order: every bit of weights, moments and norms is the same.
      assert.deepEqual(state, one!.state);
      for (const [step, { loss, norm }] of results.entries()) {
        const wanted = one!.results[step]!;
        assert.equal(norm, wanted.norm);
        // Losses are summed in f32 between ranks and in f64 within one process.
        assert.ok(Math.abs(loss / wanted.loss - 1) < (size - 1) * ROUNDING, `${loss}, ${wanted.loss}`);
        assert.equal(loss, all[0]!.results[step]!.loss);
      }
    }
  });
}

Deno.test("2 ranks that sum two micro-batches each train as one process that sums four, up to the order of sums", async () => {
  const [one] = await train([singleProcess()], { accumulate: 4, count: 1 });
  const [first, second] = await train(memoryGroup(2), { accumulate: 2, count: 1 });
  assert.deepEqual(second!.state, first!.state);
  const [wanted, got] = [one!.results[0]!, first!.results[0]!];
  assert.ok(Math.abs(got.loss / wanted.loss - 1) < ROUNDING, `${got.loss}, ${wanted.loss}`);
  assert.ok(Math.abs(got.norm / wanted.norm - 1) < 4 * ROUNDING, `${got.norm}, ${wanted.norm}`);
  assert.deepEqual(first!.state.counts, one!.state.counts);
  for (const [name, values] of one!.state.tensors) {
    if (!name.startsWith("mean/")) continue;
    const scale = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    // (a + c) + (b + d) beside ((a + b) + c) + d: three roundings of sums of up to four times the largest mean, then
    // those of clipping and of the moment.
    const error = largestDifference(values, first!.state.tensors.get(name)!);
    assert.ok(error <= 16 * ROUNDING * scale, `${name}: ${error} of ${scale}`);
  }
});

Deno.test("a rank whose step fails leaves, and the steps of all others reject", async () => {
  using device = await wasm({ threads: 1 });
  const group = memoryGroup(3);
  using made = new DisposableStack();
  const trainers: Trainer[] = [];
  for (const member of group) {
    trainers.push(made.use(await tinyTrainer(device, { model: MODEL, group: member })));
  }
  const own = batch(0, 3);
  const results = trainers.map(async (trainer) => {
    // Whoever owns a group leaves it when a step fails.
    using _member = trainer.group;
    return await trainer.step(trainer.group.rank === 1 ? [own, own] : [own], 1e-3);
  });
  const settled = await Promise.allSettled(results);
  assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  const reasons = settled.map((result) => String((result as PromiseRejectedResult).reason));
  assert.match(reasons[1]!, /got 2 micro-batches, wanted 1/);
  for (const rank of [0, 2]) assert.match(reasons[rank]!, /Rank \d of 3 left the group/);
});

Deno.test("sumNumbers() of doubles is exact where one rank has them, whatever they are", async () => {
  const values = [Math.PI, -1 / 3, 2 ** -30 + 2 ** 20, NaN, Infinity, 0, 1e-12];
  const group = memoryGroup(3);
  const sums = await Promise.all(
    group.map((own) => sumNumbers(own, values.map((v, i) => i % 3 === own.rank ? v : 0))),
  );
  for (const own of sums) assert.deepEqual(own, values);
  assert.deepEqual(await sumNumbers(singleProcess(), values), values);
});

const FIELDS = { A: "a", B: "c" };

Deno.test("validate() of three ranks gives every rank the scores of one", async () => {
  using device = await wasm({ threads: 1 });
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const system = { split: await data.split(), frames: 3 };
  const settings = { windows: 4, rollout: 2, trajectories: 2, draws: false, seed: 0 };
  using trainer = await tinyTrainer(device, { model: MODEL });
  const { leftOut, ...one } = await validate(trainer, system, settings, FIELDS);
  assert.deepEqual(leftOut, []);
  assert.ok(one.oneStep > 0 && one.rollout.length === 2);
  const all = await Promise.all(
    memoryGroup(3).map((group) => validate(trainer, system, settings, FIELDS, group)),
  );
  for (const own of all) assert.deepEqual(own, { ...one, leftOut });
});

Deno.test("runTraining() on two ranks draws, trains and validates as on one that sums two", async () => {
  using device = await wasm({ threads: 1, relaxed: false });
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const split = await data.split();
  const settings: MixtureSettings = {
    seed: 4,
    epochLength: 3,
    strides: [1, 2],
    augment: true,
    limit: null,
  };
  const run = async (group: ProcessGroup, accumulate: number): Promise<RunEvent[]> => {
    using trainer = await tinyTrainer(device, {
      model: MODEL,
      settings: { ...TINY_SETTINGS, accumulate },
      group,
    });
    return await Array.fromAsync(runTraining({
      trainer,
      mixture: new Mixture([{ split, samples: 1, frames: 3 }], settings, MODEL),
      schedule: { kind: "constant", base: 1e-3, warmup: 0, firstFactor: 1 },
      from: 0,
      steps: 2,
      seed: 9,
      fieldMap: FIELDS,
      validateEvery: 2,
      validation: { windows: 2, rollout: 0, trajectories: 1, draws: false, seed: 0 },
      validationSystems: [{ split, frames: 3 }],
      saveEvery: 2,
      best: null,
      validated: 0,
    }));
  };
  const one = await run(singleProcess(), 2);
  const all = await Promise.all(memoryGroup(2).map((group) => run(group, 1)));
  assert.deepEqual(one.map(({ kind }) => kind), ["step", "step", "validation", "checkpoint"]);
  for (const events of all) {
    // Validations, and checkpoints with weights, moments, counts and position.
    assert.deepEqual(events.slice(2), one.slice(2));
    events.slice(0, 2).forEach((event, i) => {
      const wanted = one[i]!;
      assert.ok(event.kind === "step" && wanted.kind === "step");
      assert.deepEqual([event.step, event.norm], [wanted.step, wanted.norm]);
      assert.ok(Math.abs(event.loss / wanted.loss - 1) < ROUNDING);
    });
  }
});
