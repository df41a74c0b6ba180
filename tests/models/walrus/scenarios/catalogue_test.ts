// The catalogue against the tables of the specification, which lie in the fixtures.

import assert from "node:assert/strict";
import { DOWNSTREAM } from "../../../../lib/models/walrus/scenarios/downstream.ts";
import { PRETRAINING } from "../../../../lib/models/walrus/scenarios/pretraining.ts";
import { columnsOf, scenarioOf, SCENARIOS } from "../../../../lib/models/walrus/scenarios/catalogue.ts";
import type { Scenario } from "../../../../lib/models/walrus/scenarios/scenario.ts";
import { releasedTransforms } from "../../../../lib/models/walrus/transforms.ts";
import { fixture, sharedTest } from "../../../shared.ts";

/** Cells of a row. */
type Row = [string, string, string, string, string, string, string, string];

/** Rows of a table without its head; `same` stands for the cell above. */
async function rowsOf(name: string): Promise<Row[]> {
  const text = await Deno.readTextFile(fixture(`scenarios/${name}.md`));
  const rows = text.trim().split("\n").slice(2).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  return rows.map((row, r) => row.map((cell, c) => cell === "same" ? cellAbove(rows, r, c) : cell) as Row);
}

function cellAbove(rows: readonly string[][], row: number, column: number): string {
  for (let r = row - 1; r >= 0; r--) if (rows[r]![column] !== "same") return rows[r]![column]!;
  throw new Error("nothing above");
}

/** Points of a resolution: `256 x 256`, `64^3`. */
function gridOf(resolution: string): number[] {
  const [base, power] = resolution.split("^").map(Number);
  return power ? Array<number>(power).fill(base!) : resolution.split(" x ").map(Number);
}

function checkCounts(
  scenario: Scenario,
  dims: string,
  resolution: string,
  frames: string,
  runs: string,
): void {
  const { name, grid } = scenario;
  assert.deepEqual(grid, gridOf(resolution.replace(/ *\(.*\)| log-.*| sph.*/, "")), name);
  assert.equal(grid.length, Number(dims[0]), name);
  assert.equal(scenario.axes.length, grid.length, name);
  assert.deepEqual(
    scenario.frames,
    frames.replace(/\s*\(.*\)/, "").split(" or ").map((n) => Number(n.replace(/ /g, ""))),
    name,
  );
  assert.equal(scenario.trajectories, Number(/^[\d ]+/.exec(runs)![0].replace(/ /g, "")), name);
}

/** Names of fields of a cell: those outside brackets vary, those inside are constant. */
function fieldsOf(cell: string): { varying: string[]; constant: string[] } {
  const bracket = /\[(.*)\]/.exec(cell)?.[1] ?? "";
  const names = (text: string) =>
    text.replace(/\(.*?\)|probably/g, "").split(",").map((name) => name.trim()).filter(Boolean);
  return { varying: names(cell.replace(/\[.*\]/, "")), constant: names(bracket) };
}

Deno.test("the nineteen data sets of pretraining are those of the specification's table", async () => {
  const rows = await rowsOf("pretraining");
  assert.equal(rows.length, 19);
  assert.equal(PRETRAINING.length, 19);
  for (const [i, [name, dims, resolution, frames, runs, fields, , notes]] of rows.entries()) {
    const scenario = PRETRAINING[i]!;
    if (!name!.startsWith("flowbench")) assert.equal(scenario.name, name);
    checkCounts(scenario, dims!, resolution!, frames!, runs!);
    const { varying, constant } = fieldsOf(fields!);
    const own = (still: boolean) =>
      scenario.fields.filter((field) => field.constant === still).map((field) => field.name);
    assert.deepEqual(own(false).toSorted(), varying.toSorted(), name);
    assert.deepEqual(own(true).toSorted(), constant.toSorted(), name);
    assert.equal(/zeros_like/.test(notes!), Object.values(scenario.transforms).includes("zeros_like"), name);
    assert.equal(/log10/.test(notes!), Object.values(scenario.transforms).includes("log10"), name);
    const is3D = dims === "3D";
    assert.deepEqual([scenario.context, scenario.batch], is3D ? [3, 1] : [6, 2], name);
  }
});

Deno.test("sides are those of the specification's table, word by word", async () => {
  const wanted: Readonly<Record<string, readonly string[] | null>> = {
    "open in one axis, wall in the other": ["wall", "open"],
    "periodic": ["periodic"],
    "open": ["open"],
    "open, body wall": ["open"],
    "sphere": null,
    "periodic x, wall y": ["periodic", "wall"],
    "periodic x, open y": ["periodic", "open"],
    "inflow/outflow open, walls": ["open", "wall"],
    "periodic sides, wall top and bottom": ["periodic", "periodic", "wall"],
    "periodic x, y, open z": ["periodic", "periodic", "open"],
  };
  for (const [i, row] of (await rowsOf("pretraining")).entries()) {
    const { name, boundaries } = PRETRAINING[i]!;
    const words = row[6]!;
    assert.ok(Object.hasOwn(wanted, words), `${name}: ${words}`);
    const each = boundaries?.map(([low, high]) => (assert.equal(low, high), low)) ?? null;
    const list = wanted[words];
    assert.deepEqual(each, list?.length === 1 ? each!.map(() => list[0]) : list, name);
  }
});

Deno.test("the eight downstream tasks are those of the specification's table", async () => {
  const rows = await rowsOf("downstream");
  assert.equal(rows.length, 8);
  assert.equal(DOWNSTREAM.length, 8);
  for (const [i, [task, source, dims, resolution, frames, runs]] of rows.entries()) {
    const scenario = DOWNSTREAM[i]!;
    assert.equal(scenario.collection, source!.replace(/ [\d.]+$/, ""), task);
    checkCounts(scenario, dims!.slice(0, 2), resolution!, frames!, runs!);
    assert.equal(scenario.system, /log-spherical|spherical/.exec(dims!)?.[0] ?? "cartesian", task);
    assert.deepEqual(scenario.strides, [1, 1], task);
  }
});

Deno.test("names are distinct, sources are said, transforms are those that the network applies", () => {
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, 27);
  for (const scenario of SCENARIOS) {
    const { name, fields, page, transforms, quirks, grid, boundaries } = scenario;
    assert.match(page, /^https:\/\//, name);
    for (const { source } of quirks) assert.match(source, /^spec\/|^page$|repository/, name);
    assert.ok(boundaries === null || boundaries.length === grid.length, name);
    const applied = releasedTransforms({ dataset: name, fields });
    const known = Object.entries(transforms).filter(([field]) => fields.some((f) => f.name === field));
    assert.deepEqual(applied, Object.fromEntries(known), name);
  }
});

Deno.test("every field of pretraining has its columns; a name stands for its variants", () => {
  for (const scenario of PRETRAINING) {
    for (const field of scenario.fields) {
      for (const { component, column } of columnsOf(scenario, field)) {
        assert.notEqual(column, null, `${scenario.name}: ${component}`);
      }
    }
  }
  const planet = scenarioOf("planetswe")!;
  assert.deepEqual(columnsOf(planet, planet.fields[1]!).map(({ component }) => component), [
    "velocity_theta",
    "velocity_phi",
  ]);
  assert.equal(scenarioOf("shear_flow_mini")?.name, "shear_flow");
  assert.equal(scenarioOf("shear"), null);
});

sharedTest("the fixtures hold the specification's tables", "spec/data.md", async (path) => {
  const text = await Deno.readTextFile(path);
  for (const name of ["pretraining", "downstream"]) {
    assert.ok(text.includes(await Deno.readTextFile(fixture(`scenarios/${name}.md`))), name);
  }
});
