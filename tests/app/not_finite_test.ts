// Commands and numbers that are not finite: hidden ones do no harm, others are counted and named, a forecast that diverges
// is said, and no average swallows any of it. The policy is docs/nan.md.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { openData } from "../../lib/data/open_data.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { inRepository } from "../shared.ts";
import { writeWaves } from "../toy/data.ts";
import { entry } from "../toy/family.ts";
import { inFolder, runCommand } from "./run_command.ts";

const CASES = inRepository("tests/fixtures/cases");
const EXPECTED = JSON.parse(await Deno.readTextFile(`${CASES}/expected.json`));

/** Scores of a line of the forecast's table: those of the forecast and, in brackets, of persistence. */
function scoresOf(out: string, step: number): { forecast: string[]; persistence: string[] } {
  const line = out.split("\n").find((text) => text.trim().startsWith(`${step} `)) ?? "";
  const cells = [...line.matchAll(/(\S+) +\((\S+)\)/g)];
  return { forecast: cells.map(([, own]) => own!), persistence: cells.map(([, , other]) => other!) };
}

Deno.test("hidden cells may hold anything, and score alike in forecast and evaluate", () =>
  inFolder(async (folder) => {
    for (const name of ["masked_five.hdf5", "masked_nan.hdf5"]) {
      const input = `${CASES}/${name}`;
      const args = ["--input", input, "--steps", "1", "--no-jitter", "--out", `${folder}/out`, "--force"];
      const { code, out, err } = await runCommand(forecast, args);
      assert.equal(code, 0, err);
      const own = scoresOf(out, 1);
      assert.ok(own.forecast.every((text) => Number(text) < 1), `${name}: ${own.forecast}`);
      const { A, B } = EXPECTED[name].persistence_vrmse;
      assert.deepEqual(own.persistence, [A, B, (A + B) / 2].map((value) => value.toFixed(4)), name);
      const wide = ["--split", "all", "--every", "10", "--rollout", "1", "--backend", "wasm"];
      const scored = await runCommand(evaluate, [input, ...wide]);
      assert.match(scored.err, /^warning: this network has not learnt what "mask" means, [^\n]*$/);
      const [, mean] = /^masked_\w+\.hdf5 .* \/ (\S+) .* \/ (\S+) .* \/ \S+$/m.exec(scored.out) ?? [];
      assert.equal(mean, own.forecast.at(-1), name);
    }
  }));

Deno.test("--mask names a mask and its polarity", () =>
  inFolder(async (folder) => {
    const args = ["--input", `${CASES}/masked_nan.hdf5`, "--steps", "1", "--out", folder];
    const turned = await runCommand(forecast, [...args, "--mask", "mask=kept"]);
    assert.match(turned.err, /^error: Cannot forecast from ".*masked_nan.hdf5": frame 0, A is NaN$/m);
    const wrong = await runCommand(forecast, [...args, "--mask", "mask=1"]);
    assert.deepEqual([wrong.code, /wanted FIELD=hidden or FIELD=kept$/.test(wrong.err)], [2, true]);
    const absent = await runCommand(forecast, [...args, "--mask", "solid=hidden"]);
    assert.match(absent.err, /^error: Cannot mask ".*" by "solid": the field is not there, .* are mask$/m);
  }));

Deno.test("evaluate leaves windows out whose data are not finite, counts them and names the fault", () =>
  inFolder(async (folder) => {
    const out = `${folder}/scores.json`;
    const ran = await runCommand(evaluate, [`${CASES}/nan_valid`, "--backend", "wasm", "--out", out]);
    assert.equal(ran.code, 0, ran.err);
    assert.match(
      ran.err,
      /^warning: 10 of 10 windows left out, .*: ".*valid\/a\.hdf5", trajectory 0, frame 0, A is NaN; .* frame 5, A is/m,
    );
    assert.match(ran.err, /^warning: 1 of 1 rollouts left out or cut short, .*frame 0, A is NaN$/m);
    assert.match(ran.out, /^nan_valid +- \/ - +- \/ - +- \/ -$/m);
    const { forecast: own } = JSON.parse(await Deno.readTextFile(out)).results.nan_valid;
    assert.deepEqual([own.oneStep, own.rollout, own.tried], [null, null, { window: 10, rollout: 1 }]);
  }));

Deno.test("forecast refuses an input window that is not finite, and scores what is left of the truth", () =>
  inFolder(async (folder) => {
    using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
    const trajectory = (await data.split()).trajectory(0);
    const sample = await trajectory.sample([...Array(9).keys()]);
    const size = sample.values[0]!.length / 9;
    sample.values[0]![7 * size + 11] = NaN;
    const input = `${folder}/in.hdf5`;
    await Deno.writeFile(input, await writeSamples([sample]));
    const args = ["--input", input, "--steps", "3", "--out", `${folder}/out`, "--force"];
    const { code, out, err } = await runCommand(forecast, args);
    assert.equal(code, 0, err);
    assert.match(err, /^warning: 1 of 3 true frames are not scored: frame 7, A is NaN$/m);
    assert.deepEqual([1, 2, 3].map((step) => scoresOf(out, step).forecast.includes("-")), [
      false,
      true,
      false,
    ]);
    const late = await runCommand(forecast, [...args, "--start", "2"]);
    assert.match(late.err, /^error: Cannot forecast from ".*in\.hdf5": frame 7, A is NaN$/m);
  }));

/** A network whose frames grow until they overflow, and data to start from. */
async function divergent(folder: string): Promise<string[]> {
  await writeWaves(`${folder}/waves`);
  await Deno.mkdir(`${folder}/model`);
  const tensors = { "toy.in": [[6, 3], 1e4], "toy.out": [[2, 6], 1e4] } as const;
  const checkpoint = `${folder}/model/toy.safetensors`;
  const bytes = await writeSafetensors(
    Object.entries(tensors).map(([name, [shape, value]]) => ({
      name,
      shape,
      data: new Float32Array(shape[0] * shape[1]).fill(value),
    })),
  );
  await Deno.writeFile(checkpoint, bytes);
  return ["--checkpoint", checkpoint];
}

Deno.test("a forecast that diverges says from which step and field on, and may end there", () =>
  inFolder(async (folder) => {
    const model = await divergent(folder);
    const args = [
      "--input",
      `${folder}/waves`,
      ...model,
      "--steps",
      "9",
      "--out",
      `${folder}/out`,
      "--force",
    ];
    const registry = [entry];
    const framesOf = async () => {
      using data = await openData(`${folder}/out/forecast.hdf5`);
      return (await data.split()).trajectory(0).steps;
    };
    const whole = await runCommand(forecast, args, { registry });
    assert.equal(whole.code, 0, whole.err);
    const said = /^warning: the forecast has diverged: from step (\d) on, field [AB] is not finite$/m.exec(
      whole.err,
    );
    assert.ok(said, whole.err);
    assert.equal(await framesOf(), 9);
    const ended = await runCommand(forecast, [...args, "--stop-when-diverged"], { registry });
    assert.match(ended.err, /is not finite; ended there, 9 steps were asked for$/m);
    assert.equal(await framesOf(), Number(said[1]));
    const set = [`${folder}/waves`, ...model, "--rollout", "9", "--split", "test", "--backend", "wasm"];
    const scored = await runCommand(evaluate, set, { registry });
    const step = new RegExp(
      `of forecast's frames or rollouts are not finite: .*, from step ${said[1]} on, A`,
    );
    assert.match(scored.err, step);
    assert.match(scored.out, /^waves +\S+ \/ (?:NaN|Infinity) /m);
  }));
