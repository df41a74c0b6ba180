// A network that is normalised with statistics of the data set: forecast and evaluate take the same ones, from wherever
// they come, and the smallest scale that the network's configuration names.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { stats } from "../../app/stats/command.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand } from "./run_command.ts";

const EXAMPLE = inRepository("examples/walrus_small");

/** The last number of a command's table: mean VRMSE one step ahead. */
async function scored(command: Parameters<typeof runCommand>[0], args: string[], line: RegExp) {
  const { code, out, err } = await runCommand(command, args);
  assert.equal(code, 0, err);
  return line.exec(out)?.[1];
}

Deno.test("forecast --stats normalises as evaluate does, with the configured epsilon", () =>
  inFolder(async (folder) => {
    const set = `${folder}/set`;
    await Deno.mkdir(`${set}/data/valid`, { recursive: true });
    const input = `${set}/data/valid/a.hdf5`;
    await Deno.copyFile(inRepository("examples/data/gray_scott_mini.hdf5"), input);
    assert.equal((await runCommand(stats, [set])).code, 0);
    const text = await Deno.readTextFile(`${EXAMPLE}/extended_config.yaml`);
    const found = new Map<string, string | undefined>();
    for (const epsilon of ["0.00001", "0.3"]) {
      const config = `${folder}/${epsilon}.yaml`;
      const global = text.replace("SamplewiseRevNormalization", "GlobalRevNormalization");
      await Deno.writeTextFile(config, global.replace("epsilon: 0.00001", `epsilon: ${epsilon}`));
      const model = [
        "--checkpoint",
        `${EXAMPLE}/walrus.safetensors`,
        "--config",
        config,
        "--backend",
        "wasm",
      ];
      const own = [
        "--stats",
        `${set}/stats.yaml`,
        "--steps",
        "1",
        "--no-jitter",
        "--out",
        `${folder}/out`,
        "--force",
      ];
      const one = await scored(forecast, ["--input", input, ...model, ...own], /^ +1 .* (\S+) +\(\S+\)$/m);
      const all = ["--every", "100", "--rollout", "0"];
      assert.equal(
        await scored(evaluate, [set, ...model, ...all], /^set +(\S+) \/ -/m),
        one,
        epsilon,
      );
      found.set(epsilon, one);
    }
    assert.notEqual(found.get("0.00001"), found.get("0.3"), "the configured epsilon counts");
  }));
