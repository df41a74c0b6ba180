// Stores of Zarr that Python's libraries wrote, from every place that they may lie in.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { fixture } from "../../shared.ts";
import { checkAgainst } from "./cf_fixtures.ts";
import { serveFolder } from "./folder_server.ts";

const STORES = ["atmosphere_v2.zarr", "atmosphere_v3.zarr", "sharded.zarr", "codecs.zarr", "zipped.zarr.zip"];

for (const name of STORES) {
  Deno.test(`${name} is read as xarray reads it`, async () => {
    using data = await openData(fixture(`cf/${name}`));
    assert.equal(data.format, "zarr");
    await checkAgainst(data, name);
  });
}

Deno.test("stores are read from a server: with a name of Zarr, as a folder, by what lies there", async () => {
  await using served = serveFolder(fixture("cf"));
  for (const name of ["atmosphere_v2.zarr", "atmosphere_v3.zarr", "sharded.zarr", "zipped.zarr.zip"]) {
    using data = await openData(`${served.url}/${name}`);
    await checkAgainst(data, name);
  }
  using folder = await openData(`${served.url}/plain/`);
  await checkAgainst(folder, "sharded.zarr");
  using plain = await openData(`${served.url}/plain?token=1`);
  await checkAgainst(plain, "sharded.zarr");
  await assert.rejects(
    openData(`${served.url}/codecs.zarr`),
    /codecs.zarr": it has no consolidated metadata/,
  );
  await assert.rejects(
    openData(`${served.url}/none.zarr`),
    /none.zarr" has no zarr.json, .zmetadata, .zgroup/,
  );
});

Deno.test("only the chunks of the frames that are asked for are read", async () => {
  await using served = serveFolder(fixture("cf"));
  using data = await openData(`${served.url}/sharded.zarr`);
  const trajectory = (await data.split()).trajectory(1);
  await trajectory.times();
  const before = served.requests.length;
  await trajectory.sample([3]);
  const asked = served.requests.slice(before);
  // A shard of each of three fields, of the second trajectory.
  assert.deepEqual([...new Set(asked.map(({ path }) => path))].sort(), [
    "/sharded.zarr/rho/c/0/1/0/0",
    "/sharded.zarr/vel_x/c/0/1/0/0",
    "/sharded.zarr/vel_y/c/0/1/0/0",
  ]);
  using other = await openData(`${served.url}/atmosphere_v3.zarr`);
  const single = (await other.split()).trajectory(0);
  await single.times();
  const then = served.requests.length;
  await single.sample([4]);
  const chunks = served.requests.slice(then).map(({ path }) => path);
  assert.ok(chunks.includes("/atmosphere_v3.zarr/u10/c/2/0/0"));
  assert.ok(chunks.every((path) => !/(?:u10|v10|flag)\/c\/[01]\//.test(path)), chunks.join());
});

Deno.test("files of a page and folders of stores are read; splits are those of their names, or of groups", async () => {
  const tree = new Map(
    [...walk(fixture("cf/sharded.zarr"))].map(([path, bytes]) =>
      [`run/train/a.zarr/${path}`, bytes] as const
    ),
  );
  const chosen = [...tree].map(([path, bytes]) =>
    Object.assign(new File([bytes], path.split("/").at(-1)!), { webkitRelativePath: path })
  );
  using page = await openData(chosen);
  assert.deepEqual(page.splits, ["train"]);
  using groups = await openData(fixture("cf/groups.zarr"));
  assert.deepEqual(groups.splits, ["train", "test"]);
  const { values } = await (await groups.split("test")).trajectory(0).sample([1, 4]);
  // [y, x] = [2, 1] of frame 1, and a chunk that was never written.
  assert.deepEqual([values[0]![1 * 4 + 2], values[0]![24]], [24 + 2 * 6 + 1, 7]);
});

/** Files beneath a folder. */
function* walk(folder: string, prefix = ""): Generator<[string, Uint8Array<ArrayBuffer>]> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(`${folder}/${name}`, `${prefix}${name}/`);
    else yield [prefix + name, Deno.readFileSync(`${folder}/${name}`)];
  }
}
