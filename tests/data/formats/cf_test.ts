// What CF leaves to names and attributes: axes, vectors, trajectories, times, sides, hidden cells.

import assert from "node:assert/strict";
import { sidesOf } from "../../../lib/data/formats/cf/boundaries.ts";
import { cfRuns } from "../../../lib/data/formats/cf/run.ts";
import { timesOf } from "../../../lib/data/formats/cf/times.ts";
import type { CfAttributes, CfGroup, CfVariable } from "../../../lib/data/formats/cf/variable.ts";
import { groupVectors } from "../../../lib/data/formats/cf/vectors.ts";
import { readStored } from "../../../lib/data/formats/stored/stored_field.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { fixture } from "../../shared.ts";

/** A variable of sizes by the names of its dimensions; its numbers count, or are made from their index. */
function variable(
  sizes: Readonly<Record<string, number>>,
  attributes: CfAttributes = {},
  value: (index: readonly number[]) => number = (index) => index.reduce((n, i) => 10 * n + i, 0),
): Omit<CfVariable, "name"> {
  const shape = Object.values(sizes);
  return {
    dimensions: Object.keys(sizes),
    shape,
    attributes,
    fault: null,
    bits: 0,
    unwritten: null,
    read(start, count) {
      let boxes: number[][] = [[]];
      for (const [axis, from] of start.entries()) {
        boxes = boxes.flatMap((box) => Array.from({ length: count[axis]! }, (_, i) => [...box, from + i]));
      }
      return Promise.resolve(Float64Array.from(boxes, value));
    },
  };
}

function group(
  variables: Readonly<Record<string, Omit<CfVariable, "name">>>,
  attributes: CfAttributes = {},
): CfGroup {
  const entries = Object.entries(variables).map(([name, rest]) => [name, { ...rest, name }] as const);
  return { name: "", attributes, variables: new Map(entries), groups: [] };
}

/** Runs of a group, with what was warned of. */
async function runsOf(of: CfGroup) {
  const warnings: string[] = [];
  return { runs: await cfRuns(of, "file", { boundaries: { unstated: "open" } }, warnings), warnings };
}

/** A frame of a field. */
async function frame(
  { runs: [run] }: Awaited<ReturnType<typeof runsOf>>,
  name: string,
  index: number,
  first: number,
) {
  const field = run!.fields.find((each) => each.name === name)!;
  const points = run!.coordinates(index).map(({ length }) => length);
  return [...await readStored(field, { index, first, count: 1, space: run!.space, points })];
}

const candidates = (...names: string[]) => names.map((name) => ({ name, standardName: null, kind: "t" }));
const vectorsOf = (space: string, ...names: string[]) =>
  groupVectors(candidates(...names), space).filter(({ parts }) => parts.length > 1).map(({ name, parts }) =>
    `${name}: ${parts.join(" ")}`
  );

Deno.test("groupVectors() finds components by the names that people give them", () => {
  assert.deepEqual(vectorsOf("xy", "v", "u"), ["velocity: u v"]);
  assert.deepEqual(vectorsOf("xyz", "u", "v", "w"), ["velocity: u v w"]);
  assert.deepEqual(vectorsOf("xyz", "u", "v"), []);
  assert.deepEqual(vectorsOf("x", "u"), []);
  assert.deepEqual(vectorsOf("xz", "u", "v", "w"), ["velocity: u w"]);
  for (
    const [x, y] of [["vx", "vy"], ["Vx", "Vy"], ["velx", "vely"], ["vel_x", "vel_y"], [
      "x_velocity",
      "y_velocity",
    ]]
  ) {
    assert.deepEqual(vectorsOf("xy", x!, y!), [`velocity: ${x} ${y}`]);
  }
  assert.deepEqual(vectorsOf("xy", "u10", "v10", "Bx", "By", "momentum_x", "momentum_y"), [
    "velocity_10: u10 v10",
    "B: Bx By",
    "momentum: momentum_x momentum_y",
  ]);
  // Names that are taken, and pairs that are none.
  assert.deepEqual(vectorsOf("xy", "velocity", "u", "v"), ["velocity_u_v: u v"]);
  assert.deepEqual(vectorsOf("xy", "max", "may", "index", "p_x"), []);
});

Deno.test("groupVectors() goes by standard names first, and only puts together what is alike", () => {
  const named = (name: string, standardName: string, kind = "t") => ({ name, standardName, kind });
  assert.deepEqual(groupVectors([named("a", "northward_wind"), named("b", "eastward_wind")], "xy"), [
    { name: "velocity", parts: ["b", "a"] },
  ]);
  assert.deepEqual(
    groupVectors([named("a", "surface_downward_x_stress"), named("b", "surface_downward_y_stress")], "xy"),
    [{ name: "surface_downward_stress", parts: ["a", "b"] }],
  );
  assert.equal(
    groupVectors([named("u", "sea_water_x_velocity"), named("v", "sea_water_y_velocity", "")], "xy").length,
    2,
  );
});

Deno.test("axes in any order become x, y, z behind the frames, whatever names them", async () => {
  const opened = await runsOf(group({
    p: variable({ lat: 2, step: 3, east: 4 }),
    east: variable({ east: 4 }, { axis: "X" }, ([i]) => i! / 2),
  }));
  const [run] = opened.runs;
  assert.deepEqual([run!.space, run!.steps, [...run!.coordinates(0)[0]!], [...run!.coordinates(0)[1]!]], [
    "xy",
    3,
    [0, 0.5, 1, 1.5],
    [0, 1],
  ]);
  // [lat, step, east] of step 2.
  assert.deepEqual(await frame(opened, "p", 0, 2), [20, 120, 21, 121, 22, 122, 23, 123]);
});

Deno.test("members, samples and what else stands before the time are trajectories", async () => {
  for (const lead of ["member", "sample", "init_time", "anything"]) {
    const opened = await runsOf(group({
      p: variable({ [lead]: 2, time: 3, x: 2, y: 2 }),
      nu: variable({ [lead]: 2 }, {}, ([i]) => 7 + i!),
    }, { Re: [100], note: "text" }));
    assert.equal(opened.runs[0]!.trajectories, 2, lead);
    assert.deepEqual(await frame(opened, "p", 1, 2), [1200, 1201, 1210, 1211]);
    assert.deepEqual(opened.runs[0]!.scalars(1), { Re: 100, nu: 8 });
  }
});

Deno.test("a dimension of as many components as axes is a vector, others are scalars", async () => {
  const opened = await runsOf(group({
    flow: variable({ time: 2, y: 1, x: 2, component: 2 }),
    gas: variable({ time: 2, channel: 3, y: 1, x: 2 }),
    level: variable({ time: 2, height: 1, y: 1, x: 2 }),
  }));
  assert.deepEqual(opened.runs[0]!.fields.map(({ name, order }) => `${name} ${order}`), [
    "gas_0 0",
    "gas_1 0",
    "gas_2 0",
    "flow 1",
  ]);
  assert.deepEqual(await frame(opened, "flow", 0, 1), [1000, 1001, 1010, 1011]);
  assert.deepEqual(await frame(opened, "gas_2", 0, 1), [1200, 1201]);
  // One level is another grid as long as most lie without.
  assert.match(opened.warnings.join(), /"level" lies on another grid/);
});

Deno.test("cells that are missing in all frames are hidden, of each trajectory its own", async () => {
  const fill = { _FillValue: -1 };
  const p = variable(
    { member: 2, time: 20, y: 1, x: 3 },
    fill,
    ([n, t, , x]) => x === n || (t === 5 && x === 2) ? -1 : 1,
  );
  const { runs, warnings } = await runsOf(group({ p, mask: variable({ time: 20, y: 1, x: 3 }) }));
  assert.deepEqual(runs.map(({ trajectories }) => trajectories), [1, 1]);
  const hidden = await Promise.all(runs.map(async (run) => {
    const field = run.fields.at(-1)!;
    assert.deepEqual([field.name, field.mask, field.constant], ["missing", "hidden", true]);
    return [...await readStored(field, { index: 0, first: 0, count: 1, space: "xy", points: [3, 1] })];
  }));
  assert.deepEqual(hidden, [[1, 0, 0], [0, 1, 0]]);
  assert.match(warnings.join(), /missing in all of 16 frames, of 20, are taken as hidden/);
  // A cell that is there in the last frame alone is not hidden.
  const late = variable({ time: 3, y: 1, x: 2 }, fill, ([t, , x]) => x === 0 && t! < 2 ? -1 : 1);
  assert.deepEqual((await runsOf(group({ late }))).runs[0]!.fields.map(({ name }) => name), ["late"]);
});

Deno.test("sidesOf() closes circles of longitudes, takes what attributes say and what it is told", () => {
  const axis = (name: string, attributes: CfAttributes, ...values: number[]) => ({
    name,
    coordinate: { ...variable({ [name]: values.length }, attributes), name },
    values: Float64Array.from(values),
  });
  const east = { units: "degrees_east" };
  const warnings: string[] = [];
  const sides = (...axes: Parameters<typeof sidesOf>[1]) => sidesOf("file", axes, {}, warnings);
  assert.deepEqual(sides(axis("lon", east, 0, 90, 180, 270)), [["periodic", "periodic"]]);
  assert.deepEqual(sides(axis("x", { boundary: "WALL" }, 0, 1)), [["wall", "wall"]]);
  assert.deepEqual(sides(axis("x", { boundary: "wall, open" }, 0, 1)), [["wall", "open"]]);
  assert.deepEqual(warnings, []);
  assert.deepEqual(sides(axis("lon", east, 0, 10, 20)), [["open", "open"]]);
  assert.deepEqual(warnings.length, 1);
  const all = [axis("x", { boundary: "moebius" }, 0, 1), axis("y", {}, 0, 1)];
  assert.deepEqual(sidesOf("file", all, { moebius: "periodic", unstated: "wall" }, warnings), [
    ["periodic", "periodic"],
    ["wall", "wall"],
  ]);
  assert.deepEqual(warnings.length, 1);
});

Deno.test("timesOf() knows the units that files have", () => {
  const second = (units: string | null, calendar?: string) =>
    timesOf(Float64Array.of(1, 3), units, calendar)[1];
  const wanted: readonly (readonly [string | null, number, string?])[] = [
    ["seconds", 2],
    ["ms since 2000-01-01", 0.002],
    ["Hours since 1-1-1 0:0:0", 7200],
    ["weeks since 2000-01-01", 14 * 86_400],
    ["years since 2000-01-01", 2 * 365 * 86_400, "noleap"],
    ["common_years since 2000-01-01", 2 * 365 * 86_400, "standard"],
    ["months since 2000-01-01", 61 * 86_400, "all_leap"],
    ["1", 3],
    [null, 3],
  ];
  for (const [units, seconds, calendar] of wanted) {
    assert.equal(second(units, calendar), seconds, String(units));
  }
});

Deno.test("groups of a netCDF-4 file are splits, and see the coordinates of the root", async () => {
  using data = await openData(fixture("cf/groups.nc"));
  assert.deepEqual(data.splits, ["train", "test"]);
  const trajectory = (await data.split("train")).trajectory(0);
  assert.deepEqual([...trajectory.info.grid.coordinates[1]!], [0, 1, 2, 3]);
  // Big-endian: [y, x] = [1, 2] of frame 3.
  assert.equal((await trajectory.sample([3])).values[0]![2 * 4 + 1], 1000 + 3 * 24 + 6 + 2);
});
