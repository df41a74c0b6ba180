// Files that are taken away hold the numbers that are shown.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { fileScene } from "../../pages/app/take/contents.ts";
import { hdf5File } from "../../pages/app/take/hdf5.ts";
import { npzFile } from "../../pages/app/take/npz.ts";
import { pictureSteps } from "../../pages/app/take/scene_figure.ts";
import { scoresCsv } from "../../pages/app/take/scores.ts";
import { makeScene } from "./scenes.ts";

const scene = makeScene({ shape: [8, 6], planned: 4, computed: 3, truth: 2, members: 3, hidden: true });

Deno.test("the archive has every track's frames, times, coordinates, hidden cells and provenance", async () => {
  const bytes = npzFile(fileScene(scene));
  // As a zip archive begins, and ends.
  assert.deepEqual([...bytes.subarray(0, 4)], [0x50, 0x4b, 3, 4]);
  const archive = await openNpz(memorySource(bytes, "waves.npz"));
  const names: readonly string[] = archive.arrays;
  for (const track of ["truth", "forecast", "mean", "spread", "member_2", "member_3"]) {
    assert.ok(names.includes(`${track}_A`), `${track} of ${names}`);
  }
  const read = async (name: string) => {
    const array = await archive.open(name);
    return await array.readFloat32(0, array.shape.reduce((n, size) => n * size, 1));
  };
  const forecast = await read("forecast_A");
  scene.a.frames.forEach((frame, i) => {
    assert.deepEqual(forecast.subarray(48 * i, 48 * (i + 1)), frame![0]);
  });
  const truth = await read("truth_A");
  assert.deepEqual(truth.subarray(0, 48), scene.truth.frames[6]![0]);
  // No truth of the third step.
  assert.ok(truth.subarray(96).every(Number.isNaN));
  assert.deepEqual([...await read("time")], [0.3, 0.35, 0.4].map(Math.fround));
  assert.deepEqual([...await read("hidden")], [...scene.hidden!]);
  const provenance = JSON.parse(String.fromCharCode(...await read("provenance")));
  assert.equal(provenance.model, "Walrus small");
  assert.equal(provenance.units, '{"A":"not given","B":"m/s"}');
});

Deno.test("the HDF5 file is data of the same kind, with all that says how it was made", async () => {
  const bytes = await hdf5File(fileScene(scene));
  using data = await openData(new File([bytes], "waves.hdf5"));
  assert.equal(data.name, "waves_forecast");
  const trajectory = (await data.split()).trajectory(0);
  const { info, values, times, hidden } = await trajectory.sample([0, 1, 2]);
  const names = info.fields.map(({ name }) => name);
  assert.deepEqual(names.filter((name) => !name.startsWith("m")).sort(), [
    "A",
    "B",
    "spread_A",
    "spread_B",
    "truth_A",
    "truth_B",
  ]);
  assert.deepEqual(values[names.indexOf("A")]!.subarray(0, 48), scene.a.frames[0]![0]);
  assert.deepEqual([...times].map((t) => t.toFixed(2)), ["0.30", "0.35", "0.40"]);
  assert.deepEqual(info.boundaries, [["periodic", "periodic"], ["periodic", "periodic"]]);
  assert.deepEqual(hidden, scene.hidden);
});

Deno.test("parts of a vector are one field of the file", async () => {
  const quantities = ["v_x", "v_y"].map((key) => ({ ...scene.quantities[0]!, key, field: "v" }));
  const contents = fileScene({
    ...makeScene({ shape: [4, 3], computed: 1, planned: 1, truth: 0 }),
    quantities,
  });
  using data = await openData(new File([await hdf5File(contents)], "v.hdf5"));
  const { info, values } = await (await data.split()).trajectory(0).sample([0]);
  assert.deepEqual(info.fields.map(({ name, order }) => [name, order]), [["v", 1]]);
  assert.deepEqual([...values[0]!.subarray(0, 2)], contents.arrays.map(({ data }) => data[0]));
});

Deno.test("scores are a row a step and a column a quantity of each forecast", () => {
  const [head, first, , third] = scoresCsv(makeScene({ computed: 3, truth: 2 })).split("\r\n");
  assert.equal(head, "step,time,vrmse A forecast,vrmse B forecast,vrmse A persistence,vrmse B persistence");
  assert.match(first!, /^1,0\.3\d*,0\.012,/);
  assert.match(third!, /^3,0\.4\d*,,,,$/);
});

Deno.test("a picture has the first, the last and two steps between", () => {
  assert.deepEqual(pictureSteps(20), [1, 7, 14, 20]);
  assert.deepEqual(pictureSteps(2), [1, 2]);
  assert.deepEqual(pictureSteps(1), [1]);
});
