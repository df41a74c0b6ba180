// Ten broken files of each collection: each is refused with the file, what is in it and what was wanted.

import assert from "node:assert/strict";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";
import { writeNpz } from "../../lib/io/npy_writer.ts";
import { counted, dataset, type Files, list, openFiles } from "./collections/make.ts";
import { boiling, type Datasets, flow, gas, pastObject, smoke } from "./collections/valid.ts";

/** A broken file, and what its refusal says. */
type Broken = readonly [what: string, files: () => Promise<Files> | Files, words: RegExp];

/** Some datasets with others in the place of those of the same name; null takes one away. */
function but(datasets: Datasets, changes: Readonly<Record<string, Datasets[string] | null>>): Datasets {
  const all = Object.entries({ ...datasets, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, Datasets[string]] => entry[1] !== null));
}

/** A tree of `data` where numbers are wanted. */
const GROUP = { groups: { inner: {} } };

/** The first half of a file. */
async function half(name: string, datasets: Datasets): Promise<Files> {
  const bytes = await writeHdf5({ datasets });
  return { [name]: bytes.slice(0, bytes.length >> 1) };
}

const flowFile = (changes: Parameters<typeof but>[1]): () => Files => () => ({
  "2D_CFD_periodic.hdf5": { datasets: but(flow(), changes) },
});
const PDEBENCH: readonly Broken[] = [
  ["no pressure", flowFile({ pressure: null }), /looks like PDEBench, but has no pressure/],
  ["no coordinates", flowFile({ "x-coordinate": null }), /looks like PDEBench, but has no x-coordinate/],
  ["no density", flowFile({ density: null }), /looks like PDEBench, but has no density/],
  [
    "fields of two sizes",
    flowFile({ Vy: dataset("ntxy", [1, 3, 4, 3]) }),
    /"Vy" has shape \[1, 3, 4, 3\], wanted .* \[1, 3, 4, 2\]/,
  ],
  [
    "no axis of frames",
    flowFile({ density: dataset("nt", [1, 3]) }),
    /"density" has shape \[1, 3\], wanted \[N, T, X/,
  ],
  [
    "fewer times than frames",
    flowFile({ "t-coordinate": counted(2) }),
    /"t-coordinate" has 2 times for 3 frames/,
  ],
  [
    "too few coordinates",
    flowFile({ "y-coordinate": counted(1) }),
    /"y-coordinate" has 1 numbers for 2 points/,
  ],
  ["no velocity along y", flowFile({ Vy: null }), /"Vy"/],
  [
    "five channels",
    () => ({ "rd.h5": { groups: { "0000": { datasets: { data: dataset("txyc", [3, 4, 2, 5]) } } } } }),
    /"0000\/data" has shape \[3, 4, 2, 5\], wanted \[T, X, Y, 1\] of shallow water/,
  ],
  ["half a file", () => half("2D_CFD_periodic.hdf5", flow()), /2D_CFD_periodic\.hdf5/],
];

const smokeFile = (changes: Parameters<typeof but>[1]): () => Files => () => ({
  "ns.h5": { groups: { train: { datasets: but(smoke(), changes) } } },
});
const PDEARENA: readonly Broken[] = [
  ["no smoke", smokeFile({ u: null }), /looks like PDEArena, but "train" has no u/],
  ["no velocity along x", smokeFile({ vx: null }), /looks like PDEArena, but "train" has no vx/],
  ["no velocity along y", smokeFile({ vy: null }), /looks like PDEArena, but "train" has no vy/],
  ["none of the fields", smokeFile({ u: null, vx: null, vy: null }), /"train" has no u, vx, vy/],
  [
    "other frames",
    smokeFile({ vx: dataset("ntxy", [2, 2, 4, 2]) }),
    /"train\/vx" has shape \[2, 2, 4, 2\], wanted .* \[2, 3, 4, 2\]/,
  ],
  ["other points", smokeFile({ vy: dataset("ntxy", [2, 3, 4, 3]) }), /"train\/vy" has shape \[2, 3, 4, 3\]/],
  [
    "three axes",
    smokeFile({ u: dataset("ntx", [2, 3, 4]) }),
    /"train\/u" has shape \[2, 3, 4\], wanted \[N, T, X, Y\]/,
  ],
  ["too few times", smokeFile({ t: counted(3) }), /"train\/t" has 3 numbers, wanted 2 times 3/],
  ["too few coordinates", smokeFile({ x: counted(4) }), /"train\/x" has 4 numbers, wanted 2 times 4/],
  ["half a file", async () => {
    const bytes = await writeHdf5({ groups: { train: { datasets: smoke() } } });
    return { "ns.h5": bytes.slice(0, bytes.length >> 1) };
  }, /ns\.h5/],
];

const gasFile = (datasets: Datasets, name = "CE-RP.nc"): () => Files => () => ({ [name]: { datasets } });
const PDEGYM: readonly Broken[] = [
  ["another array", gasFile({ fields: gas().data! }), /it has no data, solution, velocity/],
  [
    "no time",
    gasFile({ data: dataset("ncx", [2, 4, 4]) }),
    /\[2, 4, 4\], wanted \[N, T, C, X, Y\].*without time/,
  ],
  [
    "two axes",
    gasFile({ data: dataset("nt", [2, 4]) }),
    /"data" has shape \[2, 4\], wanted \[N, T, C, X, Y\]/,
  ],
  ["six axes", gasFile({ data: dataset("ntcxyz", [1, 2, 4, 2, 2, 2]) }), /\[1, 2, 4, 2, 2, 2\], wanted/],
  [
    "too few channels",
    gasFile({ data: dataset("ntcxy", [2, 3, 3, 2, 2]) }),
    /"data" has 3 channels, wanted at least 4 \(density/,
  ],
  [
    "no channels of a gas",
    gasFile({ data: dataset("ntxy", [2, 3, 2, 2]) }),
    /"data" has 1 channels, wanted at least 4/,
  ],
  [
    "a set of no known name",
    gasFile({ solution: gas().data! }, "mine.nc"),
    /channels of "solution".* follows from the file's name.*CE-/,
  ],
  [
    "one velocity",
    gasFile({ velocity: dataset("ntcxy", [1, 3, 1, 2, 2]) }, "NS-Sines.nc"),
    /"velocity" has 1 channels, wanted at least 2/,
  ],
  [
    "no potential",
    gasFile({ solution: gas().data! }, "GCE-RT.nc"),
    /"solution" has 4 channels, wanted at least 6/,
  ],
  ["half a file", () => half("CE-RP.nc", gas()), /CE-RP\.nc/],
];

const boilingFile = (changes: Parameters<typeof but>[1]): () => Files => () => ({
  "Twall-100.hdf5": { datasets: but(boiling(), changes) },
});
const BUBBLEML: readonly Broken[] = [
  ["no temperature", boilingFile({ temperature: null }), /looks like BubbleML, but has no temperature/],
  ["no velocity along y", boilingFile({ vely: null }), /looks like BubbleML, but has no vely/],
  ["no velocity", boilingFile({ velx: null, vely: null }), /looks like BubbleML, but has no velx, vely/],
  [
    "other frames",
    boilingFile({ velx: dataset("tyx", [2, 2, 4]) }),
    /"velx" has shape \[2, 2, 4\], wanted \[T, Y, X\].*\[3, 2, 4\]/,
  ],
  [
    "two axes",
    boilingFile({ temperature: dataset("yx", [2, 4]) }),
    /"temperature" has shape \[2, 4\], wanted \[T, Y, X\]/,
  ],
  [
    "axes exchanged",
    boilingFile({ pressure: dataset("txy", [3, 4, 2]) }),
    /"pressure" has shape \[3, 4, 2\]/,
  ],
  [
    "coordinates of other points",
    boilingFile({ x: dataset("tyx", [3, 2, 5]) }),
    /"x" has shape \[3, 2, 5\], wanted 4 points along x/,
  ],
  [
    "centres of other points",
    boilingFile({ y_centers: counted(3) }),
    /"y_centers" has shape \[3\], wanted 2 points along y/,
  ],
  ["parameters that are no JSON", () => ({
    "Twall-100.hdf5": { datasets: boiling() },
    "Twall-100.json": new TextEncoder().encode("{ not JSON"),
  }), /Twall-100\.json": it is no JSON/],
  ["half a file", () => half("Twall-100.hdf5", boiling()), /Twall-100\.hdf5/],
];

const archive = (bytes: Uint8Array): () => Files => () => ({ "Re_100.npz": bytes });
const FLOWBENCH: readonly Broken[] = [
  [
    "another array",
    archive(writeNpz({ u: { shape: [1], data: Float32Array.of(1) } })),
    /Re_100\.npz" has no array "data"/,
  ],
  [
    "two components",
    archive(pastObject([3, 2, 4, 2])),
    /"data" of "Re_100\.npz" has shape \[3, 2, 4, 2\], wanted \[T, A, B, 3\]/,
  ],
  ["no time", archive(pastObject([2, 4, 3])), /\[2, 4, 3\], wanted \[T, A, B, 3\]/],
  ["five axes", archive(pastObject([1, 3, 2, 4, 3])), /\[1, 3, 2, 4, 3\], wanted \[T, A, B, 3\]/],
  ["half an archive", archive(pastObject().slice(0, 150)), /Re_100\.npz/],
  [
    "no archive",
    archive(new TextEncoder().encode("these are words, no archive, and long enough")),
    /Re_100\.npz/,
  ],
  ["an empty file", archive(new Uint8Array(0)), /Re_100\.npz/],
  ["a mask of another size", () => ({
    "Re_100.npz": pastObject(),
    "Re_100_mask.npy": writeNpz({}).slice(0, 22),
  }), /Re_100_mask\.npy/],
  ["no frames", archive(pastObject([0, 2, 4, 3])), /1 trajectories of 0 frames on 4 x 2 points/],
  ["no points", archive(pastObject([3, 0, 4, 3])), /1 trajectories of 3 frames on 4 x 0 points/],
];

const TABLE = { PDEBENCH, PDEARENA, PDEGYM, BUBBLEML, FLOWBENCH };

for (const [collection, list] of Object.entries(TABLE)) {
  Deno.test(`${collection.toLowerCase()}: ten broken files are refused in words`, async () => {
    assert.equal(list.length, 10);
    for (const [what, files, words] of list) {
      await assert.rejects(
        async () => {
          using data = await openFiles(await files());
          const trajectory = (await data.split()).trajectory(0);
          await trajectory.sample([0]);
        },
        (error: Error) => {
          assert.ok(error instanceof SyntaxError || error instanceof RangeError, `${what}: ${error.stack}`);
          assert.match(error.message, words, what);
          return true;
        },
      );
    }
  });
}

Deno.test("groups where numbers are wanted, and counts of nothing, are refused", async () => {
  const refused: readonly (readonly [Files, RegExp])[] = [
    [{
      "a.hdf5": {
        ...GROUP,
        datasets: {
          tensor: dataset("ntx", [0, 3, 4]),
          "x-coordinate": counted(4),
          "t-coordinate": counted(3),
        },
      },
    }, /0 trajectories of 3 frames/],
    [
      { "b.hdf5": { datasets: but(flow(), { density: null }), groups: { density: GROUP } } },
      /b\.hdf5.*"density"/,
    ],
    [
      { "c.nc": { datasets: { velocity: dataset("ntcxy", [1, 0, 2, 2, 2]) } } },
      /1 trajectories of 0 frames/,
    ],
    [
      { "d.hdf5": { datasets: but(boiling(), { temperature: dataset("tyx", [0, 2, 4]) }) } },
      /"velx" has shape \[3, 2, 4\], wanted \[T, Y, X\] as of "temperature", \[0, 2, 4\]/,
    ],
    [{ "e.hdf5": { datasets: but(flow(), { "x-coordinate": list() }) } }, /"x-coordinate" has 0 numbers/],
  ];
  for (const [files, words] of refused) {
    await assert.rejects(async () => {
      using data = await openFiles(files);
      await (await data.split()).trajectory(0).sample([0]);
    }, (error: Error) => {
      assert.match(error.message, words);
      return error instanceof SyntaxError || error instanceof RangeError;
    });
  }
});
