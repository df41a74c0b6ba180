// Runs that go astray, and validation of data that have no score: what is said, and which network is kept as the best.

import assert from "node:assert/strict";
import { train } from "../../app/train/command.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import { DivergenceWatch } from "../../lib/train/divergence.ts";
import { Mixture } from "../../lib/train/mixture.ts";
import { runTraining } from "../../lib/train/run.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { validate } from "../../lib/train/validate.ts";
import { inFolder, runCommand } from "../app/run_command.ts";
import { inRepository } from "../shared.ts";
import { tinyTrainer } from "./tiny.ts";

Deno.test("DivergenceWatch tells a run that goes astray from one that wavers", () => {
  const watch = new DivergenceWatch();
  assert.equal(watch.verdict(2, null), null);
  for (const loss of [80, 70, 400, 90, 60, 75]) watch.add(loss);
  assert.equal(watch.verdict(), null);
  assert.equal(watch.verdict(0.9, 0.05), null, "better than the mean of the truth");
  assert.equal(watch.verdict(4, 0.5), null);
  assert.equal(watch.verdict(6, 0.5), "the validation score is 6.000, the best one was 0.5000");
  for (let i = 0; i < 5; i++) watch.add(2500);
  assert.equal(watch.verdict(), "the training loss is 2500, it began at 80.00");
});

Deno.test("validate() counts the windows it leaves out, and scores the others", async () => {
  using device = await wasm({ threads: 1 });
  using trainer = await tinyTrainer(device);
  using data = await openData(inRepository("tests/fixtures/cases/nan_valid"));
  const settings = { windows: 20, rollout: 2, trajectories: 1, draws: false, seed: 0 };
  const scores = await validate(
    trainer,
    { split: await data.split("valid"), frames: 2 },
    settings,
    { A: "a", B: "c" },
  );
  // Of 16 frames 0, 5, 10 and 15 have faults; a window is two frames and the one to predict.
  assert.deepEqual([scores.windows, scores.rollouts], [{ tried: 14, scored: 6 }, 1]);
  assert.ok(Number.isFinite(scores.oneStep) && scores.notFinite === 0);
  assert.deepEqual(scores.rollout, []);
  assert.equal(scores.leftOut.length, 9);
  assert.match(`${scores.leftOut[0]!.trajectory}, ${scores.leftOut[0]!.why}`, /0, frame 0, A is NaN$/);
});

/** Weights that give no finite forecast. */
function spoiled({ tensors, counts }: TrainerState): TrainerState {
  const own = [...tensors].map(([name, data]) =>
    [name, /proj2\.bias$/.test(name) ? data.map(() => NaN) : data] as const
  );
  return { tensors: new Map(own), counts };
}

Deno.test("a score that is not a number is never the best, nor keeps later ones from it", async () => {
  using device = await wasm({ threads: 1 });
  using trainer = await tinyTrainer(device);
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const split = await data.split();
  const events = runTraining({
    trainer,
    mixture: new Mixture(
      [{ split, samples: 1, frames: 3 }],
      { seed: 4, epochLength: 3, strides: [1, 1], augment: false, limit: null },
      trainer.model,
    ),
    schedule: { kind: "constant", base: 1e-4, warmup: 0, firstFactor: 1 },
    from: 0,
    steps: 2,
    seed: 9,
    fieldMap: { A: "a", B: "c" },
    validateEvery: 1,
    validation: { windows: 2, rollout: 0, trajectories: 1, draws: false, seed: 0 },
    validationSystems: [{ split, frames: 3 }],
    saveEvery: 2,
    best: null,
    validated: 0,
  });
  let state: TrainerState | undefined;
  const seen: [number, boolean, boolean][] = [];
  for await (const event of events) {
    // The first validation finds weights that are no numbers, training goes on with those it had.
    if (event.kind === "step" && event.step === 1) {
      state = await trainer.state();
      await trainer.load(spoiled(state));
    }
    if (event.kind === "checkpoint") assert.equal(event.best?.step, 2);
    if (event.kind !== "validation") continue;
    const { oneStep, notFinite } = event.scores.get(split.dataset)!;
    assert.equal(notFinite > 0, !Number.isFinite(oneStep));
    seen.push([event.step, Number.isFinite(oneStep), event.best]);
    if (event.step === 1) await trainer.load(state!);
  }
  assert.deepEqual(seen, [[1, false, false], [2, true, true]]);
});

/** Runs the train command on a folder of data sets; what it said, and what it left. */
async function runOn(folder: string, root: string, ...overrides: string[]) {
  const config = `${folder}/config.yaml`;
  await Deno.writeTextFile(
    config,
    `folder: ${folder}/run
data: {root: ${root}, samples: 1}
model: {hidden_dim: 16, intermediate_dim: 2, blocks: 1, heads: 1, mlp_dim: 32, include_d: [2], context: 6}
training: {steps: 6, accumulate: 1}
validation: {every: 2, windows: 4, rollout: 0}
backend: wasm
threads: 1
`,
  );
  const { code, err } = await runCommand(train, [config, ...overrides]);
  assert.equal(code, 0, err);
  return { err, left: [...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name) };
}

async function copyData(source: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.copyFile(inRepository(source), `${folder}/a.hdf5`);
}

Deno.test("a run whose held-out windows all have faults says so once, and keeps no network as the best", () =>
  inFolder(async (folder) => {
    for (const split of ["train", "valid"]) {
      const source = `tests/fixtures/cases/nan_valid/data/${split}/a.hdf5`;
      await copyData(source, `${folder}/sets/nan/data/${split}`);
    }
    const { err, left } = await runOn(folder, `${folder}/sets`);
    assert.equal(err.match(/warning: own_test: 4 of 4 windows left out, .* A is NaN/g)?.length, 1, err);
    assert.match(err, /^validation VRMSE at step 6: own_test none$/m);
    assert.match(err, /^finished: the network is in .*last$/m);
    assert.ok(!left.includes("best"));
  }));

Deno.test("a run without held-out data says that there are none; one that diverges says how one sees it", () =>
  inFolder(async (folder) => {
    await copyData("examples/data/gray_scott_mini.hdf5", `${folder}/sets/gray_scott/data/train`);
    const { err, left } = await runOn(folder, `${folder}/sets`, "optimizer.lr=10", "training.steps=9");
    assert.match(
      err,
      /^warning: there are no held-out data \(data\/valid\): nothing is validated, no network is/m,
    );
    assert.doesNotMatch(err, /validation VRMSE/);
    assert.match(
      err,
      /^diverged: the training loss is \S+, it began at \S+\. .* is of no use, there is no better one; lower optimizer\.lr, it is 10$/m,
    );
    assert.ok(!left.includes("best") && left.includes("last"));
  }));
