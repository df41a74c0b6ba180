// What the classic formats allow and the files of other libraries beside it do not have.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { memorySource } from "../../../lib/io/byte_source.ts";
import { openNetcdf3 } from "../../../lib/io/netcdf3.ts";
import { writeSparse } from "../large/waves.ts";
import { type Netcdf3Contents, placeNetcdf3, writeNetcdf3 } from "./netcdf3_writer.ts";

const counting = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

const TWO: Netcdf3Contents = {
  dimensions: { time: 0, y: 3, x: 2 },
  records: 4,
  attributes: { "größe": ["double", 2.5] },
  variables: {
    a: { dimensions: ["time", "y", "x"], type: "short", data: counting(24, -3) },
    b: { dimensions: ["time", "y"], type: "byte", data: counting(12, -6) },
    x: { dimensions: ["x"], type: "double", data: [0, 0.5] },
  },
};

Deno.test("openNetcdf3() reads boxes of records that lie between those of others", async () => {
  const file = await openNetcdf3(memorySource(writeNetcdf3(TWO), "two.nc"));
  assert.equal(file.attributes["größe"], 2.5);
  const [a, b, x] = file.variables;
  assert.deepEqual([...await a!.read([0, 0, 0], [4, 3, 2])], counting(24, -3));
  assert.deepEqual([...await a!.read([1, 1, 1], [2, 2, 1])], [6, 8, 12, 14]);
  assert.deepEqual([...await b!.read([0, 2], [4, 1])], [-4, -1, 2, 5]);
  assert.deepEqual([...await x!.read([0], [2])], [0, 0.5]);
  await assert.rejects(
    a!.read([0, 0, 0], [5, 3, 2]),
    /"two.nc": variable "a" has shape \[4,3,2\], wanted \[5,3,2\]/,
  );
});

Deno.test("openNetcdf3() knows that records of a single variable are not filled up, and counts those of an open file", async () => {
  const { b } = TWO.variables;
  const bytes = writeNetcdf3({ ...TWO, variables: { b: b! } });
  const open = async () => (await openNetcdf3(memorySource(bytes, "one.nc"))).variables[0]!;
  assert.deepEqual([...await (await open()).read([0, 0], [4, 3])], counting(12, -6));
  bytes.fill(255, 4, 8);
  assert.deepEqual((await open()).shape, [4, 3]);
});

Deno.test("variables beyond 4 GiB are read, of which the header's library wants to know nothing", async () => {
  const variables = Object.fromEntries(
    ["near", "p", "u", "v"].map((name, i) => [name, {
      dimensions: ["time", "y", "x"],
      type: "float" as const,
      data: counting(24, 100 * i),
    }]),
  );
  const path = await Deno.makeTempFile({ suffix: ".nc" });
  try {
    for (const gap of [5 * 2 ** 30, 2 ** 32 - 600]) {
      const { header, parts, length } = placeNetcdf3({ ...TWO, version: 2, variables, gap });
      writeSparse(path, length, [[0, header], ...parts]);
      using data = await openData(path);
      const { info, sample } = (await data.split()).trajectory(0);
      assert.deepEqual(info.fields.map(({ name }) => name), ["near", "p", "velocity"]);
      const { values } = await sample([1]);
      // [x, y] = [1, 2] of frame 1 is number 11.
      assert.deepEqual([values[0]![5], values[1]![5], ...values[2]!.subarray(10)], [11, 111, 211, 311]);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("unsigned numbers in signed types, ranges and unwritten numbers are taken as CF has them", async () => {
  const grid = ["time", "y", "x"];
  const frame = (...values: number[]) => [...values, ...values, ...values, ...values];
  const bytes = writeNetcdf3({
    ...TWO,
    variables: {
      a: {
        dimensions: grid,
        type: "byte",
        attributes: { _Unsigned: "true", scale_factor: ["float", 2], _FillValue: ["byte", -1] },
        data: frame(0, 1, -128, -2, 5, 6),
      },
      b: {
        dimensions: grid,
        type: "short",
        attributes: { valid_range: ["short", 0, 100], missing_value: "50" },
        data: frame(0, 101, 100, 7, -1, 50),
      },
      c: { dimensions: grid, type: "float", data: frame(1, 2, 9.969209968386869e36, 3, 4, 5) },
    },
  });
  using data = await openData(bytes);
  const { values, hidden, info } = await (await data.split()).trajectory(0).sample([3]);
  // In the order x, y.
  assert.deepEqual([...values[0]!], [0, 256, 10, 2, 508, 12]);
  assert.deepEqual([...values[1]!], [0, 100, NaN, NaN, 7, NaN]);
  assert.deepEqual([...values[2]!], [1, NaN, 4, 2, 3, 5]);
  // b says which numbers are missing, and they always are; c only lacks what was never written.
  assert.deepEqual([...hidden!], [0, 0, 1, 1, 0, 1]);
  assert.deepEqual(info.fields.at(-1), { name: "mask", order: 0, constant: true, mask: "hidden" });
});
