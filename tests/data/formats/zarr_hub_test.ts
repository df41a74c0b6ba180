// Stores of Zarr on a Hub, small ones fetched and kept, large ones read where they lie; their metadata are hidden files.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { inFolder } from "../../app/run_command.ts";
import { type ServedRepo, serveHub } from "../../hub/server.ts";
import { fixture } from "../../shared.ts";
import { checkAgainst } from "./cf_fixtures.ts";

/** Files beneath a folder by path. */
function filesOf(folder: string, prefix = ""): Record<string, Uint8Array<ArrayBuffer>> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) Object.assign(files, filesOf(`${folder}/${name}`, `${prefix}${name}/`));
    else files[prefix + name] = Deno.readFileSync(`${folder}/${name}`);
  }
  return files;
}

const NAMES = ["atmosphere_v2.zarr", "sharded.zarr"];

Deno.test("stores of Zarr on a Hub are read, whether they are kept or not", async () => {
  for (const name of NAMES) {
    const repo: ServedRepo = {
      kind: "dataset",
      repo: "org/set",
      commit: "e".repeat(40),
      files: filesOf(fixture(`cf/${name}`), `${name}/`),
    };
    await inFolder(async (cache) => {
      await using hub = serveHub([repo]);
      for (const largest of [1, 2 ** 30]) {
        using data = await openData("hf:datasets/org/set", {
          hub: { endpoint: hub.endpoint, cache, largest },
        });
        assert.equal(data.format, "zarr");
        await checkAgainst(data, name);
      }
    });
  }
});
