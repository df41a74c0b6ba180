// Set-up: what data are is said in sentences, fields are held against the network, files are sorted, refusals have
// the app's words, nothing starts by itself that costs the user anything.

import assert from "node:assert/strict";
import { openData } from "walrus";
import { openModel } from "walrus/models";
import { score } from "walrus/metrics";
import { scoresOf } from "../../pages/app/session/measure.ts";
import { frameNumbers, quantitiesOf } from "../../pages/app/session/scene_of.ts";
import { mayStart } from "../../pages/app/session/crash.ts";
import { boundaryQuestion, boundaryWords, unknownBoundary } from "../../pages/app/setup/boundaries.ts";
import { FIRST_SETTINGS } from "../../pages/app/setup/choice.ts";
import { dataMessage } from "../../pages/app/setup/data_messages.ts";
import { dataSentences, gridWarning, markWords, truthSteps } from "../../pages/app/setup/describe.ts";
import { sampleWithout, useOf } from "../../pages/app/setup/use.ts";
import { sortFiles } from "../../pages/app/setup/sort_files.ts";
import { fixture, inRepository } from "../shared.ts";

const EULER = inRepository("examples/data/euler_quadrants_mini.hdf5");

Deno.test("data are said in sentences", async () => {
  using data = await openData(EULER);
  const trajectory = (await data.split()).trajectory(0);
  const times = await trajectory.times();
  assert.deepEqual(dataSentences("flow.hdf5", trajectory, times, 1, 6, FIRST_SETTINGS), [
    "flow.hdf5: 64 x 64 points, 16 frames, time 0 to 0.225 (unit not given), 1 trajectory.",
    "x open, y open.",
    "Input: frames 0 to 5.",
    "Truth for 10 of 20 steps.",
  ]);
  assert.deepEqual([
    truthSteps(16, 6, 0, 1),
    truthSteps(16, 6, 10, 1),
    truthSteps(16, 6, 0, 2),
    truthSteps(4, 6, 0, 1),
  ], [
    10,
    0,
    2,
    0,
  ]);
});

Deno.test("fields are held against the network: learnt, unknown with near names, mapped, left out", async () => {
  using data = await openData(EULER);
  const { info, sample } = (await data.split()).trajectory(0);
  const input = await sample([0, 1]);
  const model = await openModel({ checkpoint: inRepository("examples/walrus_small/walrus.safetensors") });
  const marks = (rows: ReturnType<typeof useOf>["rows"]) => rows.map((row) => [row.name, markWords(row)]);
  const use = useOf(model, info, input, FIRST_SETTINGS);
  assert.deepEqual(
    marks(use.rows),
    ["density", "energy", "pressure", "momentum"].map((name) => [name, "learnt"]),
  );
  assert.deepEqual([use.refused, use.frames], [null, 6]);
  assert.ok(use.rows[0]!.range![0] > 0);

  const strange = {
    ...info,
    fields: info.fields.map((f) => f.name === "density" ? { ...f, name: "densty" } : f),
  };
  const odd = useOf(model, strange, null, FIRST_SETTINGS);
  assert.ok(odd.refused !== null);
  assert.equal(markWords(odd.rows[0]!), "not known: choose a name or leave it out");
  assert.ok(odd.rows[0]!.near.includes("density"), String(odd.rows[0]!.near));
  const mapped = useOf(model, strange, null, { ...FIRST_SETTINGS, map: { densty: "density" } });
  assert.deepEqual([mapped.refused, markWords(mapped.rows[0]!)], [null, "taken as density"]);
  const left = useOf(model, strange, null, { ...FIRST_SETTINGS, leftOut: ["densty"] });
  assert.deepEqual([left.refused, markWords(left.rows[0]!)], [null, "left out"]);
  const without = sampleWithout(input, ["density"]);
  assert.deepEqual([without.info.fields.length, without.values.length], [3, 3]);
});

Deno.test("a grid of a size that was never learnt is said", () => {
  const use = { learntGrids: [[64, 64], [32, 32, 32]] } as never;
  assert.equal(gridWarning(use, [64, 64]), null);
  assert.equal(gridWarning({ learntGrids: null } as never, [100, 60]), null);
  assert.equal(
    gridWarning(use, [100, 60]),
    "The network has learnt 64 x 64 points, these are 100 x 60 points: expect less of it.",
  );
  assert.equal(gridWarning(use, [64]), "The network has learnt no data in 1D.");
});

Deno.test("scores of the app are those of the library", async () => {
  using data = await openData(EULER);
  const { sample } = (await data.split()).trajectory(0);
  const [now, next] = [await sample([3]), await sample([4])];
  const names = quantitiesOf(now).map(({ key }) => key);
  assert.deepEqual(names, ["density", "energy", "pressure", "momentum_x", "momentum_y"]);
  const own = scoresOf(frameNumbers(now, 0), frameNumbers(next, 0), null);
  assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, own[i]])), score(now.values, next));
});

Deno.test("files are sorted into data and network, or refused in words", () => {
  const files = (...names: string[]) => names.map((name) => new File(["x"], name));
  const sorted = (...names: string[]) => {
    const { data, network, problem } = sortFiles(files(...names));
    return [data.map(({ name }) => name), network.map(({ name }) => name), problem];
  };
  assert.deepEqual(sorted("a.hdf5", "b.h5"), [["a.hdf5", "b.h5"], [], ""]);
  assert.deepEqual(sorted("a.npz", "arrays.yaml"), [["a.npz", "arrays.yaml"], [], ""]);
  assert.deepEqual(sorted("w.safetensors", "extended_config.yaml", "learnt.yaml", "a.hdf5"), [
    ["a.hdf5"],
    ["w.safetensors", "extended_config.yaml", "learnt.yaml"],
    "",
  ]);
  assert.deepEqual(sorted("ocean.nc", "flow.zarr.zip"), [["ocean.nc", "flow.zarr.zip"], [], ""]);
  assert.deepEqual(sorted("zarr.json", "0", "1"), [["zarr.json", "0", "1"], [], ""]);
  assert.match(sorted("notes.txt")[2] as string, /^notes.txt is no simulation/);
  assert.match(sorted("w.safetensors")[2] as string, /^w.safetensors needs the configuration/);
  assert.match(sorted("extended_config.yaml")[2] as string, /needs its checkpoint/);
});

Deno.test("refusals of data have the app's words", async () => {
  const words = (reason: string) => dataMessage("in.h5", reason).text;
  assert.equal(
    words('"t0_fields/density" is stored with the filter blosc, which'),
    "density is packed with blosc, unreadable here. Run h5repack -f GZIP=4 in.h5 out.h5",
  );
  assert.equal(words("something else"), "something else");
  const reason = await openData(new TextEncoder().encode("Hello")).catch((error: Error) => error.message);
  assert.match(words(String(reason)), /^in.h5 is no simulation that can be read here/);
});

Deno.test("a boundary that is not known is asked about, as both formats refuse it", async () => {
  const refusal = async (name: string) =>
    String(await openData(fixture(name)).catch((error: Error) => error.message));
  const found = unknownBoundary(await refusal("samples-bad/17_unknown_boundary_type.hdf5"))!;
  assert.equal(found.kind, "MOEBIUS");
  const taken: string[] = [];
  const { level, text, actions } = boundaryQuestion(
    { axes: "y", kind: "symmetry" },
    (own) => taken.push(own),
  );
  assert.deepEqual([level, text], ["bad", 'Axis y: boundary "symmetry" is not known. Treat as']);
  assert.deepEqual(actions.map(({ label }) => label), ["Wall", "Open", "Periodic"]);
  actions[0]!.run();
  assert.deepEqual(taken, ["wall"]);
  const arrays = (sides: string) =>
    unknownBoundary(
      `Cannot read "arrays.yaml": boundaries.y is ${sides}, wanted wall, open or periodic, or a list`,
    );
  assert.deepEqual(arrays('"symmetry"'), { axes: "y", kind: "symmetry" });
  assert.deepEqual(arrays('["wall","slip"]'), { axes: "y", kind: "slip" });
  assert.deepEqual([arrays("3"), arrays('"a,b"'), unknownBoundary("something else")], [null, null, null]);
  assert.equal(boundaryWords({}), null);
  assert.equal(boundaryWords({ symmetry: "wall" }), 'Boundary "symmetry" is treated as wall.');
});

Deno.test("nothing starts by itself that is large, on a slow line, or after a crash", () => {
  assert.ok(mayStart(9e6, undefined, null) && mayStart(9e6, { effectiveType: "4g" }, null));
  assert.ok(!mayStart(11e6, undefined, null) && !mayStart(null, undefined, null));
  assert.ok(!mayStart(9e6, { saveData: true }, null));
  for (const effectiveType of ["slow-2g", "2g", "3g"]) assert.ok(!mayStart(9e6, { effectiveType }, null));
  assert.ok(!mayStart(9e6, undefined, "Walrus small"));
});
