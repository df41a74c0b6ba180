// NumPy arrays with a description: the example of docs/data.md, other ways to write it, and mistakes.

import assert from "node:assert/strict";
import type { ByteSource } from "../../lib/io/byte_source.ts";
import { memorySource } from "../../lib/io/byte_source.ts";
import { writeNpy, writeNpz } from "../../lib/io/npy_writer.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { type DataOptions, openData } from "../../lib/data/open_data.ts";
import { inRepository } from "../shared.ts";

const counting = (count: number, scale = 1) => Float32Array.from({ length: count }, (_, i) => scale * i);

/** Three trajectories of 4 frames on 5 x 2 points. */
const ARRAYS: Readonly<Record<string, Uint8Array>> = {
  "velocity.npy": writeNpy({ shape: [3, 4, 5, 2, 2], data: counting(240) }),
  "fields.npz": writeNpz({ density: { shape: [3, 4, 5, 2], data: counting(120, 0.5) } }),
  "mask.npy": writeNpy({ shape: [5, 2], data: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1) }),
};

async function exampleYaml(): Promise<string> {
  const page = await Deno.readTextFile(inRepository("docs/data.md"));
  return /```yaml\n([^]*?)```/.exec(page)![1]!;
}

function openFiles(
  yaml: string,
  files: Readonly<Record<string, Uint8Array>> = ARRAYS,
  options: DataOptions = {},
): Promise<Dataset> {
  const all = { ...files, "arrays.yaml": new TextEncoder().encode(yaml) };
  return openData(
    new Map(
      Object.entries(all).map(([name, bytes]): [string, () => Promise<ByteSource>] => [
        name,
        () => Promise.resolve(memorySource(bytes, name)),
      ]),
    ),
    options,
  );
}

Deno.test("the example of docs/data.md opens as it says", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, bytes] of Object.entries(ARRAYS)) await Deno.writeFile(`${folder}/${name}`, bytes);
    await Deno.writeTextFile(`${folder}/arrays.yaml`, await exampleYaml());
    using data = await openData(folder);
    assert.deepEqual([data.name, data.format, data.splits], ["cavity", "arrays", ["train", "valid"]]);
    assert.equal(await data.statistics(), null);
    const [train, valid] = [await data.split("train"), await data.split("valid")];
    assert.deepEqual([train.trajectories, valid.trajectories], [2, 1]);
    const trajectory = valid.trajectory(0);
    assert.match(trajectory.name, /arrays.yaml", trajectory 2$/);
    assert.equal(trajectory.steps, 4);
    const { grid, boundaries, fields, masked, scalars } = trajectory.info;
    assert.deepEqual([grid.system, grid.axes, grid.shape], ["cartesian", ["x", "y"], [5, 2]]);
    assert.deepEqual(grid.coordinates.map((c) => [...c]), [[0, 0.25, 0.5, 0.75, 1], [0, 0.25]]);
    assert.deepEqual(boundaries, [["periodic", "periodic"], ["wall", "open"]]);
    assert.deepEqual(fields.map(({ name, order, constant }) => `${name} ${order} ${constant}`), [
      "velocity 1 false",
      "density 0 false",
      "mask 0 true",
    ]);
    assert.deepEqual([masked, scalars], [true, { viscosity: 0.05 }]);
    const { values, times, hidden } = await trajectory.sample([3, 1]);
    assert.deepEqual([...times], [0.1 * 3, 0.1]);
    assert.deepEqual([...values[0]!.subarray(0, 2)], [2 * 80 + 3 * 20, 2 * 80 + 3 * 20 + 1]);
    assert.deepEqual([...values[1]!.subarray(10, 12)], [0.5 * (2 * 40 + 10), 0.5 * (2 * 40 + 11)]);
    assert.deepEqual([...hidden!], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert.equal(train.kind(0), train.kind(1));
    data[Symbol.dispose]();
    await assert.rejects(trajectory.sample([0]), { name: "DisposedError" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the code of docs/data.md runs on that example", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/cavity`);
    for (const [name, bytes] of Object.entries(ARRAYS)) {
      await Deno.writeFile(`${folder}/cavity/${name}`, bytes);
    }
    await Deno.writeTextFile(`${folder}/cavity/arrays.yaml`, await exampleYaml());
    const page = await Deno.readTextFile(inRepository("docs/data.md"));
    const code = /```ts\n([^]*?)```/.exec(page)![1]!;
    const library = new URL("../../lib/data/open_data.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        `--config=${inRepository("deno.json")}`,
        "--allow-read=cavity",
        "-",
      ],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(code.replace('"walrus"', JSON.stringify(library))));
    await writer.close();
    const { code: exit, stdout, stderr } = await child.output();
    assert.equal(exit, 0, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), /\[ "train", "valid" \] \[ 5, 2 \] 4/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("splits may be folders, of different lengths; files come from other arrays", async () => {
  const run = (count: number, steps: number) =>
    writeNpy({ shape: [count, steps, 3], data: counting(count * steps * 3) });
  using data = await openFiles(
    `
name: waves
grid: {axes: [x], coordinates: {x: x.npy}, system: polar}
boundaries: {x: wall}
time: times.npy
fields: {u: u.npy}
scalars: {c: c.npy}
splits: [train, valid]
`,
    {
      "train/u.npy": run(2, 4),
      "train/x.npy": writeNpy({ shape: [3], data: Float64Array.of(0, 1, 4) }),
      "train/times.npy": writeNpy({ shape: [2, 4], data: counting(8) }),
      "train/c.npy": writeNpy({ shape: [2], data: counting(2) }),
      "valid/u.npy": run(1, 2),
      "valid/x.npy": writeNpy({ shape: [3], data: Float64Array.of(0, 1, 4) }),
      "valid/times.npy": writeNpy({ shape: [2], data: counting(2) }),
      "valid/c.npy": writeNpy({ shape: [1], data: counting(1) }),
    },
  );
  const [train, valid] = [await data.split("train"), await data.split("valid")];
  assert.deepEqual([train.trajectories, valid.trajectories], [2, 1]);
  const last = train.trajectory(1);
  assert.deepEqual([last.info.grid.system, [...last.info.grid.coordinates[0]!]], ["polar", [0, 1, 4]]);
  assert.deepEqual([...await last.times()], [4, 5, 6, 7]);
  assert.deepEqual(last.info.scalars, { c: 1 });
  assert.deepEqual([...(await valid.trajectory(0).sample([1])).values[0]!], [3, 4, 5]);
});

Deno.test("one axis with several coordinates holds scattered points", async () => {
  using data = await openFiles(
    `
name: cloud
grid: {axes: [point], coordinates: {x: [0, 1, 2], y: [5, 5, 6]}}
boundaries: {point: open}
fields: {v: {file: v.npy, order: 1}}
`,
    { "v.npy": writeNpy({ shape: [2, 3, 2], data: counting(12) }) },
  );
  const trajectory = (await data.split()).trajectory(0);
  assert.deepEqual([trajectory.info.grid.shape, trajectory.info.grid.coordinates.length], [[3], 2]);
  assert.deepEqual([...(await trajectory.sample([1])).values[0]!], [6, 7, 8, 9, 10, 11]);
});

Deno.test("further kinds of boundary are taken for what openData() is told, alone and in a list", async () => {
  const yaml = (await exampleYaml()).replace("x: periodic", "x: slip").replace(
    "[wall, open]",
    "[wall, sponge]",
  );
  assert.match(yaml, /slip[^]*sponge/);
  await assert.rejects(openFiles(yaml, ARRAYS, { boundaries: { slip: "wall" } }), /boundaries.y is/);
  using data = await openFiles(yaml, ARRAYS, { boundaries: { slip: "wall", Sponge: "open" } });
  const { boundaries } = (await data.split("train")).trajectory(0).info;
  assert.deepEqual(boundaries, [["wall", "wall"], ["wall", "open"]]);
});

/** Changes of the example, and words of the refusal. */
const MISTAKES: readonly (readonly [string, (yaml: string) => string, RegExp])[] = [
  ["a missing entry", (y) => y.replace("name: cavity\n", ""), /arrays.yaml": name is absent, wanted "?name/],
  ["an unknown entry", (y) => y + "\nunits: m", /units is not known/],
  [
    "an unknown boundary",
    (y) => y.replace("x: periodic", "x: slip"),
    /boundaries.x is "slip", wanted wall, open or/,
  ],
  ["an axis without boundary", (y) => y.replace("  x: periodic\n", ""), /boundaries.x is absent/],
  [
    "a boundary of no axis",
    (y) => y.replace("  x: periodic", "  x: periodic\n  z: wall"),
    /boundaries.z is of no axis/,
  ],
  [
    "spacing of another number of axes",
    (y) => y.replace("0.25", "[1, 1, 1]"),
    /grid.spacing has 3 numbers, wanted 2/,
  ],
  [
    "neither spacing nor coordinates",
    (y) => y.replace("  spacing: 0.25\n", ""),
    /either spacing or coordinates/,
  ],
  [
    "coordinates of the wrong length",
    (y) => y.replace("spacing: 0.25", "coordinates: {x: [1, 2], y: [1, 2]}"),
    /grid.coordinates.x has 2 numbers, wanted 5/,
  ],
  [
    "a file that is not there",
    (y) => y.replace("velocity.npy", "speed.npy"),
    /fields.velocity: there is no file "speed.npy", the arrays are fields.npz, mask.npy, velocity.npy/,
  ],
  [
    "a file of another kind",
    (y) => y.replace("velocity.npy", "velocity.mat"),
    /"velocity.mat", wanted a .npy or .npz/,
  ],
  [
    "an array that the archive lacks",
    (y) => y.replace("density: fields.npz", "rho: fields.npz"),
    /fields.rho: "fields.npz" has no array "rho", it has "density"/,
  ],
  [
    "a scalar that is none",
    (y) => y.replace(", order: 1", ""),
    /fields.velocity has shape \[3, 4, 5, 2, 2\], wanted \[T, X, Y\] or \[N, T, X, Y\]/,
  ],
  [
    // With two components more, trajectory and time would be the grid.
    "the wrong tensor order",
    (y) => y.replace("order: 1", "order: 2"),
    /fields.density has shape \[3, 4, 5, 2\], wanted \[T, 4, 5\] or \[N, T, 4, 5\], the points as of fields.velocity/,
  ],
  [
    "a constant that has time",
    (y) => y.replace("density: fields.npz", "density: {file: fields.npz, constant: true}"),
    /fields.density has shape \[3, 4, 5, 2\], wanted \[5, 2\] or \[N, 5, 2\]/,
  ],
  [
    "times of another number of frames",
    (y) => y.replace("time: 0.1", "time: [0, 1]"),
    /time has 2 numbers, wanted 4/,
  ],
  [
    "scalars of other trajectories",
    (y) => y.replace(", 0.05", ""),
    /scalars.viscosity has 2 numbers, wanted 1 or/,
  ],
  [
    "a trajectory that is not there",
    (y) => y.replace("[2]", "[7]"),
    /splits.valid names trajectory 7, there are 0 to 2/,
  ],
  [
    "a range that would fill the memory",
    (y) => y.replace("0-1", "0-9999999999"),
    /splits\.train is "0-9999999999", wanted 1 to 1000000 trajectories/,
  ],
  ["a range that is none", (y) => y.replace("0-1", "first"), /splits.*wanted/],
  [
    "no field that varies",
    (y) => y.replace(/ {2}velocity.*\n {2}density.*\n/, ""),
    /none that varies in time/,
  ],
];

for (const [what, change, words] of MISTAKES) {
  Deno.test(`arrays.yaml: ${what} is named`, async () => {
    const yaml = change(await exampleYaml());
    assert.notEqual(yaml, await exampleYaml());
    const open = async () => {
      using data = await openFiles(yaml);
      for (const name of data.splits) await data.split(name);
    };
    await assert.rejects(open(), (error: Error) => {
      assert.ok(error instanceof SyntaxError);
      assert.match(error.message, words);
      assert.match(error.message, /Cannot read "arrays.yaml"/);
      return true;
    });
  });
}

Deno.test("arrays.yaml: several mistakes are all named", async () => {
  await assert.rejects(openFiles("name: a\ngrid: {axes: []}\nfields: {}"), (error: Error) => {
    for (const words of [/grid.axes/, /boundaries/]) assert.match(error.message, words);
    return true;
  });
});

Deno.test("arrays that disagree in points, frames or trajectories are refused", async () => {
  const yaml = await exampleYaml();
  const withMask = (shape: number[]) => ({
    ...ARRAYS,
    "mask.npy": writeNpy({ shape, data: new Uint8Array(shape.reduce((n, size) => n * size, 1)) }),
  });
  await assert.rejects(
    openFiles(yaml, withMask([5, 3])),
    /fields.mask has shape \[5, 3\], wanted \[5, 2\] or \[N, 5, 2\]/,
  );
  await assert.rejects(openFiles(yaml, withMask([2, 5, 2])), /that is 2 trajectories where others have 3/);
  const frames = {
    ...ARRAYS,
    "fields.npz": writeNpz({ density: { shape: [3, 3, 5, 2], data: counting(90) } }),
  };
  await assert.rejects(openFiles(yaml, frames), /that is 3 frames where others have 4/);
});
