// What can be opened, how a format is found, and what is said when none fits.

import assert from "node:assert/strict";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Dataset } from "../../lib/data/dataset.ts";
import { openData, registerReader } from "../../lib/data/open_data.ts";
import type { Source } from "../../lib/data/source.ts";
import { memorySource } from "../../lib/io/byte_source.ts";
import { fileSource, folderFiles } from "../../lib/io/file.ts";
import { inRepository, sharedTest } from "../shared.ts";

const FILE = inRepository("examples/data/gray_scott_mini.hdf5");

/** Number of the first trajectory's frames, and one number of its last. */
async function digest(data: Dataset): Promise<[string, number, number]> {
  const trajectory = (await data.split()).trajectory(0);
  const { values } = await trajectory.sample([trajectory.steps - 1]);
  return [data.name, trajectory.steps, values[0]![77]!];
}

Deno.test("a path, URL, Blob, bytes, a source and lists of them open alike", async () => {
  const bytes = await Deno.readFile(FILE);
  using source = fileSource(FILE);
  const url = new URL(`file://${FILE}`);
  const inputs = [FILE, url, String(url), new Blob([bytes]), new File([bytes], "x.h5"), bytes, source];
  using first = await openData(FILE);
  const wanted = await digest(first);
  for (const input of [...inputs, ...inputs.map((one) => [one])]) {
    using data = await openData(input);
    assert.deepEqual(await digest(data), wanted);
  }
  // A caller's source stays open.
  assert.equal((await source.read(0, 4)).length, 4);
});

Deno.test("a served file opens with one request for its start", async () => {
  const bytes = await Deno.readFile(FILE);
  const ranges: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.get("range") ?? "")!;
    ranges.push(from!);
    const end = Math.min(Number(to), bytes.length - 1);
    return new Response(bytes.slice(Number(from), end + 1), {
      status: 206,
      headers: { "content-range": `bytes ${from}-${end}/${bytes.length}` },
    });
  });
  using data = await openData(`http://127.0.0.1:${server.addr.port}/gray_scott.hdf5?token=1`);
  using local = await openData(FILE);
  assert.deepEqual(await digest(data), await digest(local));
  assert.equal(ranges.filter((from) => from === "0").length, 1);
});

Deno.test("splits follow folders and names of files; a page's folder is one too", async () => {
  const bytes = await Deno.readFile(FILE);
  const open = () => Promise.resolve(memorySource(bytes, "memory"));
  const splitsOf = async (...names: string[]) => {
    using data = await openData(new Map(names.map((name) => [name, open])));
    const counts = await Promise.all(
      data.splits.map(async (split) => (await data.split(split)).trajectories),
    );
    return [data.splits, counts, data.warnings.length];
  };
  using one = await openData(bytes);
  const n = (await one.split()).trajectories;
  assert.deepEqual(
    await splitsOf("data/valid/a.h5", "data/train/b.hdf5", "data/train/a.hdf5", "data/x.txt"),
    [
      ["train", "valid"],
      [2 * n, n],
      0,
    ],
  );
  assert.deepEqual(await splitsOf("waves_test.h5", "waves_val.h5", "other.h5"), [
    ["valid", "test"],
    [n, n],
    1,
  ]);
  assert.deepEqual(await splitsOf("a.h5", "b.h5"), [["all"], [2 * n], 0]);
  const chosen = (path: string) =>
    Object.assign(new File([bytes], path.split("/").at(-1)!), { webkitRelativePath: path });
  using page = await openData([chosen("waves/valid/a.h5"), chosen("waves/train/a.h5")]);
  assert.deepEqual(page.splits, ["train", "valid"]);
});

sharedTest("a folder opens with its splits and statistics", "samples/datasets", async (folder) => {
  using data = await openData(`${folder}/gray_scott_mini/`);
  assert.deepEqual([data.name, data.splits], ["gray_scott_mini", ["train", "valid", "test"]]);
  assert.match(
    (await data.split()).trajectory(0).name,
    /gray_scott_mini_F_0.029_k_0.0570.hdf5", trajectory 0$/,
  );
  assert.ok((await data.statistics())!.mean.A);
});

Deno.test("what no reader knows is refused with what each lacks", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await assert.rejects(openData(folder), (error: Error) => {
      assert.ok(error instanceof SyntaxError && error.message.includes(folder));
      assert.match(
        error.message,
        /well: it has no files \*.hdf5 or \*.h5; arrays: it has no arrays.yaml; pdebench, .*: it has no files \*.hdf5, \*.h5 or \*.nc; /,
      );
      return true;
    });
    await Deno.writeTextFile(`${folder}/arrays.yaml`, "name: x");
    await assert.rejects(
      openData(`${folder}/arrays.yaml`),
      /arrays: arrays.yaml came alone, open the folder/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await assert.rejects(openData("nowhere"), /Cannot open "nowhere": there is no such file/);
  await assert.rejects(openData([]), /the list of files is empty/);
  await assert.rejects(
    openData(FILE, { format: "mine" }),
    /no data format "mine", known are .*well, .*arrays/,
  );
  await assert.rejects(openData(FILE, { format: "arrays" }), /arrays: it has no arrays.yaml$/);
});

Deno.test("a registered reader is asked first", async () => {
  const asked: Source[] = [];
  const text = new TextEncoder().encode("a format of my own");
  registerReader({
    format: "own",
    async recognise(source) {
      asked.push(source);
      const [open] = source.files.values();
      using file = await open!();
      return (await file.read(0, 1))[0] === text[0] || "it does not start with an a";
    },
    open: () => Promise.reject(new RangeError("opened by its own reader")),
  });
  await assert.rejects(openData(text), /opened by its own reader/);
  await assert.rejects(
    openData(Uint8Array.of(1)),
    /own: it does not start with an a; well, .*: "bytes": it is no HDF5/,
  );
  assert.deepEqual([...asked[0]!.files.keys()], ["bytes"]);
});

Deno.test("folderFiles() lists what lies in a folder, sorted, and leaves out hidden files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/b/c`, { recursive: true });
    for (const name of ["z", "b/y", "b/c/x#1", "a", ".hidden"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    const wanted = ["a", "b/c/x#1", "b/y", "z"];
    assert.deepEqual(await folderFiles(folder), wanted);
    assert.deepEqual(await folderFiles(new URL(`file://${folder}`)), wanted);
    assert.equal(await folderFiles(`${folder}/a`), null);
    await assert.rejects(folderFiles(`${folder}/none`), /none": there is no such file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readers are loaded when their format is met, not before", async () => {
  const seen = new Set<string>();
  const visit = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await Deno.readTextFile(path);
    for (const [, target] of text.matchAll(/^(?:import|export) (?!type)[^;]*?from "(\.[^"]+)"/gm)) {
      await visit(fileURLToPath(new URL(target!, pathToFileURL(path))));
    }
  };
  await visit(inRepository("lib/data/open_data.ts"));
  assert.ok(seen.has(inRepository("lib/io/hdf5_start.ts")));
  for (
    const path of [
      "lib/io/hdf5.ts",
      "lib/io/npy.ts",
      "lib/data/formats/well.ts",
      "lib/data/formats/arrays.ts",
    ]
  ) {
    Deno.statSync(inRepository(path));
    assert.ok(!seen.has(inRepository(path)), path);
  }
});
