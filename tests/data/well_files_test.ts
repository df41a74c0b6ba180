// Well files as other software writes them: odd number types, padded text, values as lists of one, tables of
// parameters. What is right stands in expected.json, computed by h5py.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { fixture } from "../shared.ts";

const expected = JSON.parse(await Deno.readTextFile(fixture("cases/expected.json")));

for (const name of ["bfloat16.hdf5", "int12.hdf5", "padded_strings.hdf5"]) {
  Deno.test(`openData() reads ${name} as h5py does`, async () => {
    const { field, trajectory, frame, at, values } = expected[name];
    using data = await openData(fixture(`cases/${name}`));
    const { info, values: read } = await (await data.split()).trajectory(trajectory).sample([frame]);
    const found = read[info.fields.findIndex((f) => f.name === field)]!;
    assert.deepEqual([...found.subarray(at, at + values.length)], values.map(Math.fround));
    assert.deepEqual(data.warnings, []);
  });
}

Deno.test("openData() reads a field behind the filter lzf as h5py does", async () => {
  using data = await openData(fixture("samples-bad/35_lzf_filter.hdf5"));
  const { values: [field] } = await (await data.split()).trajectory(0).sample([0]);
  const wanted = [-0.30388903617858887, 1.0649797916412354, -1.2649333477020264, -0.11479818820953369];
  assert.deepEqual([...field!.subarray(0, 4)], wanted);
});

Deno.test("openData() takes lists of one for values, and tables of names and numbers for parameters", async () => {
  using data = await openData(fixture("numbers/well.hdf5"));
  const { info, values } = await (await data.split()).trajectory(0).sample([1]);
  assert.equal(info.dataset, "lists of one");
  assert.deepEqual(info.scalars, { gamma: 1.5, cfl: 0.8, mach: 2, nu: 0.5 });
  assert.deepEqual([...values[0]!], [3, 4, 5]);
  assert.deepEqual(data.warnings.filter((line) => !line.includes("boundary_conditions")), []);
});
