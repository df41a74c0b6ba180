// Samples as the network's inputs: the numbers that commit b610147 gave, for every kind of data; rotations; and the way
// back.

import assert from "node:assert/strict";
import type { Sample } from "../../../lib/data/dataset.ts";
import type { Statistics } from "../../../lib/data/statistics.ts";
import { determinant, ROTATIONS } from "../../../lib/data/symmetry.ts";
import { transformSample } from "../../../lib/data/transform_sample.ts";
import type { FieldMap, Inputs, Model } from "../../../lib/models/model.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { embed } from "../../../lib/models/walrus/embed.ts";
import type { GridTreatment } from "../../../lib/models/model.ts";
import { jitterFeeds } from "../../../lib/models/walrus/geometry.ts";
import { drawShifts } from "../../../lib/models/walrus/jitter.ts";
import { slotFeeds } from "../../../lib/models/walrus/kv_cache.ts";
import { gridOf, type WalrusShape } from "../../../lib/models/walrus/shape.ts";
import { releasedTransforms } from "../../../lib/models/walrus/transforms.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { PURPOSES, randomStream } from "../../../lib/random/philox.ts";
import { randomSource } from "../../../lib/random/random_source.ts";
import { digest } from "../../digest.ts";
import { fixture, inRepository, shared } from "../../shared.ts";
import { type Made, madeWell, readSample } from "./samples.ts";

/** What micro-batches were, by their names. */
const EXPECTED: Readonly<Record<"batches" | "rotations", Record<string, string>>> = JSON.parse(
  await Deno.readTextFile(fixture("training/inputs.json")),
);

const CONFIG: WalrusConfig = {
  ...RELEASED_CONFIG,
  blocks: 3,
  includeD: [1, 2, 3],
  dropPath: 0.4,
  inputFieldDrop: 1,
};
const MASKED: Made = {
  dataset: "supernova_explosion_64",
  shape: [32, 64],
  steps: 5,
  boundaries: [[0, 1], [2, 2]],
  fields: [["density", 0], ["velocity", 1], ["D", 2], ["pressure", 0, true], ["mask", 0, true], [
    "magnetic_field",
    1,
    true,
  ]],
};
const PLANE: Made = {
  shape: [32, 32],
  steps: 5,
  boundaries: [[0, 1], [2, 2]],
  fields: [["pressure", 0], ["velocity", 1], ["E", 2], ["height", 0, true], ["momentum", 1, true]],
};
const LINE: Made = {
  shape: [64],
  steps: 4,
  boundaries: [[1, 0]],
  fields: [["pressure", 0], ["velocity", 1]],
};
const CUBE: Made = {
  shape: [32, 64, 32],
  steps: 2,
  boundaries: [[0, 0], [2, 2], [1, 0]],
  fields: [["velocity", 1], ["density", 0]],
};
const SPHERE: Made = {
  dataset: "post_neutron_star_merger",
  gridType: "spherical",
  shape: [32, 32, 66],
  steps: 2,
  boundaries: [[1, 1], [1, 1], [2, 2]],
  fields: [["velocity", 1]],
};
const MAP: FieldMap = { velocity_phi: 42, c_zz: "pressure" };

/** A micro-batch as a digest: inputs under the names they had, geometry and shape. */
async function digestOf(
  samples: readonly Sample[],
  config: WalrusConfig,
  statistics: Statistics | null = null,
  map: FieldMap = {},
): Promise<string> {
  const model: Model<WalrusShape> = walrusModel(config);
  const [seed, index] = [11, 7];
  const { info, times } = samples[0]!;
  const training = { parts: 1, loss: {} };
  const shape = model.shape(info, { samples: samples.length, frames: times.length - 1, map, training });
  assert.deepEqual(JSON.parse(JSON.stringify(shape)), shape);
  const { "state/window": window, ...inputs }: Inputs = {
    ...model.inputs(samples, shape, statistics, { map }),
    ...model.stepInputs!(shape, { index, decoded: 0, lead: 1, random: randomSource(seed, index) }),
  };
  const { boundaries: _, resampled: __, training: own, ...rest } = shape;
  const before = { ...rest, pathDrop: own!.pathDrop, fieldDrop: own!.fieldDrop };
  const axes = gridOf(shape).map(({ seamless, ...axis }) => (assert.equal(seamless, false), axis));
  const geometry = JSON.stringify([axes, before]);
  return await digest([...Object.entries({ window: window!, ...inputs }), ["geometry", geometry]]);
}

const MADE = { plane: PLANE, line: LINE, masked: MASKED, cube: CUBE, sphere: SPHERE };

Deno.test("inputs() and stepInputs() give the micro-batches of before", async () => {
  const { batches } = EXPECTED;
  const still = { ...CONFIG, jitter: false, dropPath: 0, inputFieldDrop: 0, blocks: 1 };
  for (const [name, made] of Object.entries(MADE)) {
    const sample = await readSample(await madeWell(made), { from: 0, length: made.steps });
    assert.equal(await digestOf([sample], CONFIG, null, MAP), batches[name], name);
    assert.equal(await digestOf([sample], still, null, MAP), batches[`${name}, no draws`], name);
  }
  const other = await readSample(await madeWell({ ...PLANE, seed: 40 }), { from: 1, length: 4 });
  const first = await readSample(await madeWell(PLANE), { from: 0, length: 4 });
  assert.equal(await digestOf([first, other], CONFIG), batches["two planes"]);
});

/** Names of the channels of a sample. */
function channelNames(sample: Sample): string[] {
  const { embedding: { variable, constant } } = embed(sample, releasedTransforms(sample.info));
  return [...variable.names, ...constant.names];
}

Deno.test("inputs() of files are those of before", async () => {
  const files = [
    inRepository("examples/data/gray_scott_mini.hdf5"),
    inRepository("examples/data/euler_quadrants_mini.hdf5"),
    fixture("golden-data/tiny-2d/data/valid/tiny_2d.hdf5"),
  ];
  const maze = shared("samples/datasets/acoustic_maze_mini/data/valid/acoustic_maze_mini.hdf5");
  for (const file of maze ? [...files, maze] : files) {
    const sample = await readSample(file, { from: 0, length: 4 });
    const fields = Object.fromEntries(
      [...Object.keys(RELEASED_CONFIG.fields), ...channelNames(sample)].map((name, i) => [name, i]),
    );
    if (sample.info.grid.shape.some((n) => n > 1 && n % 32 !== 0)) {
      const model = walrusModel({ ...CONFIG, fields });
      assert.throws(() => model.shape(sample.info, { samples: 1 }), /Cannot resample axis 0 of grid 6 x 4/);
      continue;
    }
    const name = file.split("/").at(-1)!;
    assert.equal(await digestOf([sample], { ...CONFIG, fields }), EXPECTED.batches[name], name);
  }
});

Deno.test("inputs() normalises with statistics of the data set", async () => {
  const vector = [1, 2], matrix = [[1, 2], [3, 4]];
  const all = { pressure: 3, velocity: vector, E: matrix, height: 1e-9, momentum: vector };
  const statistics: Statistics = {
    mean: all,
    std: all,
    rms: all,
    mean_delta: all,
    std_delta: all,
    rms_delta: { pressure: 0.5, velocity: [0.1, 0.2], E: [[0, 0], [0, 1]] },
  };
  const sample = await readSample(await madeWell(PLANE), { from: 0, length: 4 });
  const config = { ...CONFIG, normalization: "global" } as const;
  assert.equal(await digestOf([sample], config, statistics), EXPECTED.batches["scales of the data set"]);
  const model = walrusModel(config);
  const shape = model.shape(sample.info, { samples: 1, frames: 4 });
  assert.throws(() => model.inputs([sample], shape, null), /pass those of its stats\.yaml/);
  const { pressure: _, ...fewer } = all;
  assert.throws(
    () => model.inputs([sample], shape, { ...statistics, rms: fewer }),
    /stats\.yaml has no rms of field "pressure"/,
  );
});

Deno.test("inputs() of turned samples are those of before, for all 24 rotations", async () => {
  const { sphere: _, ...cartesian } = MADE;
  for (const [name, made] of Object.entries(cartesian)) {
    const sample = await readSample(await madeWell(made), { from: 0, length: made.steps });
    assert.equal(ROTATIONS.length, 24);
    const turned: string[] = [];
    for (const symmetry of ROTATIONS) {
      assert.equal(determinant(symmetry), 1);
      turned.push(await digestOf([transformSample(sample, symmetry)], CONFIG));
    }
    assert.equal(new Set(turned).size, 24);
    assert.equal(await digest([["rotations", turned.join()]]), EXPECTED.rotations[name], name);
  }
});

Deno.test("augment() turns a micro-batch by one draw after the strides, and only cartesian data", async () => {
  const model = walrusModel(CONFIG);
  const sample = await readSample(await madeWell(PLANE), { from: 0, length: 3 });
  const random = randomSource(3, 9);
  const before = randomStream(3, 9, PURPOSES.augmentation);
  assert.equal(random.below("augmentation", 5), before.below(5));
  const turned = model.augment!([sample, sample], random);
  const symmetry = ROTATIONS[before.below(24)]!;
  assert.deepEqual(turned, [transformSample(sample, symmetry), transformSample(sample, symmetry)]);
  assert.equal(random.below("augmentation", 1000), before.below(1000));
  const round = await readSample(await madeWell(SPHERE), { from: 0, length: 2 });
  assert.deepEqual(model.augment!([round], random), [round]);
});

Deno.test("stepInputs() of a rollout draws the step's shifts, and slots of the KV cache", async () => {
  const model = walrusModel(CONFIG);
  const sample = await readSample(await madeWell(PLANE), { from: 0, length: 3 });
  const shape = model.shape(sample.info, { samples: 1, frames: 3 });
  const shifts = drawShifts(gridOf(shape), CONFIG.blocks, randomStream(5, 2));
  const wanted = Object.fromEntries(jitterFeeds(gridOf(shape), shifts));
  const at = (decoded: number) =>
    model.stepInputs!(shape, { index: 2 + decoded, decoded, lead: 1, random: randomSource(5, 2) });
  assert.deepEqual(at(0), wanted);
  assert.deepEqual(at(4), { ...wanted, ...slotFeeds(4, 3) });
  const still = model.shape(sample.info, { samples: 1, frames: 3, draws: false });
  assert.deepEqual(
    model.stepInputs!(still, { index: 1, decoded: 0, lead: 1, random: randomSource(5, 1) }),
    {},
  );
});

Deno.test("frames() gives the fields of the file: transforms undone, embedded components dropped", async () => {
  const model = walrusModel(CONFIG);
  const sample = await readSample(await madeWell(MASKED), { from: 0, length: 1 });
  const hidden = sample.hidden!;
  const { embedding: { variable }, frames: embedded } = embed(sample, releasedTransforms(sample.info));
  const shape = model.shape(sample.info, { samples: 2, frames: 1 });
  const size = embedded.length;
  const output = new Float32Array(2 * size);
  output.set(embedded);
  output.set(embedded.map((v) => v + 1), size);
  const points = hidden.length;
  // Hidden cells and padded channels come out of the network as zeros.
  const blanked = output.map((v, i) => {
    const channel = i % variable.names.length;
    const cell = Math.floor(i / variable.names.length) % points;
    return variable.mask[channel] && !hidden[cell] ? v : 0;
  });
  const frames = model.frames(blanked, shape, [sample, sample]);
  assert.deepEqual(frames.map((steps) => steps.map((fields) => fields.map((f) => f.length))), [
    [[points, 2 * points, 4 * points]],
    [[points, 2 * points, 4 * points]],
  ]);
  const [density, velocity, matrix] = frames[0]![0]!;
  density!.forEach((v, p) => {
    const want = hidden[p] ? 0 : sample.values[0]![p]!;
    assert.ok(Math.abs(v - want) <= 1e-6 * want, `cell ${p}: ${v}, wanted ${want}`);
  });
  const visible = (values: Float32Array, width: number) =>
    values.map((v, i) => hidden[Math.floor(i / width)] ? 0 : v);
  assert.deepEqual(velocity, visible(sample.values[1]!, 2));
  assert.deepEqual(matrix, visible(sample.values[2]!, 4));
  assert.ok(Math.abs(frames[1]![0]![0]![1]! / density![1]! - 10) < 1e-4);
  // As it was predicted where it was never seen.
  const none = model.frames(blanked, shape, [sample, sample], { transforms: { density: "zeros_like" } });
  assert.equal(none[0]![0]![0]![1], blanked[variable.names.length]);
});

Deno.test("shape() and inputs() refuse what the network can not take", async () => {
  const model = walrusModel({ ...CONFIG, includeD: [2] });
  const sample = await readSample(await madeWell(PLANE), { from: 0, length: 3 });
  const { info } = sample;
  const named = (name: string) => ({ ...info, fields: [{ name, order: 0, constant: false }] });
  assert.throws(() => model.shape(named("press"), { samples: 1 }), /no "press" .*did you mean pressure/);
  assert.throws(() => model.shape(info, { samples: 0 }), /0 samples, wanted a whole number/);
  assert.throws(
    () => model.shape(info, { samples: 1, transforms: { x: "log10" } }),
    /no field "x" to transform, it has pressure/,
  );
  const grid = (shape: number[]) => ({ ...info, grid: { ...info.grid, shape } });
  const refused = (shape: number[], treatment: GridTreatment, why: RegExp) =>
    assert.throws(() => model.shape(grid(shape), { samples: 1, grid: treatment }), why);
  refused([33, 32], "refuse", /Cannot cut axis 0 of grid 33 x 32/);
  refused([32, 1], "refuse", /no encoder for data with 1 axes/);
  refused([97, 96], "native", /no strides divide its 97 points into 16 to 48 tokens.*nearest .* is 96/);
  refused([7, 96], "auto", /Cannot resample axis 0 .* 7 points, wanted 1, or 8 to 4096/);
  refused([32, 32, 32], "auto", /no encoder for data with 3 axes/);
  const scattered = { ...info, grid: { ...info.grid, axes: ["n"], shape: [9] } };
  assert.throws(() => model.shape(scattered, { samples: 1 }), /has scattered points, wanted a grid/);
  const loss = (settings: Record<string, unknown>) => () =>
    model.shape(info, { samples: 1, training: { parts: 1, loss: settings } });
  assert.throws(loss({ multiplier: 0 }), /"multiplier" of the loss is 0, wanted a number above 0/);
  assert.throws(loss({ minimum_context: 0.5 }), /is 0\.5, wanted a whole number from 0/);
  const shape = model.shape(info, { samples: 1, frames: 3 });
  assert.throws(() => model.inputs([sample, sample], shape, null), /Got 2 samples, wanted 1/);
  const longer = model.shape(info, { samples: 1, frames: 5 });
  assert.throws(() => model.inputs([sample], longer, null), /Got samples of 3 frames, wanted 5/);
  const pair = model.shape(info, { samples: 2, frames: 3 });
  const moved = transformSample(sample, ROTATIONS[5]!);
  assert.throws(() => model.inputs([sample, moved], pair, null), /Samples of a batch differ/);
});

Deno.test("contextFrames(), fields(), examples() and tokens()", async () => {
  const model = walrusModel(CONFIG);
  const plane = await readSample(await madeWell(PLANE), { from: 0, length: 3 });
  const cube = await readSample(await madeWell(CUBE), { from: 0, length: 2 });
  assert.deepEqual([plane, cube].map(({ info }) => model.contextFrames(info).usual), [6, 3]);
  assert.equal(walrusModel({ ...CONFIG, contextFrames: 1 }).contextFrames(cube.info).usual, 1);
  const table = RELEASED_CONFIG.fields;
  const places = model.fields(plane.info, { pressure: 40, height: "A" });
  const atForty = Object.keys(table).find((name) => table[name] === 40)!;
  assert.deepEqual(places[0], { columns: [40], names: [atForty], learnt: false });
  assert.deepEqual(places[1], {
    columns: ["velocity_x", "velocity_y", "velocity_z"].map((name) => table[name]),
    names: ["velocity_x", "velocity_y"],
    learnt: true,
  });
  assert.deepEqual(places[3], { columns: [table.A], names: ["A"], learnt: true });
  assert.deepEqual(model.examples(4, 2), [[0, 1, 2], [1, 2, 3]]);
  assert.deepEqual(model.examples(2, 2), []);
  const shape = model.shape(plane.info, { samples: 2, frames: 3, draws: false });
  const tokens = gridOf(shape).map((axis) => axis.tokens).reduce((a, b) => a * b);
  assert.equal(model.tokens!(shape), 6 * tokens);
});

Deno.test("a mask of any name and polarity is the channel mask, and what only fills hidden cells is read as 0", async () => {
  const sample = await readSample(
    await madeWell({ ...PLANE, fields: [["pressure", 0], ["mask", 0, true]] }),
    {
      from: 0,
      length: 3,
    },
  );
  const model = walrusModel(CONFIG);
  const inputsOf = (own: Sample) => {
    const shape = model.shape(own.info, { samples: 1, frames: 3 });
    assert.equal(shape.constants, 1);
    assert.deepEqual(model.fields(own.info).map(({ columns }) => columns), [[3], [38]]);
    return model.inputs([own], shape, null);
  };
  const usual = inputsOf(sample);
  const [pressure, mask] = sample.values as [Float32Array, Float32Array];
  const [varying, constant] = sample.info.fields;
  const valid: Sample = {
    ...sample,
    info: { ...sample.info, fields: [varying!, { ...constant!, name: "valid", mask: "kept" }] },
    values: [pressure, mask.map((v) => 1 - v)],
  };
  assert.deepEqual(inputsOf(valid), usual);
  for (const fill of [NaN, -Infinity, 1e30, -9999]) {
    const filled = pressure.map((v, i) => sample.hidden![i % mask.length] ? fill : v);
    const window = inputsOf({ ...sample, values: [filled, mask] })["state/window"] as Float32Array;
    const wanted = pressure.map((v, i) => sample.hidden![i % mask.length] ? 0 : v);
    assert.deepEqual(window, wanted, `${fill}`);
  }
});
