// Commands without a file of their own here, each run to its end: doctor, make-checkpoint, app, plan, stats, train.

import assert from "node:assert/strict";
import { makeCheckpoint } from "../../app/make_checkpoint/command.ts";
import { app, page } from "../../app/web/command.ts";
import { plan } from "../../app/plan/command.ts";
import { stats } from "../../app/stats/command.ts";
import { train } from "../../app/train/command.ts";
import { readStatistics } from "../../lib/data/statistics.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { parseLearnt } from "../../lib/models/learnt.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand, runTask } from "./run_command.ts";

/** A data set of one shipped file, in a folder. */
async function dataSet(folder: string, name: string, ...splits: string[]): Promise<void> {
  for (const split of splits) {
    await Deno.mkdir(`${folder}/${name}/data/${split}`, { recursive: true });
    await Deno.copyFile(
      inRepository(`examples/data/${name}.hdf5`),
      `${folder}/${name}/data/${split}/a.hdf5`,
    );
  }
}

Deno.test("doctor finds every kernel right, with the rights of its task", async () => {
  const { code, out, err } = await runTask("doctor");
  assert.equal(code, 0, out + err);
  assert.match(out, /^runtime +Deno 2\./);
  assert.match(out, /^CPU +wasm/m);
  assert.match(out, /GFLOP\/s on one thread/);
  assert.match(out, /all \d+ are right/);
  assert.match(out, /^GPU /m);
});

Deno.test("make-checkpoint writes the weights of a configuration, the same for the same seed", () =>
  inFolder(async (folder) => {
    const config = inRepository("tests/fixtures/golden/checkpoints/extended_config.yaml");
    const make = async (name: string, ...more: string[]) => {
      const args = ["--config", config, "--dtype", "f32", "--out", `${folder}/${name}`, ...more];
      const { code, out, err } = await runCommand(makeCheckpoint, args);
      assert.equal(code, 0, err);
      assert.match(out, /^wrote .*walrus\.safetensors: \d+ tensors, \d+ numbers as f32$/);
      return await Deno.readFile(`${folder}/${name}/walrus.safetensors`);
    };
    const [first, again, other] = [await make("a"), await make("b"), await make("c", "--seed", "1")];
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
    using checkpoint = await openCheckpoint(`${folder}/a/walrus.safetensors`);
    const [tensor] = checkpoint.tensors.values();
    assert.ok((await tensor!.read()).every(Number.isFinite));
  }));

Deno.test("app serves the app until it is interrupted, under its old name too, and writes it for any host", () =>
  inFolder(async (folder) => {
    const abort = new AbortController();
    let serve = (_: string) => {};
    const serving = new Promise<string>((resolve) => serve = resolve);
    const ended = runCommand(page, ["--port", "0"], { signal: abort.signal, print: serve });
    const [address] = /http:\S+/.exec(await serving)!;
    const get = async (path: string) => {
      const response = await fetch(address + path);
      return [response.status, response.headers.get("content-type"), (await response.text()).length > 100];
    };
    assert.deepEqual(await get(""), [200, "text/html; charset=utf-8", true]);
    assert.deepEqual(await get("page/main.js"), [200, "text/javascript; charset=utf-8", true]);
    assert.deepEqual(await get("deno.json"), [404, "text/plain;charset=UTF-8", false]);
    abort.abort();
    const { code: interrupted, err: note } = await ended;
    assert.deepEqual([interrupted, note.split("\n")[0]], [130, "`page` is now `app`: deno task app"]);
    const { code, err } = await runCommand(app, ["--port", "x"]);
    assert.deepEqual([code, err], [
      2,
      "error: option '--port <number>' is 'x', wanted a whole number from 0 to 65535",
    ]);

    const written = await runCommand(app, ["--out", `${folder}/app`]);
    assert.equal(written.code, 0, written.err);
    assert.match(written.out, /app: \d+ files, \d+\.\d MB$/);
    for (
      const path of ["index.html", "app.css", "page/main.js", "service_worker.js", "model/walrus.safetensors"]
    ) {
      assert.ok((await Deno.stat(`${folder}/app/${path}`)).size > 100, path);
    }
  }));

Deno.test("plan shows the memory of steps of a small network", async () => {
  const config = inRepository("examples/walrus_small/extended_config.yaml");
  const training = await runCommand(plan, ["--config", config, "--points", "64x64"]);
  assert.equal(training.code, 0, training.err);
  assert.match(training.out, /^nothing .* \d+ MB +1\d+ +\+0\.0 % +32-bit$/m);
  assert.match(training.out, /^every block .* \d+ MB +1\d+ +\+2\d\.\d % +32-bit$/m);
  const memory = await runCommand(plan, ["--config", config, "--points", "64x64", "--memory", "200MB"]);
  assert.match(
    memory.out,
    /^for 200 MB .* 1\d\d MB .* %.*\nrecomputed for 200 MB: maps and norms of frame, encoder, block0-\d(; products of block0.*)?$/m,
  );
  const little = await runCommand(plan, ["--config", config, "--points", "64x64", "--memory", "5e7"]);
  assert.match(little.out, /^Cannot train in 50 MB: the least that does is \d+ MB, with all recomputed/m);
  assert.match(
    (await runCommand(plan, ["--memory", "much"])).err,
    /is 'much', wanted 8GB, 8GiB, 500MB or bytes/,
  );
  const forecast = await runCommand(plan, ["--config", config, "--points", "64x64", "--forecast"]);
  assert.equal(forecast.code, 0, forecast.err);
  assert.match(forecast.out, /^f16 +24 GB/m);
  const { code, err } = await runCommand(plan, ["--points", "1x2x3x4"]);
  assert.deepEqual([code, err], [
    2,
    "error: option '--points <grid>' is '1x2x3x4', wanted 256x256 or 64x64x64",
  ]);
});

Deno.test("stats writes the statistics of a data set's training split", () =>
  inFolder(async (folder) => {
    await dataSet(folder, "gray_scott_mini", "train");
    const { code, out, err } = await runCommand(stats, [`${folder}/gray_scott_mini/`]);
    assert.equal(code, 0, err);
    assert.equal(out, `wrote ${folder}/gray_scott_mini/stats.yaml: A, B of 1 trajectories`);
    const { mean } = await readStatistics(`${folder}/gray_scott_mini/stats.yaml`);
    assert.deepEqual(Object.keys(mean), ["A", "B"]);
    await Deno.mkdir(`${folder}/empty`);
    const empty = await runCommand(stats, [`${folder}/empty`]);
    assert.equal(empty.code, 1);
    assert.ok(
      empty.err.startsWith(
        `error: Cannot open "${folder}/empty" as data; well: it has no files *.hdf5 or *.h5; arrays: it has no ` +
          "arrays.yaml; pdebench, ",
      ),
      empty.err,
    );
    assert.match(
      (await runCommand(stats, [`${folder}/none`])).err,
      /^error: Cannot open ".*none": there is no such/,
    );
    assert.equal((await runCommand(stats, [])).err, "error: missing required argument 'folder'");
  }));

Deno.test("train takes steps in this process, and stops where it is interrupted", () =>
  inFolder(async (root) => {
    await dataSet(`${root}/data`, "gray_scott_mini", "train");
    const config = `
folder: ${root}/run
data: {root: ${root}/data, samples: 1}
model: {hidden_dim: 32, intermediate_dim: 4, blocks: 1, heads: 2, mlp_dim: 64, include_d: [2], context: 2}
training: {steps: 2}
validation: {rollout: 0}
log: {every: 1}
backend: wasm
threads: 1
`;
    await Deno.writeTextFile(`${root}/config.yaml`, config);
    const whole = await runCommand(train, [`${root}/config.yaml`]);
    assert.equal(whole.code, 0, whole.err);
    assert.match(whole.err, /^step 2\/2 .*loss/m);
    assert.match(whole.err, /finished: the network is in .*\/run\/last$/m);
    const again = await runCommand(train, [`${root}/config.yaml`]);
    assert.equal(again.code, 0, again.err);
    assert.match(
      again.err,
      /\nthe run in ".*\/run" is finished: 2 steps, the network is in .*\/run\/last; .*--extend/,
    );
    const learnt = parseLearnt(await Deno.readTextFile(`${root}/run/last/learnt.yaml`));
    assert.deepEqual([learnt.complete, Object.keys(learnt.fields)], [true, ["A", "B"]]);
    assert.equal(learnt.systems.gray_scott_mini!.split, "train");
    const signal = AbortSignal.abort(new Error("interrupted"));
    const stopped = await runCommand(train, [`${root}/config.yaml`, `folder=${root}/other`], { signal });
    assert.equal(stopped.code, 130, stopped.err);
    assert.match(stopped.err, /interrupted: saved as/);
  }));
