// What commands say of names that lead nowhere: the thing that was named, and what was wanted.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { plan } from "../../app/plan/command.ts";
import { stats } from "../../app/stats/command.ts";
import { train } from "../../app/train/command.ts";
import type { Run } from "../../app/cli.ts";
import { fixture, inRepository } from "../shared.ts";
import { inFolder, runCommand } from "./run_command.ts";

/** The last line of a command that fails. */
async function lastLine(run: Run, ...args: string[]): Promise<string> {
  const { code, err } = await runCommand(run, args);
  assert.equal(code, 1, err);
  return err.split("\n").at(-1)!;
}

const SMALL = inRepository("examples/walrus_small");
const DATA = inRepository("examples/data/gray_scott_mini.hdf5");

Deno.test("a checkpoint that is not there, or a folder, is named", async () => {
  const absent = 'error: Cannot open "nope.safetensors": there is no such file';
  assert.equal(await lastLine(forecast, "--checkpoint", "nope.safetensors", "--input", DATA), absent);
  assert.equal(await lastLine(plan, "--checkpoint", "nope.safetensors"), absent);
  assert.equal(
    await lastLine(evaluate, "--checkpoint", "nope.safetensors", "--backend", "wasm", SMALL),
    absent,
  );
  for (const folder of [SMALL, `${SMALL}/`]) {
    assert.equal(
      await lastLine(forecast, "--checkpoint", folder, "--input", DATA),
      `error: Cannot open "${folder}": it is a folder, wanted a checkpoint, for instance "walrus.safetensors" in it`,
    );
  }
});

Deno.test("data and configurations that are not there are named, and settings by their keys", () =>
  inFolder(async (folder) => {
    assert.equal(await lastLine(stats, "/nope"), 'error: Cannot open "/nope": there is no such file');
    assert.equal(
      await lastLine(train, "--finetune", "nope.yaml"),
      'error: Cannot open "nope.yaml": there is no such file',
    );
    assert.match(await lastLine(train, folder), /it is a folder, wanted a file$/);
    const run = `${folder}/run.yaml`;
    await Deno.writeTextFile(run, `folder: ${folder}/run\ndata: {root: ${folder}}\ntraining: {steps: 1}\n`);
    assert.equal(
      await lastLine(train, run, "training.lora=8"),
      `error: Cannot read "${run}": training.lora is 8, wanted a section of settings: training.lora.rank=.., also alpha, adapt`,
    );
    assert.match(
      await lastLine(train, run, "training.steps=${oc.env:STEPS}"),
      /training.steps is "\$\{oc.env:STEPS\}" \(the resolver oc.env is not read from a configuration/,
    );
  }));

Deno.test("forecast and evaluate say which prefix was removed from a checkpoint's names", () =>
  inFolder(async (folder) => {
    const config = fixture("golden/checkpoints/extended_config.yaml");
    const { err } = await runCommand(forecast, [
      ...["--checkpoint", fixture("cases/distcp"), "--config", config, "--input", DATA],
      ...["--out", folder, "--steps", "1", "--backend", "wasm", "--threads", "1"],
    ]);
    assert.match(err, /^warning: names of its tensors begin with "app.model.", which was removed$/m);
  }));
