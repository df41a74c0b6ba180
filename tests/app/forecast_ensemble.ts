// The forecast command with an ensemble, with averaged draws, and what it says of physics.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { forecast } from "../../app/forecast/command.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand } from "./run_command.ts";

const EULER = inRepository("examples/data/euler_quadrants_mini.hdf5");
const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");
const run = (folder: string, ...args: string[]) =>
  runCommand(forecast, ["--input", EULER, "--no-gif", "--force", "--out", folder, ...args]);

/** Numbers of the fields of a written forecast. */
async function written(folder: string): Promise<Record<string, Float32Array>> {
  using data = await openData(`${folder}/forecast.hdf5`);
  const trajectory = (await data.split()).trajectory(0);
  const frames = Array.from({ length: trajectory.steps }, (_, i) => i);
  const { info, values } = await trajectory.sample(frames);
  return Object.fromEntries(info.fields.map(({ name }, i) => [name, values[i]!]));
}

Deno.test("an ensemble writes mean, spread and quantiles as fields, and its scores", () =>
  inFolder(async (folder) => {
    const args = ["--steps", "2", "--ensemble", "3", "--quantiles", "0.5,0.025", "--seed", "4"];
    const { code, out, err } = await run(folder, ...args);
    assert.equal(code, 0, err);
    assert.match(out, /^ensemble of 3 members: seeds 4 to 6; the forecast is their mean$/m);
    assert.match(out, /^CRPS +ensemble +one member +persistence +spread\/error +in 50 % \(25 %\)/m);
    assert.match(out, /^density +0\.\d+ +0\.\d+ +0\.\d+ +0\.\d+ +\d+ %/m);
    assert.match(out, /^3 members, 2 steps of 1 trajectory, 8192 cells a component/m);
    const own = await written(folder);
    const fields = ["density", "energy", "pressure", "momentum"];
    assert.deepEqual(
      Object.keys(own).sort(),
      ["", "_spread", "_quantile_50", "_quantile_2.5"].flatMap((end) => fields.map((name) => name + end))
        .sort(),
    );
    // Each member alone is what a forecast of its seed writes: the middle one of three is the median.
    const members: Record<string, Float32Array>[] = [];
    for (const seed of ["4", "5", "6"]) {
      await run(`${folder}/${seed}`, "--steps", "2", "--seed", seed);
      members.push(await written(`${folder}/${seed}`));
    }
    for (const name of fields) {
      const sorted = (i: number) => members.map((member) => member[name]![i]!).sort((a, b) => a - b);
      assert.deepEqual(own[`${name}_quantile_50`], own[name]!.map((_, i) => sorted(i)[1]!));
      const means = own[name]!.map((_, i) => sorted(i).reduce((a, b) => a + b) / 3);
      own[name]!.forEach((v, i) => assert.ok(Math.abs(v - means[i]!) <= 1e-6 * (1 + Math.abs(v))));
      assert.ok(own[`${name}_spread`]!.some((v) => v > 0));
    }
  }));

Deno.test("an ensemble's JSON has scores by step and over all, and where it comes from", () =>
  inFolder(async (folder) => {
    const args = ["--steps", "2", "--ensemble", "4", "--start", "2", "--start-offsets", "0,2", "--json"];
    const { code, out, err } = await run(folder, ...args, "--also-checkpoint", CHECKPOINT);
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^ensemble of 4 members: 2 starts x 2 checkpoints x seed 0; the forecast is their mean$/m,
    );
    const { ensemble, physics, start_offsets, also_checkpoint, ...report } = JSON.parse(out);
    assert.deepEqual([report.ensemble, start_offsets, also_checkpoint], [
      undefined,
      "0,2",
      "walrus.safetensors",
    ]);
    assert.equal(ensemble.steps.length, 2);
    const { density } = ensemble.all;
    assert.deepEqual([density.members, density.trajectories, density.frames, density.cells], [4, 1, 2, 8192]);
    assert.equal(density.ranks.length, 5);
    assert.ok(Math.abs(density.ranks.reduce((a: number, b: number) => a + b) - 1) < 1e-9);
    assert.ok(density.crps < density.crpsOfPersistence);
    assert.deepEqual(physics.steps.map(({ step }: { step: number }) => step), [1, 2]);
    assert.ok(physics.start["total: mass"] > 0 && physics.steps[0].truth["total: mass"] > 0);
  }));

Deno.test("an averaged forecast is another one, and says so", () =>
  inFolder(async (folder) => {
    const { code, out, err } = await run(folder, "--steps", "1", "--average", "3");
    assert.equal(code, 0, err);
    assert.match(out, /^each step is the mean of 3 draws$/m);
    const averaged = await written(folder);
    await run(folder, "--steps", "1");
    assert.notDeepEqual(averaged, await written(folder));
  }));

Deno.test("options of ensembles are refused where they say nothing or can not be met", () =>
  inFolder(async (folder) => {
    const refused: [string[], RegExp][] = [
      [["--quantiles", "0.5"], /--quantiles is for ensembles: say how many members, as --ensemble 8/],
      [["--start-offsets", "0,1"], /--start-offsets is for ensembles/],
      [["--also-checkpoint", CHECKPOINT], /--also-checkpoint is for ensembles/],
      [["--ensemble", "1"], /wanted a whole number from 2 to 1000/],
      [["--ensemble", "2", "--quantiles", "0.5,1.5"], /wanted numbers from 0 to 1, as 0\.1,0\.5,0\.9/],
      [["--ensemble", "2", "--quantiles", "0.5,"], /wanted numbers from 0 to 1/],
      [["--ensemble", "2", "--start-offsets", "-1"], /wanted whole numbers from 0/],
      [
        ["--ensemble", "2", "--start-offsets", "0,2"],
        /--start is 0: members start 2 input frames earlier, wanted 2/,
      ],
      [["--average", "2", "--kv-cache"], /Cannot average 2 draws with a KV cache/],
    ];
    for (const [args, words] of refused) {
      const { code, err } = await run(folder, "--steps", "1", ...args);
      assert.notEqual(code, 0, args.join(" "));
      assert.match(err, words);
    }
    const { err } = await run(folder, "--steps", "1", "--ensemble", "2", "--no-jitter");
    assert.match(err, /warning: without random draws members of one start and checkpoint are alike/);
  }));

Deno.test("physics is told beside the truth, and a law that the truth keeps and the forecast breaks is warned of", () =>
  inFolder(async (folder) => {
    const plain = await run(folder, "--steps", "2");
    assert.match(plain.out, /^physics +start +step 2 +truth$/m);
    assert.match(plain.out, /^total mass +0\.8\d+ +0\.8\d+ +0\.8\d+$/m);
    assert.doesNotMatch(plain.err, /the truth keeps/);
    // Its energy leaves through open sides; a truth in which it is given back keeps it, the forecast does not.
    using data = await openData(EULER);
    const sample = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const place = sample.info.fields.findIndex(({ name }) => name === "energy");
    const size = sample.values[place]!.length / 9;
    const total = (frame: number) =>
      sample.values[place]!.subarray(frame * size, (frame + 1) * size).reduce((sum, v) => sum + v, 0);
    const values = sample.values.map((numbers, i) =>
      i === place ? numbers.map((v, at) => v * total(0) / total(Math.floor(at / size))) : numbers
    );
    const input = `${folder}/kept.hdf5`;
    await Deno.writeFile(input, await writeSamples([{ ...sample, values }]));
    const { code, err } = await runCommand(forecast, [
      ...["--input", input, "--no-gif", "--out", `${folder}/kept`, "--steps", "3", "--ensemble", "2"],
    ]);
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^warning: the truth keeps what the forecast breaks: step \d: total energy is off by .* in the truth by (0|under 0\.001) % \(allowed 0\.1 %\); so do 2 of 2 members$/m,
    );
  }));
