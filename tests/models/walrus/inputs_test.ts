// Samples as the network's inputs: the arrays that windows gave, for every kind of data; rotations; and the way back.

import assert from "node:assert/strict";
import { determinant, ROTATIONS, transformWindow } from "../../../lib/data/augment.ts";
import type { Sample } from "../../../lib/data/dataset.ts";
import { globalScales, type Statistics } from "../../../lib/data/statistics.ts";
import type { Window } from "../../../lib/data/window.ts";
import type { FieldMap, Inputs, Model } from "../../../lib/models/model.ts";
import { turnSample } from "../../../lib/models/walrus/augment.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { jitterFeeds } from "../../../lib/models/walrus/geometry.ts";
import { drawShifts } from "../../../lib/models/walrus/jitter.ts";
import { slotFeeds } from "../../../lib/models/walrus/kv_cache.ts";
import { gridOf, type WalrusShape } from "../../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { PURPOSES, randomStream } from "../../../lib/random/philox.ts";
import { randomSource } from "../../../lib/random/random_source.ts";
import { makeBatch } from "../../../lib/train/batch.ts";
import { fixture, inRepository, shared } from "../../shared.ts";
import { type Made, madeWell, readBoth } from "./samples.ts";

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

/** The inputs of a micro-batch under the names that windows had them. */
function renamed({ "state/window": window, ...rest }: Inputs): Inputs {
  return { window: window!, ...rest };
}

/** Both ways agree in every array, and in the geometry. */
function compare(
  windows: readonly Window[],
  samples: readonly Sample[],
  config: WalrusConfig,
  statistics: Statistics | null = null,
  map: FieldMap = {},
): WalrusShape {
  const model: Model<WalrusShape> = walrusModel(config);
  const [seed, index] = [11, 7];
  const batch = makeBatch(windows, config, {
    seed,
    index,
    source: "test",
    fieldMap: map,
    ...(statistics ? { scales: globalScales(statistics, windows[0]!, config.epsilon) } : {}),
  });
  const { info, times } = samples[0]!;
  const frames = times.length - 1;
  const training = { parts: 1, loss: {} };
  const shape = model.shape(info, { samples: samples.length, frames, map, training });
  const random = randomSource(seed, index);
  const got = {
    ...renamed(model.inputs(samples, shape, statistics, { map })),
    ...model.stepInputs!(shape, { index, decoded: 0, lead: 1, random }),
  };
  assert.deepEqual(Object.keys(got).sort(), Object.keys(batch.feeds).sort());
  for (const [name, want] of Object.entries(batch.feeds)) {
    const own = (got as Inputs)[name]!;
    // Bit by bit; only what differs is shown by the slower comparison.
    if (own.length !== want.length || !want.every((v, i) => Object.is(v, own[i]))) {
      assert.deepEqual(own, want, name);
    }
    assert.equal(own.constructor, want.constructor, name);
  }
  assert.deepEqual(gridOf(shape), batch.geometry);
  const { boundaries: _, resampled: __, training: own, ...rest } = shape;
  assert.deepEqual({ ...rest, pathDrop: own!.pathDrop, fieldDrop: own!.fieldDrop }, batch.shape);
  assert.deepEqual(JSON.parse(JSON.stringify(shape)), shape);
  return shape;
}

Deno.test("inputs() and stepInputs() equal the micro-batch of windows", async () => {
  for (const made of [PLANE, LINE, MASKED, CUBE, SPHERE]) {
    const { window, sample } = await readBoth(await madeWell(made), { from: 0, length: made.steps });
    for (const changes of [{}, { jitter: false, dropPath: 0, inputFieldDrop: 0, blocks: 1 }]) {
      compare([window], [sample], { ...CONFIG, ...changes }, null, MAP);
    }
  }
  const other = await readBoth(await madeWell({ ...PLANE, seed: 40 }), { from: 1, length: 4 });
  const first = await readBoth(await madeWell(PLANE), { from: 0, length: 4 });
  const shape = compare([first.window, other.window], [first.sample, other.sample], CONFIG);
  assert.equal(shape.samples, 2);
});

Deno.test("inputs() of files equal those of windows", async () => {
  const files = [
    inRepository("examples/data/gray_scott_mini.hdf5"),
    inRepository("examples/data/euler_quadrants_mini.hdf5"),
    fixture("golden-data/tiny-2d/data/valid/tiny_2d.hdf5"),
  ];
  const maze = shared("samples/datasets/acoustic_maze_mini/data/valid/acoustic_maze_mini.hdf5");
  for (const file of maze ? [...files, maze] : files) {
    const { window, sample } = await readBoth(file, { from: 0, length: 4, stride: 1 });
    const names = [...window.channels, ...window.constantChannels];
    const fields = Object.fromEntries(
      [...Object.keys(RELEASED_CONFIG.fields), ...names].map((name, i) => [name, i]),
    );
    const sizes = window.shape.filter((n) => n > 1);
    if (sizes.some((n) => n % 32 !== 0)) {
      // Too small to be cut into tokens: what is read is the same all the same.
      const model = walrusModel({ ...CONFIG, fields });
      assert.throws(() => model.shape(sample.info, { samples: 1 }), /Cannot cut axis 0 of grid/);
      continue;
    }
    compare([window], [sample], { ...CONFIG, fields });
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
  const { window, sample } = await readBoth(await madeWell(PLANE), { from: 0, length: 4 });
  const config = { ...CONFIG, normalization: "global" } as const;
  compare([window], [sample], config, statistics);
  const model = walrusModel(config);
  const shape = model.shape(sample.info, { samples: 1, frames: 4 });
  assert.throws(() => model.inputs([sample], shape, null), /pass those of its stats\.yaml/);
  const { pressure: _, ...fewer } = all;
  assert.throws(
    () => model.inputs([sample], shape, { ...statistics, rms: fewer }),
    /stats\.yaml has no rms of field "pressure"/,
  );
});

Deno.test("turnSample() and inputs() equal turned windows, for all 24 rotations", async () => {
  for (const made of [PLANE, MASKED, CUBE, LINE]) {
    const { window, sample } = await readBoth(await madeWell(made), { from: 0, length: made.steps });
    assert.equal(ROTATIONS.length, 24);
    for (const symmetry of ROTATIONS) {
      assert.equal(determinant(symmetry), 1);
      compare([transformWindow(window, symmetry)], [turnSample(sample, symmetry)], CONFIG);
    }
  }
});

Deno.test("augment() turns a micro-batch by one draw after the strides, and only cartesian data", async () => {
  const model = walrusModel(CONFIG);
  const { sample } = await readBoth(await madeWell(PLANE), { from: 0, length: 3 });
  const random = randomSource(3, 9);
  const before = randomStream(3, 9, PURPOSES.augmentation);
  assert.equal(random.below("augmentation", 5), before.below(5));
  const turned = model.augment!([sample, sample], random);
  const symmetry = ROTATIONS[before.below(24)]!;
  assert.deepEqual(turned, [turnSample(sample, symmetry), turnSample(sample, symmetry)]);
  assert.equal(random.below("augmentation", 1000), before.below(1000));
  const { sample: round } = await readBoth(await madeWell(SPHERE), { from: 0, length: 2 });
  assert.deepEqual(model.augment!([round], random), [round]);
});

Deno.test("stepInputs() of a rollout draws the step's shifts, and slots of the KV cache", async () => {
  const model = walrusModel(CONFIG);
  const { sample } = await readBoth(await madeWell(PLANE), { from: 0, length: 3 });
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
  const { window, sample } = await readBoth(await madeWell(MASKED), { from: 0, length: 1 });
  const shape = model.shape(sample.info, { samples: 2, frames: 1 });
  const size = window.frames.length;
  const output = new Float32Array(2 * size);
  output.set(window.frames);
  output.set(window.frames.map((v) => v + 1), size);
  const points = window.shape[0] * window.shape[1];
  // Hidden cells and padded channels come out of the network as zeros.
  const blanked = output.map((v, i) => {
    const channel = i % window.channels.length;
    const cell = Math.floor(i / window.channels.length) % points;
    return window.channelMask[channel] && !window.hidden![cell] ? v : 0;
  });
  const frames = model.frames(blanked, shape, [sample, sample]);
  assert.deepEqual(frames.map((steps) => steps.map((fields) => fields.map((f) => f.length))), [
    [[points, 2 * points, 4 * points]],
    [[points, 2 * points, 4 * points]],
  ]);
  const [density, velocity, matrix] = frames[0]![0]!;
  density!.forEach((v, p) => {
    const want = window.hidden![p] ? 0 : sample.values[0]![p]!;
    assert.ok(Math.abs(v - want) <= 1e-6 * want, `cell ${p}: ${v}, wanted ${want}`);
  });
  const visible = (values: Float32Array, width: number) =>
    values.map((v, i) => window.hidden![Math.floor(i / width)] ? 0 : v);
  assert.deepEqual(velocity, visible(sample.values[1]!, 2));
  assert.deepEqual(matrix, visible(sample.values[2]!, 4));
  assert.ok(Math.abs(frames[1]![0]![0]![1]! / density![1]! - 10) < 1e-4);
  // As it was predicted where it was never seen.
  const none = model.frames(blanked, shape, [sample, sample], { transforms: { density: "zeros_like" } });
  assert.equal(none[0]![0]![0]![1], blanked[window.channels.length]);
});

Deno.test("shape() and inputs() refuse what the network can not take", async () => {
  const model = walrusModel({ ...CONFIG, includeD: [2] });
  const { sample } = await readBoth(await madeWell(PLANE), { from: 0, length: 3 });
  const { info } = sample;
  const named = (name: string) => ({ ...info, fields: [{ name, order: 0, constant: false }] });
  assert.throws(() => model.shape(named("press"), { samples: 1 }), /no "press" .*it has pressure/);
  assert.throws(() => model.shape(info, { samples: 0 }), /0 samples, wanted a whole number/);
  assert.throws(
    () => model.shape(info, { samples: 1, transforms: { x: "log10" } }),
    /no field "x" to transform, it has pressure/,
  );
  const grid = (shape: number[]) => ({ ...info, grid: { ...info.grid, shape } });
  assert.throws(() => model.shape(grid([33, 32]), { samples: 1 }), /Cannot cut axis 0 of grid 33 x 32/);
  assert.throws(() => model.shape(grid([32, 384]), { samples: 1 }), /periodic with 384 points/);
  assert.throws(() => model.shape(grid([32, 1]), { samples: 1 }), /no encoder for data with 1 axes/);
  const scattered = { ...info, grid: { ...info.grid, axes: ["n"], shape: [9] } };
  assert.throws(() => model.shape(scattered, { samples: 1 }), /has scattered points, wanted a grid/);
  const shape = model.shape(info, { samples: 1, frames: 3 });
  assert.throws(() => model.inputs([sample, sample], shape, null), /Got 2 samples, wanted 1/);
  const longer = model.shape(info, { samples: 1, frames: 5 });
  assert.throws(() => model.inputs([sample], longer, null), /Got samples of 3 frames, wanted 5/);
  const pair = model.shape(info, { samples: 2, frames: 3 });
  const moved = turnSample(sample, ROTATIONS[5]!);
  assert.throws(() => model.inputs([sample, moved], pair, null), /Samples of a batch differ/);
});

Deno.test("contextFrames(), fields(), examples() and tokens()", async () => {
  const model = walrusModel(CONFIG);
  const { sample: plane } = await readBoth(await madeWell(PLANE), { from: 0, length: 3 });
  const { sample: cube } = await readBoth(await madeWell(CUBE), { from: 0, length: 2 });
  assert.deepEqual([plane, cube].map(({ info }) => model.contextFrames(info).usual), [6, 3]);
  assert.equal(walrusModel({ ...CONFIG, contextFrames: 1 }).contextFrames(cube.info).usual, 1);
  const table = RELEASED_CONFIG.fields;
  const places = model.fields(plane.info, { pressure: 40, height: "A" });
  assert.deepEqual(places[0], { columns: [40], learnt: false });
  assert.deepEqual(places[1], {
    columns: ["velocity_x", "velocity_y", "velocity_z"].map((name) => table[name]),
    learnt: true,
  });
  assert.deepEqual(places[3], { columns: [table.A], learnt: true });
  assert.deepEqual(model.examples(4, 2), [[0, 1, 2], [1, 2, 3]]);
  assert.deepEqual(model.examples(2, 2), []);
  const shape = model.shape(plane.info, { samples: 2, frames: 3, draws: false });
  const tokens = gridOf(shape).map((axis) => axis.tokens).reduce((a, b) => a * b);
  assert.equal(model.tokens!(shape), 6 * tokens);
});
