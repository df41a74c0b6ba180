// inspect --check: every broken fixture is named with what would mend it; faults of data that can be read are found.

import assert from "node:assert/strict";
import { checkData } from "../../app/inspect/check.ts";
import { inspect } from "../../app/inspect/command.ts";
import { rangeOf } from "../../app/inspect/data.ts";
import { mendOf } from "../../app/inspect/mends.ts";
import type {
  ComponentValues,
  DataReport,
  Finding,
  TrajectoryReport,
  UseReport,
} from "../../app/inspect/report.ts";
import { fixture } from "../shared.ts";
import { runCommand } from "./run_command.ts";

/** Files that are read, though something about them may be odd. */
const READABLE = /^(?:00|03|04|06|12|13|15|20|25|26|27|29|30|31|35|48|49)_/;

async function findingsOf(path: string): Promise<readonly Finding[]> {
  const { out } = await runCommand(inspect, [fixture(path), "--check", "--json", "--backend", "wasm"]);
  return (JSON.parse(out) as DataReport).findings!;
}

Deno.test("every file that can not be read has a fatal fault, and every fatal fault a mend", async () => {
  const names = [...Deno.readDirSync(fixture("samples-bad"))].map(({ name }) => name).sort();
  const broken = names.filter((name) => name.endsWith(".hdf5") && !READABLE.test(name));
  assert.ok(broken.length > 25);
  for (const name of broken) {
    const fatal = (await findingsOf(`samples-bad/${name}`)).filter(({ level }) => level === "fatal");
    assert.ok(fatal.length > 0, name);
    for (const { what, mend } of fatal) assert.ok(mend, `${name}: no mend for: ${what}`);
  }
});

Deno.test("faults of one file do not hide each other", async () => {
  const fatal = (await findingsOf("samples-bad/11_n_trajectories_too_large.hdf5"))
    .filter(({ level }) => level === "fatal");
  assert.deepEqual(fatal.map(({ what }) => /"(.*?)"/.exec(what)![1]), ["t0_fields/A", "t1_fields/velocity"]);
  assert.match(fatal[0]!.mend!, /^file\.attrs\["n_trajectories"\] = 1, or /);
});

Deno.test("what is odd in readable files is found", async () => {
  const wanted: Record<string, RegExp> = {
    "03_missing_boundary_group": /^it has no group "boundary_conditions": all sides are taken as open$/,
    "06_field_present_but_unlisted": /^dataset "t0_fields\/extra" is not in field_names/,
    "12_nan_frame": /^A has 30 NaN of 300 numbers, the first in trajectory 0, frame 4$/,
    "13_inf_value": /has 1 infinite of \d+ numbers/,
    "15_too_short_for_window": /^it has 3 frames, a forecast starts from 6$/,
    "20_unknown_grid_type": /^grid_type is "hexagonal"/,
    "25_integer_field": /^field "t0_fields\/A" holds whole numbers/,
    "29_non_monotonic_time": /^the time stamps do not increase$/,
    "30_constant_field": /never changes in time$/,
    "31_huge_values": /its squares overflow in float32$/,
  };
  for (const [name, pattern] of Object.entries(wanted)) {
    const found = await findingsOf(`samples-bad/${name}.hdf5`);
    assert.ok(found.some(({ what }) => pattern.test(what)), `${name}: ${found.map(({ what }) => what)}`);
  }
});

/** Data without a fault. */
const TRAJECTORY: TrajectoryReport = {
  split: "all",
  index: 0,
  steps: 20,
  time: { first: 0, last: 19, step: 1 },
  system: "cartesian",
  axes: [{
    name: "x",
    points: 64,
    coordinates: { first: 0, last: 63, step: 1 },
    boundary: ["periodic", "periodic"],
  }],
  fields: [{ name: "A", order: 0, constant: false, components: ["A"], mask: null }],
  scalars: {},
  hidden: null,
};
/** The same with a mask. */
const MASKED: TrajectoryReport["fields"] = [
  ...TRAJECTORY.fields,
  { name: "fluid", order: 0, constant: true, components: ["fluid"], mask: "kept" },
];
const VALUES: ComponentValues = {
  name: "A",
  count: 1280,
  nan: 0,
  infinite: 0,
  firstBad: null,
  least: -1,
  most: 1,
  mean: 0.5,
  deviation: 0.5,
  changes: true,
};
const USE: UseReport = {
  name: "network",
  family: "toy",
  description: "small",
  frames: { usual: 6, least: 1, most: null },
  fields: [{ name: "A", columns: [3], learnt: true, transform: null, near: [] }],
  treatment: "auto",
  grid: [],
  seen: null,
  learntGrids: null,
  tokens: 64,
  refused: null,
  steps: [],
  table: null,
};

/** What is found in data that differ in one thing. */
function found(
  trajectory: Partial<TrajectoryReport>,
  values: Partial<ComponentValues> = {},
  network: Partial<UseReport> = {},
): string[] {
  return checkData({
    trajectory: { ...TRAJECTORY, ...trajectory },
    values: [{ ...VALUES, ...values }],
    network: { ...USE, ...network },
  }).map(({ level, what }) => `${level}: ${what}`);
}

Deno.test("checkData() finds nothing in good data, and one thing where one is wrong", () => {
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({}, {}, { learntGrids: [[64]] }), []);
  const axis = TRAJECTORY.axes[0]!;
  const cases: (readonly [string[], RegExp])[] = [
    [found({ fields: MASKED, hidden: { cells: 0, of: 64 } }), /^note: fluid hides no cell$/],
    [found({ fields: MASKED, hidden: { cells: 64, of: 64 } }), /^fault: fluid hides every cell$/],
    [
      found({
        fields: [...TRAJECTORY.fields, { ...MASKED[1]!, name: "Mask", mask: null }],
      }),
      /^note: field Mask is not used as a mask/,
    ],
    [found({ time: { first: 0, last: 19, step: null } }), /^note: frames are not evenly spaced/],
    [found({ time: { first: NaN, last: 19, step: null } }), /^fault: time goes from NaN to 19$/],
    [found({ time: { first: 19, last: 0, step: -1 } }), /^fault: the time stamps do not increase$/],
    [
      found({ axes: [{ ...axis, coordinates: { first: 0, last: 63, step: null } }] }),
      /^note: axis x is not evenly/,
    ],
    [
      found({ axes: [{ ...axis, boundary: ["periodic", "wall"] }] }),
      /^fault: axis x is periodic on the near side and wall on the far side$/,
    ],
    [found({ steps: 4 }), /^fault: it has 4 frames, a forecast starts from 6$/],
    [found({ steps: 6 }), /^note: it has 6 frames, none is left/],
    [
      found({}, { mean: 101_325, deviation: 0.02, least: 101_324, most: 101_326 }),
      /^note: A varies by 2\.0e-2/,
    ],
    [found({}, { least: -1e-22, most: 1e-22, mean: 0, deviation: 1e-23 }), /^note: A stays below 1\.0e-22/],
    [
      found({}, {}, { fields: [{ ...USE.fields[0]!, learnt: false }] }),
      /^note: the network has not learnt field A$/,
    ],
    [
      found({ fields: MASKED }, {}, { fields: [{ ...USE.fields[0]!, name: "fluid", learnt: false }] }),
      /^note: the network has not learnt masks$/,
    ],
    [
      found({}, {}, { learntGrids: [[32], [64, 128]] }),
      /^note: the network has learnt grids of 32, 64 x 128 points alone, the data have 64$/,
    ],
    [found({}, {}, { refused: "too many points" }), /^fault: the network refuses the data: too many points$/],
  ];
  for (const [list, pattern] of cases) {
    assert.equal(list.length, 1, `${pattern}: ${list}`);
    assert.match(list[0]!, pattern);
  }
});

Deno.test("rangeOf() tells even steps from others", () => {
  assert.deepEqual(rangeOf(Float64Array.of(0, 0.5, 1)), { first: 0, last: 1, step: 0.5 });
  assert.deepEqual(rangeOf(Float64Array.of(0, 1, 4)), { first: 0, last: 4, step: null });
  assert.deepEqual(rangeOf(Float64Array.of(2)), { first: 2, last: 2, step: null });
  const single = Float64Array.from(Float32Array.from({ length: 1000 }, (_, i) => i / 1000));
  assert.ok(Math.abs(rangeOf(single).step! - 0.001) < 1e-9);
});

Deno.test("mendOf() tells shapes whose axes are exchanged from others", () => {
  assert.match(
    mendOf('field "t0_fields/A" has shape [1, 10, 5, 6], wanted [1, 10, 6, 5]')!,
    /^exchange the axes/,
  );
  assert.match(
    mendOf('field "t1_fields/v" has shape [1, 10, 6, 5, 3], wanted [1, 10, 6, 5, 2]')!,
    /with 2 components/,
  );
  assert.match(
    mendOf('field "t0_fields/A" has shape [10, 6, 5], wanted [1, 10, 6, 5]')!,
    /set its flags so$/,
  );
  assert.equal(mendOf("the stars are wrong"), null);
});
