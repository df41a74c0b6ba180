// Whole evaluations: the same bits for any number of processes and after a kill, each protocol, refusals.

import assert from "node:assert/strict";
import { openData } from "../../lib/worker/open_data.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { evaluate } from "../../app/evaluate/command.ts";
import { runInWorkers } from "../../app/evaluate/pool.ts";
import { protocolOf } from "../../app/evaluate/protocol.ts";
import { type Setup, unitsOf } from "../../app/evaluate/units.ts";
import type { Evaluation } from "../../app/evaluate/evaluation.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand, taskProcess } from "./run_command.ts";

const DATA = inRepository("examples/data/gray_scott_mini.hdf5");
const run = (...args: string[]) => runCommand(evaluate, ["--backend", "wasm", ...args]);
const SMALL = ["--split", "all", "--every", "20"];

/** The shipped frames again and again, so that there are 20 of them. */
async function longerData(folder: string): Promise<string> {
  using data = await openData(DATA);
  const trajectory = (await data.split()).trajectory(0);
  const frames = Array.from({ length: 20 }, (_, i) => i % trajectory.steps);
  const sample = await trajectory.sample(frames);
  const path = `${folder}/longer.hdf5`;
  await Deno.writeFile(path, await writeSamples([{ ...sample, times: Float64Array.from(frames.keys()) }]));
  return path;
}

async function evaluationIn(folder: string): Promise<Evaluation> {
  return JSON.parse(await Deno.readTextFile(`${folder}/evaluation.json`));
}

/** What an evaluation repeats bit for bit. */
async function repeatable(folder: string): Promise<string> {
  const { command: _, device: __, costs: ___, ...rest } = await evaluationIn(folder);
  return JSON.stringify(rest);
}

Deno.test("evaluate --out FOLDER: the same bits for 1 and 2 processes, and after a kill -9", () =>
  inFolder(async (folder) => {
    const args = [DATA, ...SMALL, "--rollout", "2", "--seeds", "1,2", "--ensemble", "2"];
    const one = await run(...args, "--out", `${folder}/one`);
    assert.equal(one.code, 0, one.err);
    const two = await run(...args, "--out", `${folder}/two`, "--processes", "2");
    assert.equal(two.code, 0, two.err);
    assert.equal(await repeatable(`${folder}/two`), await repeatable(`${folder}/one`));

    const killed = `${folder}/killed`;
    const words = [...args, "--backend", "wasm", "--out", killed];
    const child = taskProcess("evaluate", ...words).spawn();
    const parts = async () => {
      try {
        return await Array.fromAsync(Deno.readDir(`${killed}/parts`), ({ name }) => name);
      } catch {
        return [];
      }
    };
    while ((await parts()).filter((name) => name.endsWith(".json")).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    await child.output();
    const before = (await parts()).filter((name) => name.endsWith(".json"));
    // What an interruption may leave behind is no part.
    await Deno.writeTextFile(`${killed}/parts/${before[0]}`, "{");
    const again = await run(...args, "--out", killed);
    assert.equal(again.code, 0, again.err);
    assert.match(again.err, /^\d+ of \d+ parts are there$/m);
    assert.equal(await repeatable(killed), await repeatable(`${folder}/one`));

    // The same command with nothing left to do; another evaluation is refused.
    assert.equal((await run(...args, "--out", killed)).code, 0);
    const other = await run(DATA, ...SMALL, "--rollout", "2", "--seeds", "1,3", "--out", killed);
    assert.equal(other.code, 1);
    assert.match(other.err, /holds an evaluation that differs in protocol, seeds: --force replaces it/);
  }));

Deno.test("evaluate --protocol own, paper and well: steps, windows, every metric", () =>
  inFolder(async (folder) => {
    const own = await run(DATA, ...SMALL, "--rollout", "3", "--write-forecasts", "--out", `${folder}/own`);
    assert.equal(own.code, 0, own.err);
    const evaluation = await evaluationIn(`${folder}/own`);
    const [dataset] = evaluation.datasets;
    assert.deepEqual(dataset!.fields, ["A", "B"]);
    assert.deepEqual(Object.keys(dataset!.forecasters), ["walrus_small", "persistence", "linear"]);
    const { oneStep, rollouts: [rollout], windows, metrics, spectra } = dataset!.forecasters.walrus_small!;
    assert.equal(Object.keys(rollout!.steps).length, 16);
    assert.deepEqual(Object.keys(rollout!.whole), [
      "HistogramW1",
      "TimeWarpingDistance",
      "TimeWarpingDistortion",
    ]);
    assert.equal(rollout!.steps.VRMSE!.A!.length, 3);
    const { A, B, full } = rollout!.steps.VRMSE!;
    assert.ok(Math.abs((A![0]! + B![0]!) / 2 - full![0]!) < 1e-7);
    const mean = (full![0]! + full![1]! + full![2]!) / 3;
    assert.ok(Math.abs(windows["T[1:3]"]!.value! - mean) < 1e-7);
    assert.ok(Math.abs(metrics.VRMSE!.full!.median! - mean) < 1e-7);
    assert.equal(windows["T[1:3]"]!.interval, null, "one trajectory has no interval");
    assert.equal(oneStep!.windows.length, oneStep!.vrmse.count);
    assert.equal(spectra!.A!.length, dataset!.spectra!.steps.length);
    const bins = [0, 1, 2].map((bin) => rollout!.steps[`spectral_error_mse_per_bin_${bin}`]!.A![0]!);
    assert.ok(Math.abs(bins.reduce((a, b) => a + b) / rollout!.steps.MSE!.A![0]! - 1) < 1e-5);
    const [picture] = dataset!.pictures;
    assert.deepEqual([picture!.rank, picture!.shape, picture!.steps], ["median", [64, 64], [1, 2, 3]]);
    const file = await Deno.stat(
      `${folder}/own/forecasts/gray_scott_mini.hdf5/c00-d00-t0000-rollout-s0.hdf5`,
    );
    assert.ok(file.size > 0);

    const data = await longerData(folder);
    for (const [name, first, steps] of [["paper", 17, 3], ["well", 6, 14]] as const) {
      const out = `${folder}/${name}`;
      const args = ["--protocol", name, "--split", "all", "--every", "50", "--resamples", "10", "--kv-cache"];
      const { code, err, out: said } = await run(data, ...args, "--out", out);
      assert.equal(code, 0, err);
      const { protocol, datasets: [one], means } = await evaluationIn(out);
      assert.deepEqual([protocol.jitter, protocol.kvCache], [true, true]);
      const [trajectory] = one!.trajectories;
      assert.deepEqual([trajectory!.start, trajectory!.steps], [first, steps]);
      const { forecasters: { walrus_small: network, persistence } } = one!;
      const [window] = one!.windows;
      const curve = network!.curves.full!.median.slice(window!.from - 1, window!.last);
      const mean = curve.reduce((sum: number, value) => sum + value!, 0) / curve.length;
      assert.ok(Math.abs(network!.windows[window!.name]!.value! / mean - 1) < 1e-6);
      const ratio = network!.windows[window!.name]!.value! / persistence!.windows[window!.name]!.value!;
      assert.ok(Math.abs(means[0]!.reduction.windows[window!.name]! - (1 - ratio)) < 1e-6);
      if (name === "paper") {
        assert.deepEqual(one!.windows.map(({ label }) => label), [
          "T[1:20] (here 1:3)",
          "T[1:10] (here 1:3)",
        ]);
        assert.match(said, /T\[21:60\] is left out: rollouts have 3 steps/);
      } else assert.deepEqual(one!.windows.map(({ label }) => label), ["6:12", "13:30 (here 13:14)"]);
    }
  }));

Deno.test("evaluate --checkpoint A --checkpoint B: side by side, networks that are alike score alike", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/copy`);
    for (const { name } of Deno.readDirSync(inRepository("examples/walrus_small"))) {
      await Deno.copyFile(inRepository(`examples/walrus_small/${name}`), `${folder}/copy/${name}`);
    }
    const checkpoints = [
      inRepository("examples/walrus_small/walrus.safetensors"),
      `${folder}/copy/walrus.safetensors`,
    ];
    const args = [...SMALL, "--rollout", "2", "--out", `${folder}/out`, "--json"];
    const { code, out, err } = await run(
      DATA,
      ...checkpoints.flatMap((path) => ["--checkpoint", path]),
      ...args,
    );
    assert.equal(code, 0, err);
    const { checkpoints: infos, datasets: [one], means }: Evaluation = JSON.parse(out);
    assert.deepEqual(infos.map(({ name }) => name), ["walrus_small", "copy"]);
    const { walrus_small: own, copy } = one!.forecasters;
    assert.deepEqual(copy, own);
    assert.deepEqual(means.map(({ forecaster }) => forecaster), [
      "walrus_small",
      "copy",
      "persistence",
      "linear",
    ]);
    assert.deepEqual(means[1]!.windows, means[0]!.windows);
  }));

Deno.test("a unit that fails in a worker ends the evaluation with its error", async () => {
  const protocol = protocolOf("own", {
    rollout: 1,
    every: 1,
    jitter: false,
    kvCache: false,
    ensemble: 0,
    bootstrap: { resamples: 1, level: 0.95, seed: 0 },
  });
  const setup: Setup = {
    folders: ["nowhere"],
    split: "valid",
    masks: {},
    checkpoints: [],
    map: {},
    protocol,
    seeds: [0],
    backend: "wasm",
    threads: 1,
    out: "nowhere",
    writeForecasts: false,
  };
  const [unit] = unitsOf(protocol, [[{ trajectories: [{ windows: 1, steps: 1 }] }]], [[0]]);
  const done: string[] = [];
  await assert.rejects(
    runInWorkers(setup, [unit!], 2, ({ id }) => done.push(id), new AbortController().signal),
    /Cannot open "nowhere": there is no such file/,
  );
  assert.deepEqual(done, []);
});

Deno.test("evaluate refuses what makes no whole evaluation, and says what it offers", () =>
  inFolder(async (folder) => {
    const refused = async (words: string[], message: RegExp, code = 1) => {
      const found = await run(DATA, ...words);
      assert.equal(found.code, code, found.err);
      assert.match(found.err, message);
    };
    const out = ["--out", `${folder}/a`];
    await refused(
      ["--protocol", "paper", "--out", `${folder}/a.json`],
      /a\.json" is a file, --protocol make a whole evaluation: wanted a folder/,
    );
    await refused(
      ["--protocol", "paper", "--rollout", "5", ...out],
      /--rollout 5: the protocol "paper" has 60 steps/,
    );
    await refused(["--seeds", "1,2", "--no-jitter", ...out], /--no-jitter leaves no draws/);
    await refused(["--ensemble", "1", ...out], /--ensemble is 1, wanted 2 or more members/);
    await refused(["--seeds", "1,1", ...out], /--seeds .*whole numbers from 0 .*each once/, 2);
    await refused(["--protocol", "other", ...out], /--protocol .*wanted one of own, paper, well/, 2);
    await refused(["--checkpoint", "a", "--checkpoint", "b", "--config", "c", ...out], /of one network, 2/);
    const { code, out: help } = await run("--help");
    assert.equal(code, 0);
    for (const option of ["--protocol", "--seeds", "--ensemble", "--processes", "--write-forecasts"]) {
      assert.ok(help.includes(option), option);
    }
  }));
