// Files of other collections: each field stands where its authors put it, and comes out as trajectory, frame, x, y, z,
// component.

import assert from "node:assert/strict";
import { writeNpy, writeNpz } from "../../lib/io/npy_writer.ts";
import { openData } from "../../lib/data/open_data.ts";
import { sharedTest } from "../shared.ts";
import { flow } from "./collections/valid.ts";
import { at, counted, dataset, type Files, list, numberAt, openFiles, placed } from "./collections/make.ts";

const text = new TextEncoder();

/** Opens a trajectory and reads two frames. */
async function frames(files: Files, index = 0, split?: string) {
  const data = await openFiles(files);
  const opened = await data.split(split);
  const trajectory = opened.trajectory(index);
  const sample = await trajectory.sample([1, 2]);
  return { data, opened, trajectory, sample, [Symbol.dispose]: () => data[Symbol.dispose]() };
}

Deno.test("pdebench: compressible flow in three dimensions; its name says that sides are open", async () => {
  const shape = [2, 3, 2, 3, 4];
  const field = (c: number) => dataset("ntxyz", shape, { c });
  using read = await frames({
    "3D_CFD_Turb_M1.0_trans.hdf5": {
      attributes: { M: 1, eta: 0.01 },
      datasets: {
        density: field(0),
        pressure: field(1),
        Vx: field(2),
        Vy: field(3),
        Vz: field(4),
        "t-coordinate": list(0, 0.5, 1, 1.5),
        "x-coordinate": counted(2),
        "y-coordinate": counted(3),
        "z-coordinate": counted(4),
      },
    },
  }, 1);
  const { data, opened, trajectory, sample } = read;
  assert.deepEqual([data.format, data.warnings, opened.trajectories], ["pdebench", [], 2]);
  assert.deepEqual(trajectory.info.grid.shape, [2, 3, 4]);
  assert.deepEqual(trajectory.info.boundaries, Array(3).fill(["open", "open"]));
  assert.deepEqual(trajectory.info.scalars, { M: 1, eta: 0.01 });
  assert.deepEqual([...await trajectory.times()], [0, 0.5, 1]);
  assert.deepEqual([...sample.times], [0.5, 1]);
  assert.deepEqual(sample.info.fields.map(({ name, order }) => `${name}${order}`), [
    "density0",
    "pressure0",
    "velocity1",
  ]);
  for (const component of [0, 1, 2]) {
    assert.equal(
      numberAt(sample, "velocity", 1, [1, 2, 3], component),
      at({ n: 1, t: 2, x: 1, y: 2, z: 3, c: 2 + component }),
    );
  }
  assert.equal(numberAt(sample, "pressure", 0, [0, 1, 2]), at({ n: 1, t: 1, y: 1, z: 2, c: 1 }));
});

Deno.test("pdebench: sides that nothing tells of are periodic with a warning, or what is said", async () => {
  const files = { "flow.hdf5": { datasets: flow() } };
  const sides = async (options = {}) => {
    using data = await openFiles(files, options);
    return [data.warnings.length, (await data.split()).trajectory(0).info.boundaries[0]![0]];
  };
  assert.deepEqual(await sides(), [1, "periodic"]);
  assert.deepEqual(await sides({ boundaries: { unstated: "wall" } }), [0, "wall"]);
});

Deno.test("pdebench: one dimension, groups of runs, and flow with particles", async () => {
  using scalar = await frames({
    "1D_Burgers_periodic.hdf5": {
      attributes: { Nu: 0.001 },
      datasets: {
        tensor: dataset("ntx", [2, 3, 5]),
        "x-coordinate": counted(5),
        "t-coordinate": counted(4),
      },
    },
  }, 1);
  assert.equal(numberAt(scalar.sample, "tensor", 1, [4]), at({ n: 1, t: 2, x: 4 }));
  const run = (n: number) => ({
    datasets: { data: dataset("txyc", [3, 4, 2, 2], { n }) },
    groups: { grid: { datasets: { t: counted(3), x: counted(4), y: counted(2) } } },
  });
  using groups = await frames({ "2D_diff-react.h5": { groups: { "0000": run(0), "0001": run(1) } } }, 1);
  assert.equal(numberAt(groups.sample, "B", 0, [3, 1]), at({ n: 1, t: 1, x: 3, y: 1, c: 1 }));
  assert.deepEqual(groups.trajectory.info.boundaries[0], ["wall", "wall"]);
  using particles = await frames({
    "ns_incom.h5": {
      datasets: {
        velocity: dataset("ntxyc", [2, 3, 4, 2, 2]),
        particles: dataset("ntxyc", [2, 3, 4, 2, 1], { c: 5 }),
        force: dataset("nxyc", [2, 4, 2, 2], { t: 7 }),
        t: { shape: [2, 3], data: Float64Array.of(0, 1, 2, 0, 2, 4) },
      },
    },
  }, 1);
  assert.equal(numberAt(particles.sample, "velocity", 0, [3, 1], 1), at({ n: 1, t: 1, x: 3, y: 1, c: 1 }));
  assert.equal(numberAt(particles.sample, "force", 0, [2, 1], 1), at({ n: 1, t: 7, x: 2, y: 1, c: 1 }));
  assert.deepEqual(particles.sample.info.fields.map(({ constant }) => constant), [false, false, true]);
  assert.deepEqual([...await particles.trajectory.times()], [0, 2, 4]);
});

Deno.test("pdearena: groups are splits, each trajectory has its own times and buoyancy", async () => {
  const group = (n: number) => ({
    datasets: {
      u: dataset("ntxy", [n, 3, 4, 2]),
      vx: dataset("ntxy", [n, 3, 4, 2], { c: 1 }),
      vy: dataset("ntxy", [n, 3, 4, 2], { c: 2 }),
      t: { shape: [n, 3], data: Float64Array.from({ length: 3 * n }, (_, i) => i) },
      dx: list(...Array<number>(n).fill(0.25)),
      buo_y: list(...Array.from({ length: n }, (_, i) => i / 2)),
    },
  });
  using read = await frames(
    { "NavierStokes2D.h5": { groups: { train: group(2), test: group(1) } } },
    1,
    "train",
  );
  const { data, trajectory, sample } = read;
  assert.deepEqual([data.format, data.splits], ["pdearena", ["train", "test"]]);
  assert.deepEqual(trajectory.info.scalars, { buo_y: 0.5 });
  assert.deepEqual([...await trajectory.times()], [3, 4, 5]);
  assert.deepEqual(trajectory.info.grid.coordinates.map((c) => [...c]), [[0, 0.25, 0.5, 0.75], [0, 1]]);
  assert.equal(numberAt(sample, "velocity", 1, [3, 1], 1), at({ n: 1, t: 2, x: 3, y: 1, c: 2 }));
});

Deno.test("pdegym: channels by the set's name, the last trajectories are held out", async () => {
  const shape = [364, 3, 5, 2, 2];
  using read = await frames({ "CE-RP.nc": { datasets: { data: dataset("ntcxy", shape) } } }, 2, "valid");
  const { data, opened, sample } = read;
  assert.deepEqual([data.splits, opened.trajectories], [["train", "valid", "test"], 120]);
  assert.deepEqual([(await data.split("train")).trajectories, (await data.split("test")).trajectories], [
    4,
    240,
  ]);
  assert.equal(numberAt(sample, "pressure", 0, [1, 0]), Math.fround(at({ n: 6, t: 1, x: 1, c: 3 })));
  assert.equal(numberAt(sample, "velocity", 1, [0, 1], 1), Math.fround(at({ n: 6, t: 2, y: 1, c: 2 })));
  assert.match(data.warnings.join(), /channel 4 of "data" is left out/);
  using waves = await frames({
    "Wave-Layer.nc": {
      datasets: {
        solution: dataset("ntxy", [1, 3, 2, 2]),
        c: dataset("nxy", [1, 2, 2], { c: 6 }),
      },
    },
  });
  assert.equal(numberAt(waves.sample, "speed_of_sound", 0, [1, 1]), at({ x: 1, y: 1, c: 6 }));
});

Deno.test("flowbench: the long axis is x, square images stand as y, x; a mask hides the object", async () => {
  const archive = (axes: string, a: number, b: number) =>
    writeNpz({ data: { shape: [3, a, b, 3], data: placed(axes, [3, a, b, 3]) } });
  for (const [axes, a, b] of [["txyc", 6, 2], ["tyxc", 2, 6], ["tyxc", 3, 3]] as const) {
    const mask = new Uint8Array(a * b);
    mask[1] = 1;
    const files = {
      "Re_250.npz": archive(axes, a, b),
      "Re_250_mask.npy": writeNpy({ shape: [a, b], data: mask }),
    };
    using read = await frames(files);
    const { data, trajectory, sample } = read;
    assert.deepEqual([data.format, trajectory.info.scalars], ["flowbench", { Re: 250 }]);
    assert.deepEqual(trajectory.info.grid.shape, a === b ? [3, 3] : [6, 2]);
    assert.equal(numberAt(sample, "velocity", 1, [2, 1], 1), at({ t: 2, x: 2, y: 1, c: 1 }));
    assert.equal(numberAt(sample, "pressure", 0, [2, 0]), at({ t: 1, x: 2, c: 2 }));
    const hidden = axes === "txyc" ? [0, 1] : [1, 0];
    assert.equal(sample.hidden![hidden[0]! * trajectory.info.grid.shape[1]! + hidden[1]!], 1);
    assert.equal(sample.hidden!.reduce((n, cell) => n + cell, 0), 1);
  }
});

Deno.test("bubbleml: y, x becomes x, y; parameters stand in a JSON file beside the second version", async () => {
  const field = (c: number) => dataset("tyx", [3, 2, 4], { c });
  using read = await frames({
    "Twall-90.hdf5": {
      datasets: {
        temperature: field(0),
        pressure: field(1),
        velx: field(2),
        vely: field(3),
        dfun: field(4),
        x_centers: list(0.5, 1.5, 2.5, 3.5),
        y_centers: list(0.5, 1.5),
      },
    },
    "Twall-90.json": text.encode('{"ht_twall_high": 1.5, "note": "text is no parameter"}'),
  });
  const { data, trajectory, sample } = read;
  assert.deepEqual([data.format, trajectory.info.scalars], ["bubbleml", { ht_twall_high: 1.5 }]);
  assert.deepEqual(trajectory.info.grid.coordinates.map((c) => [...c]), [[0.5, 1.5, 2.5, 3.5], [0.5, 1.5]]);
  assert.deepEqual(trajectory.info.boundaries, [["wall", "wall"], ["wall", "open"]]);
  assert.deepEqual(sample.info.fields.map(({ name }) => name), ["temperature", "pressure", "velocity"]);
  assert.equal(numberAt(sample, "velocity", 0, [3, 1], 1), at({ t: 1, x: 3, y: 1, c: 3 }));
});

interface Digest {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly abs_sum: number;
  readonly first: number;
  readonly last: number;
}

sharedTest("every foreign sample reads to its digest", "samples/foreign", async (folder) => {
  const path = new URL("../../../shared/golden-data/foreign.json", import.meta.url);
  const digests: Record<string, Record<string, Digest>> = JSON.parse(await Deno.readTextFile(path));
  let fields = 0;
  for (const [file, wanted] of Object.entries(digests)) {
    using data = await openData(`${folder}/${file}`);
    const split = await data.split();
    for (const [name, { shape, sum, abs_sum, first, last }] of Object.entries(wanted)) {
      const numbers: ArrayLike<number>[] = [];
      for (let i = 0; i < (name === "time" ? 1 : split.trajectories); i++) {
        const trajectory = split.trajectory(i);
        const place = trajectory.info.fields.findIndex((field) => field.name === name);
        const all = Array.from({ length: trajectory.steps }, (_, frame) => frame);
        numbers.push(
          name === "time" ? await trajectory.times() : (await trajectory.sample(all)).values[place]!,
        );
      }
      const what = `${file}, ${name}`;
      const flat = numbers.flatMap((part) => Array.from(part));
      assert.equal(flat.length, shape.reduce((n, size) => n * size, 1), what);
      assert.deepEqual([flat[0], flat.at(-1)], [first, last], what);
      const total = flat.reduce((n, x) => n + x, 0);
      assert.ok(Math.abs(total - sum) <= 1e-9 * abs_sum, `${what}: sum ${total}, wanted ${sum}`);
      assert.ok(Math.abs(flat.reduce((n, x) => n + Math.abs(x), 0) - abs_sum) <= 1e-9 * abs_sum, what);
      fields++;
    }
  }
  assert.equal(Object.keys(digests).length, 11);
  assert.ok(fields >= 25);
});
