// Kills conversions 20 times at random moments, to each target, and writes what was seen.
//
// usage: kills_run.ts [KILLS] [RECORD.json]

import { writeResults } from "../../bench/results.ts";
import { killConversions, type KillRecord } from "./kills.ts";
import { makeData } from "./made.ts";

const [kills = "20", record] = Deno.args;
const folder = await Deno.makeTempDir();
const results: KillRecord[] = [];

async function keep(): Promise<void> {
  if (!record) return;
  await writeResults(record, {
    question:
      "Does a conversion that is killed go on and end as one that was never disturbed, and is no half file visible?",
    command: "deno task convert:kills 20 bench/results/convert_kills.json",
    data: "16 trajectories of 16 frames of 64 x 64 points, a scalar and a vector; a file each",
    runtime: `Deno ${Deno.version.deno}`,
    results,
  });
}

try {
  const input = `${folder}/made.hdf5`;
  await makeData(input, { trajectories: 16, steps: 16, points: [64, 64] });
  for (const to of ["well", "npz", "zarr"]) {
    const found = await killConversions(input, folder, to, Number(kills), Math.random, {
      more: ["--per-file", "1"],
    });
    console.log(
      `${to}: ${found.kills.length} kills in ${found.conversions} conversions, all equal to the undisturbed one, ` +
        `whose time is ${found.undisturbed} ms; files visible (finished) at the kills: ${
          found.kills.map(({ visible, finished }) => `${visible} (${finished ?? "-"})`).join(" ")
        }`,
    );
    results.push(found);
    await keep();
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
