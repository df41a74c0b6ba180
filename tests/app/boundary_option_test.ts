// --boundary says what data do not.

import assert from "node:assert/strict";
import { inspect } from "../../app/inspect/command.ts";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";
import { counted, dataset } from "../data/collections/make.ts";
import { inFolder, runCommand } from "./run_command.ts";

Deno.test("sides that neither a file nor its name tells of are what --boundary says", () =>
  inFolder(async (folder) => {
    const field = (c: number) => dataset("ntxy", [1, 8, 32, 32], { c });
    const datasets = {
      density: field(0),
      pressure: field(1),
      Vx: field(2),
      Vy: field(3),
      "t-coordinate": counted(9),
      "x-coordinate": counted(32),
      "y-coordinate": counted(32),
    };
    await Deno.writeFile(`${folder}/flow.hdf5`, await writeHdf5({ datasets }));
    const taken = await runCommand(inspect, [`${folder}/flow.hdf5`, "--json"]);
    assert.match(taken.err, /says what holds at the sides, taken as periodic; --boundary unstated=open/);
    assert.deepEqual(JSON.parse(taken.out).trajectory.axes[0].boundary, ["periodic", "periodic"]);
    const said = await runCommand(inspect, [`${folder}/flow.hdf5`, "--json", "--boundary", "unstated=open"]);
    assert.doesNotMatch(said.err, /taken as periodic/);
    assert.deepEqual(JSON.parse(said.out).trajectory.axes[0].boundary, ["open", "open"]);
    const wrong = await runCommand(inspect, [`${folder}/flow.hdf5`, "--boundary", "unstated=none"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /wanted NAME=wall, NAME=open or NAME=periodic/);
  }));
