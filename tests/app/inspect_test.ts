// The inspect command: what it says of data, checkpoints, configurations and bare arrays, and of a network's use of them.

import assert from "node:assert/strict";
import { inspect } from "../../app/inspect/command.ts";
import type {
  CheckpointReport,
  ConfigurationReport,
  ContentsReport,
  DataReport,
} from "../../app/inspect/report.ts";
import { writeWell } from "../../lib/data/write_well.ts";
import { writeNpy } from "../../lib/io/npy_writer.ts";
import { fixture, inRepository } from "../shared.ts";
import { inFolder, runCommand, runTask } from "./run_command.ts";

const NETWORK = fixture("golden/checkpoints/walrus.safetensors");
const GRAY_SCOTT = inRepository("examples/data/gray_scott_mini.hdf5");
const MAPPED = ["--checkpoint", NETWORK, "--map", "A=pressure", "--map", "B=velocity_x"];

/** The report of a run that ends well. */
async function reportOf<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await runCommand(inspect, [...args, "--json"]);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

/** A file of a line of 64 points, 8 frames, with fields of these names. */
async function writeLine(path: string, names: readonly string[]): Promise<void> {
  const file = await writeWell({
    dataset: "line",
    gridType: "cartesian",
    axes: [{ name: "x", coordinates: Float64Array.from({ length: 64 }, (_, i) => i) }, {
      name: "y",
      coordinates: Float64Array.from({ length: 64 }, (_, i) => i / 2),
    }],
    times: Float64Array.from({ length: 8 }, (_, i) => i),
    boundaries: [[2, 2], [0, 1]],
    fields: names.map((name, k) => ({
      name,
      order: 0,
      data: Float32Array.from({ length: 8 * 64 * 64 }, (_, i) => Math.sin(i + k)),
      constant: false,
    })),
  });
  await Deno.writeFile(path, file);
}

Deno.test("inspect tells fields, grid, times and what the shipped network does with them, as its task", async () => {
  const { code, out, err } = await runTask("inspect", "--backend", "wasm");
  assert.equal(code, 0, err);
  assert.match(out, /^data set +euler_quadrants_mini \(format well\)$/m);
  assert.match(out, /^shown +trajectory 0 of all: 16 frames, time 0 to 0\.225, every 0\.015$/m);
  assert.match(out, /^x +64 +0\.007813 to 0\.9922, every 0\.01563 +open$/m);
  assert.match(out, /^momentum +vector +varies +columns 33, 34, 35$/m);
  assert.match(out, /^network +walrus, 6 blocks of width 96:\s/m);
  assert.match(out, /^wasm +[\d.]+ MB +about [\d.]+ m?s +.*GFLOP\/s$/m);
  assert.ok(out.split("\n").every((line) => line.length <= 140));
});

Deno.test("inspect --json is the report, with memory and time of a step on each backend", async () => {
  const { trajectory, network, values, findings } = await reportOf<DataReport>(GRAY_SCOTT);
  assert.deepEqual(trajectory.fields.map(({ name, order }) => [name, order]), [["A", 0], ["B", 0]]);
  assert.deepEqual(trajectory.axes.map(({ points, boundary }) => [points, boundary]), [
    [64, ["periodic", "periodic"]],
    [64, ["periodic", "periodic"]],
  ]);
  assert.deepEqual([values, findings], [null, null]);
  assert.deepEqual(network!.fields.map(({ name, columns }) => [name, columns]), [["A", [42]], ["B", [43]]]);
  assert.equal(network!.tokens, 6 * 256);
  assert.deepEqual(network!.steps.map(({ backend }) => backend), ["wasm", "webgpu"]);
  const [wasm] = network!.steps;
  assert.equal(wasm!.problem, null);
  assert.ok(wasm!.weights! > 4e6 && wasm!.working! > 4e6 && wasm!.operations! > 3e9);
  assert.ok(Math.abs(wasm!.seconds! - wasm!.operations! / wasm!.rate!) < 1e-9);
});

Deno.test("inspect --values reads every number once", async () => {
  const { values } = await reportOf<DataReport>(
    fixture("samples-bad/12_nan_frame.hdf5"),
    "--values",
    "--backend",
    "wasm",
  );
  const [a, x] = values!;
  assert.deepEqual([a!.name, a!.count, a!.nan, a!.firstBad], ["A", 300, 30, "trajectory 0, frame 4"]);
  assert.deepEqual([x!.name, x!.count, x!.nan, x!.infinite, x!.firstBad], ["velocity_x", 300, 0, 0, null]);
  assert.ok(x!.least! <= x!.mean! && x!.mean! <= x!.most! && x!.deviation! > 0 && x!.changes);
});

Deno.test("inspect proposes near names for a typo and takes those that are given", () =>
  inFolder(async (folder) => {
    const file = `${folder}/line.hdf5`;
    await writeLine(file, ["temprature", "pressure"]);
    const typo = await reportOf<DataReport>(file, "--backend", "wasm");
    assert.deepEqual(typo.network!.fields[0]!.near, ["temperature"]);
    assert.match(typo.network!.refused!, /no "temprature"/);
    assert.deepEqual(typo.network!.steps, []);
    const { out } = await runCommand(inspect, [file, "--backend", "wasm"]);
    assert.match(out, /^temprature +scalar +varies +unknown, did you mean temperature\?$/m);
    assert.match(out, /^y +64 .* wall at the near side, open at the far side$/m);
    const mapped = await reportOf<DataReport>(
      file,
      "--backend",
      "wasm",
      "--map",
      "temprature=temperature",
      "--fields",
    );
    assert.equal(mapped.network!.refused, null);
    const table = mapped.network!.table!;
    assert.deepEqual(table.filter(({ field }) => field !== null).map(({ name, field }) => [name, field]), [
      ["pressure", "pressure"],
      ["temperature", "temprature"],
    ]);
    const wrong = await runCommand(inspect, [file, "--map", "presure=pressure"]);
    assert.deepEqual([wrong.code, wrong.err], [
      1,
      'error: --map presure=pressure: the data have no field "presure", did you mean "pressure"? They have ' +
      "temprature, pressure",
    ]);
  }));

Deno.test("inspect takes masks by their names and as --mask says, and leaves out what they hide", async () => {
  const file = fixture("cases/masked_nan.hdf5");
  const { trajectory, values } = await reportOf<DataReport>(file, "--values", "--backend", "wasm");
  assert.deepEqual(trajectory.hidden, { cells: 144, of: 1024 });
  assert.deepEqual(trajectory.fields.map(({ name, mask }) => [name, mask]), [
    ["A", null],
    ["B", null],
    ["mask", "hidden"],
  ]);
  assert.deepEqual(values!.map(({ name, nan, count }) => [name, nan, count]), [
    ["A", 0, 10 * 880],
    ["B", 0, 10 * 880],
    ["mask", 0, 1024],
  ]);
  const turned = await reportOf<DataReport>(file, "--mask", "mask=kept", "--values", "--backend", "wasm");
  assert.deepEqual(turned.trajectory.hidden, { cells: 880, of: 1024 });
  assert.ok(turned.values![0]!.nan > 0);
  const { out } = await runCommand(inspect, [file, "--mask", "mask=kept", "--backend", "wasm"]);
  assert.match(out, /^hidden +880 of 1024 cells, by mask$/m);
  assert.match(out, /^mask +mask, not 0 where kept +constant/m);
  const wrong = await runCommand(inspect, [file, "--mask", "A=hidden"]);
  assert.match(wrong.err, /^error: Cannot mask .* by "A": the field is no constant scalar/);
});

Deno.test("inspect --grid treats an unusual grid as forecast does", async () => {
  const file = fixture("cases/grid_96x48.hdf5");
  const { network } = await reportOf<DataReport>(file, "--backend", "wasm");
  assert.match(network!.grid[0]!, /^grid of 96 x 48 points: strides \(1, 3\) x \(2, 1\)/);
  const resampled = await reportOf<DataReport>(file, "--grid", "resample", "--backend", "wasm", "--time");
  assert.match(resampled.network!.grid[0]!, /96 points of axis 0 resampled to 128/);
  assert.deepEqual(resampled.network!.steps.map(({ problem, measured }) => [problem, measured]), [
    [null, true],
  ]);
  const refused = await runCommand(inspect, [file, "--grid", "refuse", "--check", "--backend", "wasm"]);
  assert.equal(refused.code, 1);
  assert.match(refused.out, /^fault +the network refuses the data: .*\n(?: .*\n)* +mend: --grid auto$/m);
});

Deno.test("inspect tells what the shipped network has learnt of data, and how far from it they are", async () => {
  const { network } = await reportOf<DataReport>(GRAY_SCOTT, "--backend", "wasm");
  assert.deepEqual([network!.seen!.split, network!.seen!.trajectories], ["train", 12]);
  assert.deepEqual(network!.fields.map(({ learnt }) => learnt), [true, true]);
  assert.deepEqual(network!.learntGrids, [[64, 64], [32, 32, 32]]);
  const form = ["--map", "log10_A=pressure", "--transform", "A=log10"];
  const mapped = await reportOf<DataReport>(GRAY_SCOTT, ...form, "--backend", "wasm");
  assert.deepEqual(mapped.network!.fields[0], {
    name: "A",
    transform: "log10",
    columns: [3],
    learnt: true,
    near: [],
  });
  const other = await runCommand(inspect, [
    fixture("cases/grid_96x48.hdf5"),
    ...["--map", "A=temperature", "--check", "--backend", "wasm"],
  ]);
  assert.equal(other.code, 0, other.err);
  assert.match(other.out, /^note +the network has not learnt field A$/m);
  assert.match(other.out, /^note +the network has learnt grids of 64 x 64, 32 x 32 x 32 points alone/m);
});

Deno.test("inspect --time runs a step", async () => {
  const { network } = await reportOf<DataReport>(GRAY_SCOTT, ...MAPPED, "--backend", "wasm", "--time");
  const [step] = network!.steps;
  assert.deepEqual([step!.problem, step!.measured, step!.rate], [null, true, null]);
  assert.ok(step!.seconds! > 0 && step!.seconds! < 60);
});

Deno.test("inspect tells tensors, network and training data of a checkpoint", async () => {
  const report = await reportOf<CheckpointReport>(NETWORK);
  assert.deepEqual([report.kind, report.format, report.tensors.length, report.refused], [
    "checkpoint",
    "safetensors",
    38,
    null,
  ]);
  const { network } = report;
  assert.deepEqual([network!.family, network!.parameters, network!.trainedOn], [
    "walrus",
    105_185,
    ["active_matter"],
  ]);
  assert.deepEqual(network!.table!.map(({ column, name }) => [column, name]), [
    [3, "pressure"],
    [4, "velocity_x"],
    [5, "velocity_y"],
    [6, "velocity_z"],
  ]);
  const text = await runCommand(inspect, [inRepository("examples/walrus_small"), "--tensors", "--fields"]);
  assert.equal(text.code, 0, text.err);
  assert.match(text.out, /^tensors +143: 143 f16; 4\.67 million numbers$/m);
  assert.match(text.out, /^f16 +96 +blocks\.0\./m);
  assert.match(text.out, /^ +28 +density$/m);
});

Deno.test("inspect tells what a network has learnt, field for field", async () => {
  const { network } = await reportOf<CheckpointReport>(inRepository("examples/walrus_small"));
  assert.deepEqual(network!.trainedOn, Object.keys(network!.learnt!.systems));
  assert.equal(network!.trainedOn.length, 7);
  const { out } = await runCommand(inspect, [inRepository("examples/walrus_small")]);
  assert.match(out, /^height +0\.3574 +1\.967 +shallow_water_mini$/m);
  const bare = await reportOf<ConfigurationReport>(fixture("golden/checkpoints/extended_config.yaml"));
  assert.deepEqual([bare.network.trainedOn, bare.network.learnt], [["active_matter"], null]);
});

Deno.test("inspect takes folders of distributed checkpoints, and says what was noticed", async () => {
  const config = ["--config", fixture("golden/checkpoints/extended_config.yaml")];
  const folder = fixture("cases/distcp");
  const report = await reportOf<CheckpointReport>(folder, ...config);
  assert.deepEqual([report.name, report.format, report.tensors.length], [folder, "distributed", 38]);
  assert.equal(report.network!.parameters, 105_185);
  const text = await runCommand(inspect, [fixture("cases/prefix_module.pt"), ...config, "--tensors"]);
  assert.match(text.out, /^notes +names of its tensors begin with "module\.", which was removed$/m);
  assert.match(text.out, /^f32 +1 +encoder_dummy$/m);
});

Deno.test("inspect --check finds weights that are not finite", async () => {
  const { code, out, err } = await runCommand(inspect, [
    fixture("golden/checkpoints/nan_weights.pt"),
    "--check",
  ]);
  assert.equal(code, 1);
  assert.match(out, /^fault +tensor \S+ has \d+ of \d+ numbers that are not finite$/m);
  assert.match(err, /^error: ".*nan_weights\.pt": tensor /);
});

Deno.test("inspect reads a configuration alone, and tells other YAML files apart", () =>
  inFolder(async (folder) => {
    const { kind, network } = await reportOf<ConfigurationReport>(
      inRepository("examples/walrus_small/extended_config.yaml"),
    );
    assert.deepEqual([kind, network.description], ["configuration", "6 blocks of width 96"]);
    await Deno.writeTextFile(`${folder}/stats.yaml`, "mean: {A: 1}\nstd: {A: 1}\n");
    await Deno.writeTextFile(`${folder}/other.yaml`, "a: 1\n");
    assert.match((await runCommand(inspect, [`${folder}/stats.yaml`])).err, /holds the statistics of data/);
    assert.match((await runCommand(inspect, [`${folder}/other.yaml`])).err, /it has a, wanted model/);
  }));

Deno.test("inspect lists the arrays of files that are no data yet", async () => {
  const { code, out, err } = await runCommand(inspect, [fixture("arrays/types.npz"), "--json"]);
  const { kind, format, arrays } = JSON.parse(out) as ContentsReport;
  assert.deepEqual([code, kind, format, arrays.length > 3], [1, "contents", "npz", true]);
  assert.match(err, /^error: Cannot open ".*types\.npz" as data: .* arrays\.yaml/);
  const hdf5 = await runCommand(inspect, [fixture("samples-bad/47_valid_hdf5_not_well.hdf5")]);
  assert.equal(hdf5.code, 1);
  assert.match(hdf5.out, /^32-bit float +2 x 4 x 8 +tensor$/m);
});

Deno.test("inspect opens a folder of arrays by its description, and a file by its URL", () =>
  inFolder(async (folder) => {
    const data = Float32Array.from({ length: 8 * 64 * 64 }, (_, i) => Math.cos(i));
    await Deno.writeFile(`${folder}/density.npy`, writeNpy({ shape: [8, 64, 64], data }));
    await Deno.writeTextFile(
      `${folder}/arrays.yaml`,
      "name: waves\ngrid: {axes: [x, y], spacing: 0.1}\nboundaries: {x: wall, y: periodic}\n" +
        "fields: {density: density.npy}\n",
    );
    for (const name of [folder, `${folder}/arrays.yaml`]) {
      const { format, dataset } = await reportOf<DataReport>(name, "--backend", "wasm");
      assert.deepEqual([format, dataset], ["arrays", "waves"]);
    }
    const body = await Deno.readFile(GRAY_SCOTT);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response(body),
    );
    const url = `http://127.0.0.1:${server.addr.port}/gray_scott.hdf5`;
    const { dataset } = await reportOf<DataReport>(url, "--backend", "wasm");
    assert.equal(dataset, "gray_scott_mini");
  }));

Deno.test("inspect names what it can not tell apart, and what is not there", () =>
  inFolder(async (folder) => {
    const nowhere = await runCommand(inspect, [`${folder}/none.hdf5`]);
    assert.deepEqual([nowhere.code, nowhere.err], [
      1,
      `error: Cannot open "${folder}/none.hdf5": there is no such file`,
    ]);
    await Deno.writeTextFile(`${folder}/notes`, "remember the milk");
    assert.match(
      (await runCommand(inspect, [`${folder}/notes`])).err,
      /^error: Cannot tell what ".*notes" is: its first bytes are "remember the mil", wanted data/,
    );
    await Deno.writeTextFile(`${folder}/a.pt`, "");
    await Deno.writeTextFile(`${folder}/b.pt`, "");
    assert.match((await runCommand(inspect, [folder])).err, /has 2 checkpoints, name one: a\.pt, b\.pt$/);
  }));
