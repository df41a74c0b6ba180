// Files that are mostly holes, from a disk and a server: only what is asked for is read, and a server that fails in the
// midst is told of in words, after it was asked again. `deno task bench:large` does so with 6 GB.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { type Failing, type ServedFolder, serveFolder } from "../formats/folder_server.ts";
import { writeLargeWell } from "./hdf5.ts";
import { type LargeShape, waves } from "./waves.ts";
import { writeLargeZarr } from "./zarr.ts";

/** 134 MB each, of which a disk holds 0.3. */
const SHAPE: LargeShape = { trajectories: 2048, frames: 8, points: 32, filled: 2000 };
const NAMES = ["large.hdf5", "large.zarr"];
const REQUEST = 1 << 16;

async function withFiles(run: (folder: string, served: ServedFolder) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeLargeWell(`${folder}/large.hdf5`, SHAPE);
    writeLargeZarr(`${folder}/large.zarr`, SHAPE, 4);
    await using served = serveFolder(folder);
    await run(folder, served);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("one trajectory of a large file is read from a disk and from a server, and nothing else of it", () =>
  withFiles(async (folder, served) => {
    for (const name of NAMES) {
      for (const place of [folder, served.url]) {
        const before = served.sent;
        using data = await openData(`${place}/${name}`);
        const split = await data.split();
        assert.equal(split.trajectories, SHAPE.trajectories);
        const { values } = await split.trajectory(SHAPE.filled).sample([0, 1, 2, 3, 4, 5, 6, 7]);
        for (const [field, own] of values.entries()) {
          assert.deepEqual(own, waves(SHAPE, field), `${place}/${name}`);
        }
        // Headers, the index of a shard for each field, and blocks that begin before and end behind the numbers.
        assert.ok(served.sent - before < 24 * REQUEST, `${served.sent - before} bytes were sent of ${name}`);
        const other = await split.trajectory(3).sample([1]);
        assert.ok(other.values.every((own) => own.every((value) => value === 0)));
      }
    }
  }));

/** What is said of a server that fails in the midst. */
const WORDS: Readonly<Record<Failing, RegExp>> = {
  "no ranges": /answered 200$|the server ignores ranges/,
  short: /\(tried 4 times\)$/,
  dies: /the connection broke off: .*\(tried 4 times\)$/,
  busy: /answered 503.* \(tried 4 times\)$/,
  "busy twice": /never/,
};

Deno.test("a server that fails once the file is open is asked again, then told of; one that is busy for a moment is waited for", () =>
  withFiles(async (folder) => {
    const read = async (name: string, failing: Failing) => {
      await using served = serveFolder(folder);
      using data = await openData(`${served.url}/${name}`);
      const trajectory = (await data.split()).trajectory(SHAPE.filled);
      await trajectory.times();
      served.failing = failing;
      return (await trajectory.sample([0])).values;
    };
    await Promise.all(NAMES.flatMap((name) =>
      (Object.keys(WORDS) as Failing[]).map(async (failing) => {
        if (failing === "busy twice") {
          return assert.equal((await read(name, failing))[0]!.length, SHAPE.points ** 2);
        }
        if (name === "large.zarr" && failing === "no ranges") {
          return;
        }
        await assert.rejects(read(name, failing), (error: Error) => {
          assert.match(error.message, WORDS[failing], `${name}, ${failing}`);
          assert.ok(error.message.includes(name));
          return true;
        });
      })
    ));
    // A shard of more than 64 MiB would be refused; this one is taken whole, as small files are.
    assert.equal((await read("large.zarr", "no ranges"))[0]!.length, SHAPE.points ** 2);
  }));
