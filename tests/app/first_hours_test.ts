// What somebody meets in the first hours with the commands: results that are kept, mistakes that are named before
// anything is computed, files that say where they come from.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { planeOf as chosenPlane } from "../../app/forecast/draw.ts";
import { forecast } from "../../app/forecast/command.ts";
import { planeOf } from "../../app/forecast/view.ts";
import { checkOutputs } from "../../app/outputs.ts";
import { stats } from "../../app/stats/command.ts";
import { measureForecast } from "../../bench/long/measure.ts";
import configuration from "../../deno.json" with { type: "json" };
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand } from "./run_command.ts";

const DATA = inRepository("examples/data/gray_scott_mini.hdf5");
const run = (...args: string[]) =>
  runCommand(forecast, ["--input", DATA, "--steps", "1", "--no-gif", ...args]);

/** Bytes of a file as hexadecimal digits of their SHA-256. */
async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("forecast refuses a folder that cannot be written before anything is computed", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const out of [`${folder}/file`, `${folder}/file/deeper/still`]) {
      const { code, out: said, err } = await run("--out", out);
      assert.equal(code, 1);
      assert.match(err, /^error: Cannot write to ".*": ".*\/file" is a file, wanted a folder$/);
      assert.doesNotMatch(said + err, /frames in|forecast 1\/1/);
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  }));

Deno.test("checkOutputs() compares what results take with what the disk has, and leaves nothing", () =>
  inFolder(async (folder) => {
    const files = [`${folder}/new/a.bin`];
    await checkOutputs({ files, force: false, room: { bytes: 1, less: "" } });
    await assert.rejects(
      checkOutputs({ files, force: false, room: { bytes: 1e18, less: "--no-gif takes less" } }),
      /take up to 1000000000\.00 GB, the disk has .* free; --no-gif takes less$/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.mkdir(files[0]!, { recursive: true });
    await assert.rejects(checkOutputs({ files, force: true }), /a\.bin": it is a folder, wanted a file$/);
  }));

Deno.test("forecast keeps results that exist, unless it is told to replace them", () =>
  inFolder(async (folder) => {
    assert.equal((await run("--out", folder, "--seed", "1")).code, 0);
    const before = await sha256(`${folder}/forecast.hdf5`);
    const refused = await run("--out", folder, "--seed", "2");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /forecast\.hdf5" exists, and 1 more of the results: --force replaces/);
    assert.equal(await sha256(`${folder}/forecast.hdf5`), before);
    await Deno.writeTextFile(`${folder}/forecast.gif`, "of an earlier forecast");
    assert.equal((await run("--out", folder, "--seed", "2", "--force")).code, 0);
    assert.notEqual(await sha256(`${folder}/forecast.hdf5`), before);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "forecast.hdf5",
      "forecast.png",
    ]);
  }));

Deno.test("forecast without --out goes to out, and a second time to out-2", () =>
  inFolder(async (folder) => {
    const main = inRepository("app/forecast/main.ts");
    const rights = ["--no-prompt", "--allow-read", "--allow-write", "--allow-sys=systemMemoryInfo,statfs"];
    const said: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", ...rights, main, "--input", DATA, "--steps", "1", "--no-gif"],
        cwd: folder,
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      said.push(new TextDecoder().decode(stdout));
    }
    assert.match(said[0]!, /^wrote out\/forecast\.hdf5, /m);
    assert.match(said[1]!, /^out\/ holds a forecast: this one goes to out-2\/ \(--force replaces it\)$/m);
    assert.match(said[1]!, /^wrote out-2\/forecast\.hdf5, /m);
  }));

Deno.test("stats keeps a stats.yaml that exists, unless it is told to replace it", () =>
  inFolder(async (folder) => {
    await Deno.copyFile(DATA, `${folder}/a.hdf5`);
    await Deno.writeTextFile(`${folder}/stats.yaml`, "mine");
    const { code, err } = await runCommand(stats, [folder]);
    assert.equal(code, 1);
    assert.match(err, /stats\.yaml" exists: --force replaces what is there, --out writes elsewhere$/);
    assert.equal(await Deno.readTextFile(`${folder}/stats.yaml`), "mine");
    assert.equal((await runCommand(stats, [folder, "--force"])).code, 0);
    assert.match(await Deno.readTextFile(`${folder}/stats.yaml`), /^mean:/);
  }));

Deno.test("a forecast's file says what made it, its scores are there as JSON", () =>
  inFolder(async (folder) => {
    const words = ["--seed", "7", "--start", "2", "--out", folder, "--json"];
    const { code, out, err } = await run(...words);
    assert.equal(code, 0, err);
    using file = await openHdf5(`${folder}/forecast.hdf5`);
    const attributes = await file.attributes("/");
    const wanted = {
      checkpoint: "walrus.safetensors",
      checkpoint_sha256: await sha256(inRepository("examples/walrus_small/walrus.safetensors")),
      version: configuration.version,
      input: "gray_scott_mini.hdf5",
      seed: 7,
      start: 2,
      stride: 1,
      trajectory: 0,
      random_draws: "yes",
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(attributes[name], value, name);
    assert.equal(attributes.dataset_name, "gray_scott_mini_walrus_forecast");
    const scores = JSON.parse(out);
    assert.equal(scores.checkpoint_sha256, wanted.checkpoint_sha256);
    assert.deepEqual(scores.files, [`${folder}/forecast.hdf5`, `${folder}/forecast.png`]);
    const [{ step, forecast, persistence }] = scores.steps;
    assert.equal(step, 1);
    assert.deepEqual(Object.keys(forecast), ["A", "B"]);
    assert.ok(forecast.A < persistence.A);
    // What people read is on the other stream.
    assert.match(err, /^memory: up to .* planned \(weights /m);
  }));

Deno.test("names of fields that are mistyped, absent or not learnt are said", () =>
  inFolder(async (folder) => {
    const refusals: [string, RegExp][] = [
      ["A=temprature", /has no "temprature" \(did you mean temperature\?\)/],
      ["Q=density", /--map Q=density: the data have no field "Q", they have A, B$/],
    ];
    for (const [map, words] of refusals) {
      const { code, err } = await run("--map", map, "--out", folder);
      assert.equal(code, 1);
      assert.match(err, words);
    }
    const unlearnt = /^warning: this network has not learnt "A": .* means nothing; it has learnt .*height/m;
    assert.match((await run("--map", "A=temperature", "--out", `${folder}/a`)).err, unlearnt);
    assert.doesNotMatch((await run("--out", `${folder}/b`)).err, /not learnt/);
    const scored = await runCommand(evaluate, [
      DATA,
      ...["--map", "A=temperature", "--every", "10", "--rollout", "0", "--backend", "wasm"],
    ]);
    assert.equal(scored.code, 0);
    assert.match(scored.err, unlearnt);
    const absent = await runCommand(evaluate, [DATA, "--map", "Q=density", "--backend", "wasm"]);
    assert.match(absent.err, /the data have no field "Q"/);
  }));

Deno.test("evaluate labels by folder, prints JSON, and says what was trained on", () =>
  inFolder(async (folder) => {
    for (const place of ["a/gray/data/train", "b/gray/data/train", "other/data/train"]) {
      await Deno.mkdir(`${folder}/${place}`, { recursive: true });
      await Deno.copyFile(DATA, `${folder}/${place}/x.hdf5`);
    }
    const folders = ["a/gray", "b/gray", "other"].map((name) => `${folder}/${name}`);
    const options = ["--split", "train", "--every", "10", "--rollout", "0", "--backend", "wasm", "--json"];
    const { code, out, err } = await runCommand(evaluate, [...folders, ...options]);
    assert.equal(code, 0, err);
    assert.deepEqual(Object.keys(JSON.parse(out).results), [folders[0], folders[1], "other"]);
    assert.match(err, /^warning: the network was trained on the train split of "gray_scott_mini": /m);
  }));

Deno.test("--plane chooses an axis and a point, and is refused where there is none", () => {
  const coordinates = [2, 3, 4].map((n) => Float64Array.from({ length: n }, (_, i) => i));
  const info = {
    dataset: "cube",
    grid: { system: "cartesian", axes: ["x", "y", "z"], shape: [2, 3, 4], coordinates },
    boundaries: [],
    fields: [],
    masked: false,
    scalars: {},
  };
  assert.deepEqual(chosenPlane(info, { axis: "z", index: 3 }), { axis: 2, index: 3 });
  assert.equal(chosenPlane(info, undefined), undefined);
  assert.throws(() => chosenPlane(info, { axis: "z", index: 4 }), /axis z has points 0 to 3$/);
  assert.throws(() => chosenPlane(info, { axis: "w", index: 0 }), /the axes of the data are x, y, z$/);
  const flat = { ...info, grid: { ...info.grid, axes: ["x", "y"], shape: [2, 3] } };
  assert.throws(() => chosenPlane(flat, { axis: "z", index: 0 }), /the data are a plane/);

  // Numbers that say where they stand: x, y, z as digits.
  const frame = Float32Array.from(
    { length: 24 },
    (_, i) => 100 * Math.floor(i / 12) + 10 * (Math.floor(i / 4) % 3) + i % 4,
  );
  const view = {
    dataset: "cube",
    shape: [2, 3, 4] as const,
    channels: ["c"],
    axisNames: ["x", "y", "z"],
    times: [0],
    truth: [null],
    forecast: [frame],
    hidden: null,
  };
  assert.deepEqual([...planeOf(view, frame, 0).values], [22, 122, 12, 112, 2, 102]);
  const across = planeOf({ ...view, plane: { axis: 0, index: 1 } }, frame, 0);
  assert.deepEqual([across.width, across.height], [3, 4]);
  assert.deepEqual([...across.values.slice(0, 3)], [103, 113, 123]);
});

Deno.test({
  name: "a longer forecast takes no more memory, and both stay within their plans",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const [short, long] = [await measureForecast(6, 64), await measureForecast(66, 64)];
    for (const { peakBytes, plannedBytes } of [short, long]) {
      assert.ok(peakBytes > 50e6 && peakBytes <= 1.2 * plannedBytes, `${peakBytes} of ${plannedBytes}`);
    }
    // Pictures that were kept would take 1.2 MB each.
    const grown = long.peakBytes - short.peakBytes;
    assert.ok(grown < 40e6, `60 more steps took ${grown / 1e6} MB more`);
  },
});
