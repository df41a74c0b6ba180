// The seams: a network that the library does not know, on data of a format that its commands do not know, goes through
// every command by the same functions.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { makeCheckpoint } from "../../app/make_checkpoint/command.ts";
import { plan } from "../../app/plan/command.ts";
import { stats } from "../../app/stats/command.ts";
import { train } from "../../app/train/command.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { openData } from "../../lib/data/open_data.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { inFolder, runCommand } from "../app/run_command.ts";
import { writeWaves } from "./data.ts";
import { entry } from "./family.ts";

const registry = [entry];

async function run(command: Parameters<typeof runCommand>[0], ...args: string[]): Promise<string> {
  const { code, out, err } = await runCommand(command, args, { registry });
  assert.equal(code, 0, err);
  return `${out}\n${err}`;
}

/** Data in `FOLDER/sets/waves`, and a run that trains on them. */
async function prepared(folder: string): Promise<{ data: string; config: string }> {
  const data = `${folder}/sets/waves`;
  await writeWaves(data);
  const config = `${folder}/run.yaml`;
  await Deno.writeTextFile(
    config,
    `folder: ${folder}/run\nmodel: { family: toy, hidden: 6 }\ndata: { root: ${folder}/sets, rotate: false }
training: { steps: 40, accumulate: 1 }\noptimizer: { lr: 0.02 }\nbackend: wasm\nthreads: 1
validation: { every: 20, windows: 4, rollout: 2, trajectories: 1 }\ncheckpoint: { every: 16 }\n`,
  );
  return { data, config };
}

async function tensorsOf(path: string): Promise<Record<string, number[]>> {
  using file = await openCheckpoint(path);
  const tensors: Record<string, number[]> = {};
  for (const [name, tensor] of file.tensors) tensors[name] = [...await tensor.read()];
  return tensors;
}

Deno.test("a network of a test trains, resumes and is scored on arrays by the commands", () =>
  inFolder(async (folder) => {
    const { data, config } = await prepared(folder);
    assert.match(await run(stats, data), /wrote .*stats.yaml: A, B of 2 trajectories/);
    const said = await run(train, config);
    assert.match(said, /2 fields, 6 hidden numbers, 30 numbers trained/);
    assert.match(said, /finished: the network is in .*run\/last/);
    const checkpoint = `${folder}/run/last/toy.safetensors`;
    const whole = await tensorsOf(checkpoint);
    // The same run with an interruption.
    await run(train, config, `folder=${folder}/again`, "training.steps=24", "schedule.warmup=1");
    const lines = await run(
      train,
      config,
      `folder=${folder}/again`,
      "training.steps=40",
      "schedule.warmup=1",
      "--extend",
    );
    assert.match(lines, /extends the run from step 24 of 24 to 40/);
    await run(train, config, `folder=${folder}/straight`, "schedule.warmup=1");
    assert.deepEqual(
      await tensorsOf(`${folder}/again/last/toy.safetensors`),
      await tensorsOf(`${folder}/straight/last/toy.safetensors`),
    );
    assert.deepEqual(Object.keys(whole), ["toy.in", "toy.out"]);
    const report = `${folder}/scores.json`;
    const args = [data, "--checkpoint", checkpoint, "--split", "test", "--rollout", "3", "--backend", "wasm"];
    await run(evaluate, ...args, "--out", report);
    const { results } = JSON.parse(await Deno.readTextFile(report));
    const { forecast: own, persistence } = results.waves;
    assert.ok(own.oneStep < persistence.oneStep, `${own.oneStep} against ${persistence.oneStep}`);
    assert.equal(own.curve.length, 3);
  }));

Deno.test("a network of a test is finetuned with adapters and forecast by the commands", () =>
  inFolder(async (folder) => {
    const { data, config } = await prepared(folder);
    await run(makeCheckpoint, "--family", "toy", "--dtype", "f32", "--out", `${folder}/start`);
    const checkpoint = `${folder}/start/toy.safetensors`;
    const said = await run(
      train,
      "--finetune",
      config,
      `model.from=${checkpoint}`,
      "training.lora={rank: 2}",
      `folder=${folder}/tuned`,
    );
    // A and B of both matrices: 2 x (8 + 3) + 2 x (2 + 8) numbers.
    assert.match(said, /42 numbers trained/);
    const tuned = `${folder}/tuned/last/toy.safetensors`;
    assert.notDeepEqual(await tensorsOf(tuned), await tensorsOf(checkpoint));
    const args = ["--input", data, "--split", "test", "--checkpoint", tuned, "--steps", "3"];
    const shown = await run(forecast, ...args, "--lead", "0.5", "--threads", "1", "--out", `${folder}/out`);
    assert.match(shown, /toy: 2 fields, 8 hidden numbers, 1 frames in, 3 out/);
    using written = await openData(`${folder}/out/forecast.hdf5`);
    const { info, steps } = (await written.split()).trajectory(0);
    assert.deepEqual([written.name, steps, info.grid.shape], ["waves_toy_forecast", 3, [16, 4]]);
    const planned = await run(plan, "--checkpoint", tuned, "--data", data);
    assert.match(planned, /16 x 4 points, 1 frames, 2 samples, 2 channels\n.*\nnothing /);
  }));

Deno.test("a network of a test takes a lead time, and weights of 8 bits", () =>
  inFolder(async (folder) => {
    const { data } = await prepared(folder);
    await run(makeCheckpoint, "--family", "toy", "--dtype", "f32", "--out", `${folder}/start`);
    await using device = await wasm({ threads: 1 });
    const checkpoint = `${folder}/start/toy.safetensors`;
    using waves = await openData(data);
    const start = await (await waves.split("train")).trajectory(0).sample([0]);
    const first = async (weights: "f32" | "int8", lead: number) => {
      using model = await loadModel(checkpoint, { device, weights, registry });
      const { value } = await model.rollout(start, { steps: 1, lead }).next();
      return value!;
    };
    const [near, far, small] = [await first("f32", 0.5), await first("f32", 5), await first("int8", 0.5)];
    assert.equal(near.time, 0.5);
    assert.notDeepEqual(near.values, far.values);
    const largest = Math.max(...near.values[0]!.map((v, i) => Math.abs(v - small.values[0]![i]!)));
    assert.ok(largest > 0 && largest < 0.05, `${largest}`);
  }));
