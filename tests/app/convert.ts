// The convert command: what it writes reads back equal, the same whoever writes it; what it refuses; what a kill leaves.

import assert from "node:assert/strict";
import { convert } from "../../app/convert/command.ts";
import { stats } from "../../app/stats/command.ts";
import type { Dataset, Sample } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { readStatistics } from "../../lib/data/statistics.ts";
import { writeSamples } from "../../lib/data/write_samples.ts";
import { writeNpy } from "../../lib/io/npy_writer.ts";
import { killConversions, visibleFiles } from "../convert/kills.ts";
import { madeSamples, makeData } from "../convert/made.ts";
import { inRepository, sharedTest } from "../shared.ts";
import { inFolder, runCommand, runTask } from "./run_command.ts";

const MADE = { trajectories: 11, steps: 5, points: [6, 4], fluid: true };

/** Runs the command and expects it to end well; returns what it said. */
async function done(...args: string[]) {
  const ran = await runCommand(convert, args);
  assert.equal(ran.code, 0, ran.err);
  return ran;
}

interface Record {
  readonly pieces: readonly { readonly path: string; readonly trajectories: readonly string[] }[];
  readonly notes: readonly string[];
}

async function recordOf(folder: string): Promise<Record> {
  return JSON.parse(await Deno.readTextFile(`${folder}/conversion.json`));
}

const all = (steps: number) => Array.from({ length: steps }, (_, i) => i);

/** Fields by name. */
function fieldsOf({ info, values }: Sample): globalThis.Record<string, Float32Array> {
  return Object.fromEntries(info.fields.map(({ name }, i) => [name, values[i]!]));
}

/**
 * Holds a conversion against its source: every number of every trajectory, where it says that they went.
 *
 * @returns how many trajectories
 */
async function checkEqual(source: Dataset, folder: string): Promise<number> {
  using converted = await openData(folder);
  const { pieces } = await recordOf(folder);
  let count = 0;
  for (const name of converted.splits) {
    const split = await converted.split(name);
    const origins = pieces.filter(({ path }) => path.split("/").includes(name)).flatMap((p) =>
      p.trajectories
    );
    assert.equal(origins.length, split.trajectories);
    for (const [i, origin] of origins.entries()) {
      const [from, index] = origin.split(" ");
      const wanted = (await source.split(from)).trajectory(Number(index));
      const found = split.trajectory(i);
      assert.equal(found.steps, wanted.steps);
      const [a, b] = [await wanted.sample(all(wanted.steps)), await found.sample(all(found.steps))];
      const fields = fieldsOf(b);
      for (const [field, values] of Object.entries(fieldsOf(a))) {
        assert.deepEqual(fields[field], values, field);
      }
      assert.deepEqual([b.times, b.hidden], [a.times, a.hidden]);
      assert.deepEqual(found.info.boundaries, wanted.info.boundaries);
      assert.deepEqual(found.info.scalars, wanted.info.scalars);
      assert.deepEqual(found.info.grid, wanted.info.grid);
      count++;
    }
  }
  return count;
}

Deno.test("convert tells its options, and what is wrong with them, with the rights of its task", async () => {
  const { code, out } = await runTask("convert", "--help");
  assert.equal(code, 0);
  for (
    const word of ["--out", "--to", "--seed", "--workers", "--frames", "--mask", "--boundary", "--force"]
  ) {
    assert.ok(out.includes(word), word);
  }
  assert.match((await runCommand(convert, [])).err, /missing required argument 'input'/);
  assert.match(
    (await runCommand(convert, ["x", "--out", "y", "--to", "csv"])).err,
    /wanted one of well, npz, zarr/,
  );
  assert.match((await runCommand(convert, ["x", "--out", "y", "--boundary", "a=b"])).err, /wanted NAME=wall/);
  assert.match((await runCommand(convert, ["none", "--out", "y"])).err, /^error: Cannot open "none"/);
  assert.match((await runCommand(stats, ["--help"])).out, /--workers/);
});

for (const to of ["well", "npz", "zarr"]) {
  Deno.test(`convert --to ${to} divides trajectories 80/10/10, and every number is there`, () =>
    inFolder(async (folder) => {
      // Zarr has one list of times for all trajectories.
      const samples = { ...MADE, fluid: to !== "zarr" };
      await makeData(`${folder}/made.hdf5`, samples);
      const { out } = await done(`${folder}/made.hdf5`, "--out", folder, "--to", to, "--per-file", "2");
      assert.match(out, /9 train, 1 valid, 1 test trajectories/);
      using source = await openData(`${folder}/made.hdf5`);
      if (to === "zarr") {
        const { notes } = await recordOf(`${folder}/made`);
        assert.match(notes.join("\n"), /^times of .* differ from those of .*, which are written for all$/m);
        using converted = await openData(`${folder}/made`);
        assert.deepEqual([converted.format, converted.splits], ["zarr", ["train", "valid", "test"]]);
        assert.equal((await converted.split("train")).trajectories, 9);
      } else assert.equal(await checkEqual(source, `${folder}/made`), 11);
      const { std_delta } = await readStatistics(`${folder}/made/stats.yaml`);
      assert.deepEqual(Object.keys(std_delta).sort(), ["density", "velocity"]);
      const again = await done(`${folder}/made.hdf5`, "--out", folder, "--to", to, "--per-file", "2");
      assert.equal(again.out, `${folder}/made is converted already`);
    }));
}

Deno.test("convert writes the same bytes whatever the number of workers, others for another seed", () =>
  inFolder(async (folder) => {
    await makeData(`${folder}/made.hdf5`, MADE);
    const files = async (name: string, ...more: string[]) => {
      await done(`${folder}/made.hdf5`, "--out", `${folder}/${name}`, "--per-file", "2", ...more);
      return await visibleFiles(`${folder}/${name}`);
    };
    const [one, three] = [await files("one", "--workers", "1"), await files("three", "--workers", "3")];
    assert.deepEqual(one, three);
    const valid = (found: Map<string, Uint8Array>) => found.get("made/data/valid/made_valid_00.hdf5")!;
    assert.notDeepEqual(valid(await files("other", "--seed", "1")), valid(one));
    const { notes } = await recordOf(`${folder}/one/made`);
    // What other readers do not know is there as they know it.
    assert.match(
      notes.join("\n"),
      /^"mask" was added: it hides what "fluid" \(kept where it is not 0\) hides/m,
    );
    const [, bytes] = [...one].find(([name]) => name.endsWith("train_00.hdf5"))!;
    using data = await openData(bytes);
    const { info, values, hidden } = await (await data.split()).trajectory(0).sample([0]);
    const mask = info.fields.findIndex(({ name }) => name === "mask");
    assert.deepEqual([...values[mask]!], [...hidden!]);
    assert.deepEqual(hidden, Uint8Array.from({ length: 24 }, (_, i) => i % 3 === 0 ? 1 : 0));
  }));

Deno.test("convert keeps the splits that data have, several frames a chunk, or none compressed", () =>
  inFolder(async (folder) => {
    for (const split of ["train", "test"]) {
      await Deno.mkdir(`${folder}/source/data/${split}`, { recursive: true });
      await makeData(`${folder}/source/data/${split}/a.hdf5`, {
        ...MADE,
        trajectories: 2,
        points: [3, 2, 2],
      });
    }
    using source = await openData(`${folder}/source`);
    for (const [name, ...more] of [["a", "--frames", "2", "--level", "1"], ["b", "--frames", "0"]]) {
      const { out } = await done(`${folder}/source`, "--out", folder, "--name", name!, ...more);
      assert.match(out, /2 train, 2 test trajectories, 2 files/);
      using converted = await openData(`${folder}/${name}`);
      assert.deepEqual(converted.splits, ["train", "test"]);
      assert.equal(await checkEqual(source, `${folder}/${name}`), 4);
    }
  }));

Deno.test("convert writes arrays and Zarr of the shipped data as the data are, and takes them back", () =>
  inFolder(async (folder) => {
    const input = inRepository("examples/data/euler_quadrants_mini.hdf5");
    using source = await openData(input);
    for (const to of ["npz", "zarr"]) {
      await done(input, "--out", folder, "--to", to, "--name", to);
      assert.equal(await checkEqual(source, `${folder}/${to}`), 1);
      await done(`${folder}/${to}`, "--out", folder, "--name", `${to}_well`);
      using back = await openData(`${folder}/${to}`);
      assert.equal(await checkEqual(back, `${folder}/${to}_well`), 1);
    }
  }));

sharedTest(
  "convert takes every sample of other collections to The Well and back",
  "samples/foreign",
  (samples) =>
    inFolder(async (folder) => {
      for (const { name } of Deno.readDirSync(samples)) {
        await done(`${samples}/${name}`, "--out", folder, "--name", name);
        using source = await openData(`${samples}/${name}`);
        assert.ok(await checkEqual(source, `${folder}/${name}`) > 0, name);
        await done(`${folder}/${name}`, "--out", `${folder}/back`, "--to", "npz");
        using well = await openData(`${folder}/${name}`);
        assert.ok(await checkEqual(well, `${folder}/back/${name}`) > 0, name);
      }
    }),
);

Deno.test("convert refuses what it would destroy, what does not fit together, and a disk without room", () =>
  inFolder(async (folder) => {
    const refused = async (...args: string[]) => {
      const { code, err } = await runCommand(convert, args);
      assert.equal(code, 1, err);
      return err.split("\n").at(-1)!;
    };
    await makeData(`${folder}/made.hdf5`, MADE);
    const out = ["--out", `${folder}/out`];
    await done(`${folder}/made.hdf5`, ...out);
    const before = await visibleFiles(`${folder}/out`);
    assert.match(
      await refused(`${folder}/made.hdf5`, ...out, "--seed", "3"),
      /out\/made" holds another conversion, of ".*made.hdf5": --force replaces it/,
    );
    assert.deepEqual(await visibleFiles(`${folder}/out`), before);
    await done(`${folder}/made.hdf5`, ...out, "--seed", "3", "--per-file", "9", "--force");
    const forced = await visibleFiles(`${folder}/out`);
    assert.equal([...forced.keys()].filter((name) => /train_/.test(name)).length, 1);

    await Deno.mkdir(`${folder}/out/mine`);
    await Deno.writeTextFile(`${folder}/out/mine/notes.txt`, "mine");
    assert.match(
      await refused(`${folder}/made.hdf5`, ...out, "--name", "mine", "--force"),
      /holds files that no conversion wrote/,
    );

    await Deno.mkdir(`${folder}/two/train`, { recursive: true });
    await makeData(`${folder}/two/train/a.hdf5`, MADE);
    await makeData(`${folder}/two/train/b.hdf5`, { ...MADE, steps: 3 });
    assert.match(
      await refused(`${folder}/two`, ...out, "--to", "npz"),
      /have 5, 3 frames, arrays hold equal ones/,
    );
    await done(`${folder}/two`, "--out", `${folder}/lengths`);
    using lengths = await openData(`${folder}/lengths/made`);
    const split = await lengths.split("train");
    assert.deepEqual([split.trajectory(0).steps, split.trajectory(split.trajectories - 1).steps], [5, 3]);

    await Deno.mkdir(`${folder}/busy/made/.convert`, { recursive: true });
    using lock = await Deno.open(`${folder}/busy/made/.convert/lock`, { write: true, create: true });
    await lock.lock(true);
    assert.match(
      await refused(`${folder}/made.hdf5`, "--out", `${folder}/busy`),
      /another process converts to it/,
    );

    // Ten terabytes, of which nothing is written.
    const [frames, points] = [2_500_000, 1_000_000];
    await Deno.mkdir(`${folder}/large`);
    const header = writeNpy({ shape: [frames, 1000, 1000].map(() => 0), data: new Float32Array(0) });
    const text = String.fromCharCode(...header)
      .replace("(0, 0, 0)", `(${frames}, 1000, 1000)`).slice(0, header.length - 1);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    await Deno.writeFile(`${folder}/large/u.npy`, bytes);
    await Deno.truncate(`${folder}/large/u.npy`, bytes.length + 4 * frames * points + 128);
    await Deno.writeTextFile(
      `${folder}/large/arrays.yaml`,
      "name: large\ngrid: {axes: [x, y], spacing: 1}\nboundaries: {x: wall, y: wall}\nfields: {u: u.npy}\n",
    );
    assert.match(
      await refused(`${folder}/large`, ...out, "--to", "npz"),
      /the results take up to 10000\.\d+ GB, the disk has .* free/,
    );
  }));

Deno.test("convert carries over numbers that are not finite, and says why there are no statistics", () =>
  inFolder(async (folder) => {
    const [first, second] = madeSamples({ trajectories: 2, steps: 3, points: [6, 4] });
    second!.values[0]![30] = NaN;
    const info = { ...second!.info, dataset: "odd / name", scalars: {} };
    await Deno.writeFile(`${folder}/a.h5`, await writeSamples([{ ...first!, info }, { ...second!, info }]));
    const { err } = await done(`${folder}/a.h5`, "--out", folder);
    const { notes } = await recordOf(`${folder}/odd_name`);
    assert.deepEqual(
      err.split("\n").filter((line) => line.startsWith("note: ")),
      notes.map((n) => `note: ${n}`),
    );
    assert.deepEqual(notes.filter((note) => /name|trajector/.test(note)), [
      "the source has two trajectories: all is train",
      'the data set "odd / name" is called "odd_name"',
      `no stats.yaml of "odd_name": Cannot compute statistics of "${folder}/odd_name/data/train/odd_name_train_00.hdf5", ` +
      "trajectory 1: frame 1, density is NaN",
    ]);
    using source = await openData(`${folder}/a.h5`);
    assert.equal(await checkEqual(source, `${folder}/odd_name`), 2);
    assert.deepEqual([...(await visibleFiles(`${folder}/odd_name`)).keys()].sort(), [
      "conversion.json",
      "data/train/odd_name_train_00.hdf5",
    ]);
  }));

Deno.test("convert that is interrupted says so, and goes on from what is there", () =>
  inFolder(async (folder) => {
    await makeData(`${folder}/made.hdf5`, { ...MADE, trajectories: 12 });
    const args = [`${folder}/made.hdf5`, "--per-file", "1", "--workers", "1"];
    await done(...args, "--out", `${folder}/whole`);
    const abort = new AbortController();
    const warn = (line: string) => {
      if (/^frames [4-9]\//.test(line) || /^frames \d\d\//.test(line)) abort.abort(new Error("interrupted"));
      lines.push(line);
    };
    const lines: string[] = [];
    const { code } = await runCommand(convert, [...args, "--out", `${folder}/out`], {
      signal: abort.signal,
      warn,
    });
    assert.deepEqual([code, lines.at(-1)], [
      130,
      "interrupted: what is finished is kept, the same command goes on from there",
    ]);
    const { err } = await done(...args, "--out", `${folder}/out`);
    assert.match(err, /^goes on: \d+ of 12 files are there$/m);
    assert.deepEqual(await visibleFiles(`${folder}/out`), await visibleFiles(`${folder}/whole`));
  }));

Deno.test("convert that is killed twice ends as one that was not", () =>
  inFolder(async (folder) => {
    await makeData(`${folder}/made.hdf5`, { trajectories: 12, steps: 12, points: [64, 64] });
    // When each kill comes, after it whether there is another.
    const moments = [0.3, 0, 0.6, 1];
    const { kills } = await killConversions(
      `${folder}/made.hdf5`,
      folder,
      "well",
      2,
      () => moments.shift() ?? 0.5,
      { more: ["--per-file", "1"], warm: false },
    );
    assert.equal(kills.length, 2);
  }));

Deno.test("stats gives the same bits whatever the number of workers", () =>
  inFolder(async (folder) => {
    await makeData(`${folder}/made.hdf5`, { trajectories: 3, steps: 70, points: [6, 4] });
    const texts = [];
    for (const workers of ["1", "2", "5"]) {
      const out = `${folder}/stats_${workers}.yaml`;
      const { code, err } = await runCommand(stats, [
        `${folder}/made.hdf5`,
        "--out",
        out,
        "--workers",
        workers,
      ]);
      assert.equal(code, 0, err);
      texts.push(await Deno.readTextFile(out));
    }
    assert.deepEqual(texts, [texts[0], texts[0], texts[0]]);
  }));
