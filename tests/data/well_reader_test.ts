// The Well's files through openData(): values as stored, against the windows of the reference's loader and against files
// written here.

import assert from "node:assert/strict";
import { componentNames } from "../../lib/data/components.ts";
import type { Dataset, Sample } from "../../lib/data/dataset.ts";
import { consecutive, cutRollout, largestStride, placesOf, stretch } from "../../lib/data/examples.ts";
import { repeatAxes } from "../../lib/data/formats/well/trajectory.ts";
import { makeSplit } from "../../lib/data/make_split.ts";
import { makeTrajectory } from "../../lib/data/make_trajectory.ts";
import { Lifetime } from "../../lib/data/lifetime.ts";
import { findNotFinite } from "../../lib/data/not_finite.ts";
import { openData } from "../../lib/data/open_data.ts";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";
import { fixture, inRepository, shared, sharedTest } from "../shared.ts";
import { largestDifference } from "../tensors.ts";

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(path));
}

const CODES = { wall: 0, open: 1, periodic: 2 };

async function checkBoundaries(folder: string): Promise<void> {
  const { cases } = await readJson(`${folder}/boundaries.json`);
  for (const [name, { decoded }] of Object.entries<{ decoded: number[][] }>(cases)) {
    using data = await openData(`${folder}/boundary-cases/${name}`);
    assert.deepEqual(data.splits, ["train"]);
    const { boundaries } = (await data.split("train")).trajectory(0).info;
    assert.deepEqual(boundaries.map((sides) => sides.map((side) => CODES[side])), decoded, name);
  }
}

Deno.test("openData() decodes every boundary case", () => checkBoundaries(fixture("golden-data")));
sharedTest("openData() decodes every boundary case of the complete folder", "golden-data", checkBoundaries);

Deno.test("openData() takes kinds of boundary that it does not know for what it is told, in any case", async () => {
  const path = fixture("samples-bad/17_unknown_boundary_type.hdf5");
  await assert.rejects(openData(path), /bc_type "MOEBIUS" on \w+, wanted WALL, OPEN, PERIODIC/);
  await assert.rejects(openData(path, { boundaries: { slip: "open" } }), /bc_type "MOEBIUS"/);
  using data = await openData(path, { boundaries: { moebius: "wall" } });
  const { boundaries } = (await data.split()).trajectory(0).info;
  assert.ok(boundaries.some(([near, far]) => near === "wall" && far === "wall"), JSON.stringify(boundaries));
});

/** Numbers of the varying (or constant) fields, point after point with all components: what the reference returns. */
function interleaved({ info, times, values }: Sample, constant: boolean): Float32Array {
  const chosen = info.fields.flatMap((field, i) =>
    field.constant === constant ? [{ values: values[i]!, width: componentNames(info, field).length }] : []
  );
  const points = info.grid.shape.reduce((n, size) => n * size, constant ? 1 : times.length);
  const total = chosen.reduce((n, { width }) => n + width, 0);
  const out = new Float32Array(points * total);
  let first = 0;
  for (const { values, width } of chosen) {
    for (let i = 0; i < values.length; i++) {
      out[Math.floor(i / width) * total + first + i % width] = values[i]!;
    }
    first += width;
  }
  return out;
}

interface Digest {
  readonly shape: number[];
  readonly sum: number;
  readonly abs_sum: number;
  readonly first: number[];
  readonly last: number[];
}

function checkDigest(values: Float32Array, wanted: Digest, label: string): void {
  assert.equal(values.length, wanted.shape.reduce((n, size) => n * size, 1), label);
  const sum = values.reduce((total, v) => total + v, 0);
  const absolute = values.reduce((total, v) => total + Math.abs(v), 0);
  assert.ok(Math.abs(sum - wanted.sum) <= 1e-9 * wanted.abs_sum, `${label}: ${sum}, wanted ${wanted.sum}`);
  assert.ok(Math.abs(absolute - wanted.abs_sum) <= 1e-9 * wanted.abs_sum, label);
  assert.deepEqual([...values.subarray(0, wanted.first.length)], wanted.first.map(Math.fround), label);
  assert.deepEqual([...values.subarray(-wanted.last.length)], wanted.last.map(Math.fround), label);
}

sharedTest(
  "examples of every sample data set equal the reference loader's",
  "golden-data",
  async (folder) => {
    const samples = shared("samples/datasets");
    assert.ok(samples);
    const { datasets } = await readJson(`${folder}/windows.json`);
    let checked = 0;
    for (const item of datasets) {
      const { dataset, split: name, settings } = item;
      const { n_steps_input: inputs, n_steps_output: outputs } = settings;
      const stride = settings.min_dt_stride ?? 1;
      const label = `${dataset} ${name} ${JSON.stringify(settings)}`;
      using data = await openData(`${samples}/${dataset}`);
      const split = await data.split(name);
      const lengths = Array.from({ length: split.trajectories }, (_, i) => split.trajectory(i).steps);
      const whole = settings.full_trajectory_mode === true;
      const cut = cutRollout(Math.min(...lengths), inputs, { stride, limit: settings.max_rollout_steps });
      const places = whole
        ? lengths.map((_, trajectory) => ({ trajectory, frames: [...cut.inputs, ...cut.targets] }))
        : placesOf(split, consecutive(inputs + outputs), stride)
          .map(({ trajectory, frames }) => ({ trajectory, frames: stretch(frames, stride) }));
      // The reference fails on a file too short for one window; here it has none.
      if (item.len === undefined) continue;
      assert.equal(places.length, item.len, label);
      for (const sample of item.samples) {
        const { trajectory: index, frames } = places[sample.index]!;
        assert.equal(frames[0], sample.time_idx, label);
        const trajectory = split.trajectory(index);
        const file: string = item.files[sample.file_idx];
        assert.ok(trajectory.name.endsWith(`${file}", trajectory ${sample.sample_idx}`), label);
        const before = await trajectory.sample(frames.slice(0, inputs));
        const after = await trajectory.sample(frames.slice(inputs));
        checkDigest(interleaved(before, false), sample.input_fields, `${label} ${sample.index} in`);
        checkDigest(interleaved(after, false), sample.output_fields, `${label} ${sample.index} out`);
        if (sample.constant_fields) {
          checkDigest(interleaved(before, true), sample.constant_fields, `${label} constant`);
        }
        const sides = trajectory.info.boundaries.map((pair) => pair.map((side) => CODES[side]));
        assert.deepEqual(sides, sample.boundary_conditions, label);
        const times = before.times.map((t) => t - before.times[0]!);
        assert.ok(largestDifference(times, sample.input_time_grid) < 1e-5, label);
        for (const [i, scalar] of item.constant_scalar_names.entries()) {
          assert.ok(Math.abs(trajectory.info.scalars[scalar]! - sample.constant_scalars[i]) < 1e-6, label);
        }
        checked++;
      }
    }
    assert.ok(checked > 50);
  },
);

/** A split of one trajectory without fields. */
function splitOf(steps: number) {
  const open = () =>
    makeTrajectory({
      file: "none",
      index: 0,
      info: {
        dataset: "none",
        grid: { system: "cartesian", axes: [], shape: [], coordinates: [] },
        boundaries: [],
        fields: [],
        scalars: {},
      },
      steps,
      lifetime: new Lifetime("none"),
      readTimes: () => Promise.resolve(new Float64Array(steps)),
      readField: () => Promise.reject(new RangeError("no field")),
    });
  return makeSplit("all", "none", [{ kind: "", open }]);
}

Deno.test("placesOf() and largestStride() equal the reference's tables", async () => {
  const { helpers } = await readJson(fixture("golden-data/windows.json"));
  for (const [steps, inputs, outputs, stride, count] of helpers.raw_steps_to_possible_sample_t0s) {
    const places = placesOf(splitOf(steps), consecutive(inputs + outputs), stride);
    assert.equal(places.length, count, `${[steps, inputs, outputs, stride]}`);
  }
  for (const [from, steps, inputs, outputs, stride] of helpers.maximum_stride_for_initial_index) {
    const frames = Array.from({ length: inputs + outputs }, (_, k) => from + k);
    assert.equal(largestStride(frames, steps), stride, `${[from, steps, inputs, outputs]}`);
  }
  assert.equal(largestStride([4, 4], 5), Infinity);
});

Deno.test("cutRollout() ends inputs just before a frame, and refuses what lies before the first", () => {
  assert.deepEqual(cutRollout(20, 3, { stride: 2, startAt: 10, limit: 2 }), {
    inputs: [4, 6, 8],
    targets: [10, 12],
  });
  assert.deepEqual(cutRollout(3, 3).targets, []);
  assert.throws(() => cutRollout(20, 6, { startAt: 5 }), /frame 5: 6 inputs with stride 1 come before/);
});

sharedTest(
  "places go file after file, and kinds tell boundaries apart",
  "samples/datasets",
  async (folder) => {
    for (const { name } of Deno.readDirSync(folder)) {
      using data = await openData(`${folder}/${name}`);
      const split = await data.split("train");
      const train = `${folder}/${name}/data/train`;
      const files = [...Deno.readDirSync(train)].map((e) => `${train}/${e.name}`).sort();
      const wanted: [string, number][] = [];
      for (const file of files) {
        using alone = await openData(file);
        const own = await alone.split();
        for (let t = 0; t < own.trajectories; t++) {
          for (let from = 0; from + 7 <= own.trajectory(t).steps; from++) {
            wanted.push([`"${file}", trajectory ${t}`, from]);
          }
        }
      }
      const places = placesOf(split, consecutive(7)).map(({ trajectory, frames }) => [
        split.trajectory(trajectory).name,
        frames[0],
      ]);
      assert.deepEqual(places, wanted, name);
      const numbers = Array.from({ length: split.trajectories }, (_, i) => i);
      const firstLike = (kindOf: (i: number) => string) =>
        numbers.map((i) => numbers.findIndex((j) => kindOf(j) === kindOf(i)));
      // Samples that hide cells share a batch with none.
      const kindOf = (i: number) => {
        const { boundaries, masked } = split.trajectory(i).info;
        return JSON.stringify([boundaries, masked ? i : null]);
      };
      assert.deepEqual(firstLike((i) => split.kind(i)), firstLike(kindOf), name);
      assert.equal(data.name, split.dataset);
      assert.ok(await data.statistics());
    }
  },
);

const FLAGS = { sample_varying: false, time_varying: false };

/** A 2 x 3 file of two trajectories with a field for each way to be stored. */
async function varied(): Promise<Uint8Array> {
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => i);
  const flags = (sample: boolean, time: boolean, x: boolean, y: boolean) => ({
    sample_varying: sample,
    time_varying: time,
    dim_varying: [x, y],
  });
  return await writeHdf5({
    attributes: {
      dataset_name: "varied",
      grid_type: "cartesian",
      n_spatial_dims: 2n,
      n_trajectories: 2n,
      simulation_parameters: ["nu"],
      nu: 0.5,
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: ["x", "y"] },
        datasets: {
          time: {
            shape: [2, 4],
            data: Float64Array.of(0, 1, 2, 3, 10, 11, 12, 13),
            attributes: { sample_varying: true, time_varying: true },
          },
          x: {
            shape: [2, 2],
            data: Float64Array.of(0, 1, 5, 6),
            attributes: { ...FLAGS, sample_varying: true },
          },
          y: { shape: [3], data: Float64Array.of(0, 0.5, 2), attributes: FLAGS },
        },
      },
      boundary_conditions: {},
      scalars: {
        attributes: { field_names: ["nu", "drag"] },
        datasets: {
          nu: { shape: [], data: Float64Array.of(0.5), attributes: FLAGS },
          drag: { shape: [2], data: Float64Array.of(7, 8), attributes: { ...FLAGS, sample_varying: true } },
        },
      },
      t0_fields: {
        attributes: { field_names: ["all", "rows", "columns", "mask"] },
        datasets: {
          all: { shape: [2, 4, 2, 3], data: numbers(48), attributes: flags(true, true, true, true) },
          rows: { shape: [4, 2], data: numbers(8), attributes: flags(false, true, true, false) },
          columns: { shape: [3], data: numbers(3), attributes: flags(false, false, false, true) },
          mask: {
            shape: [2, 3],
            data: Float32Array.of(0, 0, 1, 0, 0, 1),
            attributes: flags(false, false, true, true),
          },
        },
      },
      t1_fields: {
        attributes: { field_names: ["drift"] },
        datasets: {
          drift: { shape: [2, 4, 2], data: numbers(16), attributes: flags(true, true, false, false) },
        },
      },
      t2_fields: { attributes: { field_names: [] } },
    },
  });
}

Deno.test("samples honour every way in which a field may be stored", async () => {
  using data = await openData(await varied());
  assert.deepEqual([data.name, data.format, data.splits], ["varied", "well", ["all"]]);
  const split = await data.split();
  assert.equal(split.trajectories, 2);
  const trajectory = split.trajectory(1);
  assert.equal(trajectory, split.trajectory(1));
  const { info } = trajectory;
  assert.equal(trajectory.name, '"bytes", trajectory 1');
  assert.deepEqual(info.fields.map(({ name, order, constant }) => [name, order, constant]), [
    ["all", 0, false],
    ["rows", 0, false],
    ["drift", 1, false],
    ["columns", 0, true],
    ["mask", 0, true],
  ]);
  assert.deepEqual(info.grid.coordinates.map((c) => [...c]), [[5, 6], [0, 0.5, 2]]);
  assert.deepEqual(info.scalars, { nu: 0.5, drag: 8 });
  assert.deepEqual(info.boundaries, [["open", "open"], ["open", "open"]]);
  const sample = await trajectory.sample([2, 0]);
  assert.deepEqual([...sample.times], [12, 10]);
  assert.deepEqual([...await trajectory.times()], [10, 11, 12, 13]);
  const [all, rows, drift, columns] = sample.values.map((v) => [...v]);
  assert.deepEqual(all, [36, 37, 38, 39, 40, 41, 24, 25, 26, 27, 28, 29]);
  assert.deepEqual(rows, [4, 4, 4, 5, 5, 5, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual(drift, [...Array(6).fill([12, 13]).flat(), ...Array(6).fill([8, 9]).flat()]);
  assert.deepEqual(columns, [0, 1, 2, 0, 1, 2]);
  assert.equal(info.masked, true);
  assert.deepEqual([...sample.hidden!], [0, 0, 1, 0, 0, 1]);
  assert.notEqual(split.kind(0), split.kind(1));
});

Deno.test("samples may be transferred: the next one is whole all the same", async () => {
  using data = await openData(await varied());
  const trajectory = (await data.split()).trajectory(0);
  const first = await trajectory.sample([0]);
  const kept = first.values.map((v) => v.slice());
  const buffers = [...first.values, first.times].map(({ buffer }) => buffer as ArrayBuffer);
  structuredClone(first, { transfer: buffers });
  assert.equal(first.values[3]!.length, 0);
  const second = await trajectory.sample([0]);
  assert.deepEqual(second.values, kept);
  assert.deepEqual([...second.times], [0]);
});

Deno.test("repeatAxes() repeats any axes", () => {
  const values = Float32Array.of(1, 2);
  assert.deepEqual([...repeatAxes(values, 2, [2, 2], [false, false], 1)], [1, 1, 1, 1, 2, 2, 2, 2]);
  assert.deepEqual([...repeatAxes(values, 1, [2, 2, 2], [false, true, false], 1)], [1, 1, 2, 2, 1, 1, 2, 2]);
  assert.deepEqual([...repeatAxes(values, 1, [3], [false], 2)], [1, 2, 1, 2, 1, 2]);
  assert.throws(() => repeatAxes(values, 3, [2], [false], 1), RangeError);
});

const FILE = inRepository("examples/data/gray_scott_mini.hdf5");

async function closed(read: (data: Dataset) => Promise<unknown>): Promise<Error> {
  const data = await openData(FILE);
  try {
    return await read(data).then(() => new Error("nothing was thrown"), (error) => error);
  } finally {
    data[Symbol.dispose]();
  }
}

Deno.test("what reads through a closed data set is told so at once", async () => {
  const late = await closed(async (data) => {
    const trajectory = (await data.split()).trajectory(0);
    data[Symbol.dispose]();
    await trajectory.sample([0]);
  });
  assert.equal(late.name, "DisposedError");
  assert.match(late.message, /gray_scott_mini.hdf5", trajectory 0: the data set ".*" is closed/);
  const during = await closed(async (data) => {
    const trajectory = (await data.split()).trajectory(0);
    const reading = trajectory.sample([0, 2, 4, 6]);
    data[Symbol.dispose]();
    await reading;
  });
  assert.equal(during.name, "DisposedError");
  const unopened = await closed(async (data) => {
    data[Symbol.dispose]();
    await data.split();
  });
  assert.equal(unopened.name, "DisposedError");
});

Deno.test("frames, trajectories and splits that do not exist are refused by number and name", async () => {
  using data = await openData(FILE);
  const split = await data.split();
  const trajectory = split.trajectory(0);
  const { steps } = trajectory;
  await assert.rejects(trajectory.sample([steps]), new RegExp(`too short: frame ${steps} is wanted`));
  await assert.rejects(trajectory.sample([-1]), /frame -1 was asked for/);
  await assert.rejects(trajectory.sample([0.5]), /frame 0.5 was asked for/);
  assert.throws(() => split.trajectory(99), /has trajectories 0 to \d+, 99 was asked for/);
  await assert.rejects(data.split("valid"), /has no split "valid", it has all/);
});

Deno.test("shards share the trajectories out", async () => {
  using data = await openData([FILE, FILE, FILE]);
  const split = await data.split();
  const shards = [0, 1].map((rank) => split.shard(rank, 2));
  const count = split.trajectories;
  assert.equal(shards[0]!.trajectories + shards[1]!.trajectories, count);
  assert.equal(shards[1]!.trajectory(0), split.trajectory(1));
  assert.throws(() => split.shard(2, 2), /shard 2 of 2/);
});

Deno.test("files of a split that differ are refused", async () => {
  using data = await openData([FILE, inRepository("examples/data/euler_quadrants_mini.hdf5")]);
  await assert.rejects(data.split(), /euler_quadrants_mini.hdf5" is euler/);
});

sharedTest(
  "findNotFinite() names frame and component and looks at no hidden cell",
  "cases/files",
  async (folder) => {
    using bad = await openData(fixture("samples-bad/12_nan_frame.hdf5"));
    const trajectory = (await bad.split()).trajectory(0);
    const frames = Array.from({ length: trajectory.steps }, (_, i) => i);
    assert.match(findNotFinite(await trajectory.sample(frames)) ?? "", /^frame \d+, \w+ is NaN$/);
    using masked = await openData(`${folder}/masked_nan.hdf5`);
    const sample = await (await masked.split()).trajectory(0).sample([0, 1]);
    assert.ok(sample.values[0]!.some(Number.isNaN));
    assert.equal(findNotFinite(sample), null);
  },
);
