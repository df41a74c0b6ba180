// Are 6 GB a matter of the trajectory that is read, not of the file? A Well file and a store of Zarr of that size, sparse,
// one trajectory of 128 x 128 points filled: forecast as processes of their own, from this disk and from a server of this
// machine; then from servers that do not serve ranges, send too little, or die. Writes bench/results/large_files.json;
// fails beyond 500 MB.

import { parseArgs } from "node:util";
import { serveFolder } from "../../tests/data/formats/folder_server.ts";
import { writeLargeWell } from "../../tests/data/large/hdf5.ts";
import type { LargeShape } from "../../tests/data/large/waves.ts";
import { writeLargeZarr } from "../../tests/data/large/zarr.ts";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";
import { measureCommand } from "./measure.ts";

/** Bytes of resident memory that a forecast may take. */
const MOST = 500e6;
const STEPS = 3;
const SHARDS = 4;

const { values: options } = parseArgs({
  options: {
    trajectories: { type: "string", default: "4096" },
    out: { type: "string", default: "bench/results/large_files.json" },
  },
});
const trajectories = Number(options.trajectories);
const shape: LargeShape = { trajectories, frames: 12, points: 128, filled: trajectories - 96 };
const names = { hdf5: "large.hdf5", zarr: "large.zarr" };

/** Bytes that a disk holds of a folder: holes take none. */
async function onDisk(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: ["-s", "--block-size=1", folder] }).output();
  return Number(new TextDecoder().decode(stdout).split("\t")[0]);
}

const folder = await Deno.makeTempDir();
try {
  const bytes = {
    hdf5: await writeLargeWell(`${folder}/${names.hdf5}`, shape),
    zarr: writeLargeZarr(`${folder}/${names.zarr}`, shape, SHARDS),
  };
  await using served = serveFolder(folder);
  const forecast = (input: string) =>
    measureCommand(
      "forecast",
      ["--steps", String(STEPS), "--trajectory", String(shape.filled), "--no-gif"],
      input,
    );

  const read: object[] = [];
  let isSmall = true;
  for (const [format, name] of Object.entries(names)) {
    for (const [place, at] of [["disk", folder], ["server", served.url]]) {
      const [sent, requests] = [served.sent, served.requests.length];
      const { success, said, ...taken } = await forecast(`${at}/${name}`);
      if (!success) throw new Error(said);
      isSmall &&= taken.peakBytes > 0 && taken.peakBytes <= MOST;
      const row = {
        format,
        place,
        ...taken,
        ...place === "server"
          ? { sentBytes: served.sent - sent, requests: served.requests.length - requests }
          : {},
      };
      console.error(JSON.stringify(row));
      read.push(row);
    }
  }

  const refused: object[] = [];
  for (const [format, name] of Object.entries(names)) {
    for (const failing of ["no ranges", "short", "dies", "busy"] as const) {
      served.failing = failing;
      const requests = served.requests.length;
      const { success, said, seconds } = await forecast(`${served.url}/${name}`);
      const error = /error: .*/s.exec(said)?.[0].trim().replaceAll(served.url, "http://server") ?? said;
      const row = {
        format,
        server: failing,
        success,
        seconds,
        requests: served.requests.length - requests,
        error,
      };
      console.error(JSON.stringify(row));
      refused.push(row);
      isSmall &&= !success;
    }
  }
  served.failing = null;

  const result = {
    question: "Are 6 GB a matter of the trajectory that is read, not of the file?",
    command: ["deno task bench:large", ...Deno.args].join(" "),
    versions: { deno: Deno.version.deno },
    processor: await processorName(),
    shape,
    steps: STEPS,
    bytes,
    bytesOnDisk: await onDisk(folder),
    mostBytes: MOST,
    read,
    refused,
  };
  console.log(JSON.stringify(result, null, 2));
  await writeResults(options.out, result);
  if (!isSmall) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
