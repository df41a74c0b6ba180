// Broken netCDF files, and such as are none of a simulation: each is refused in words that name it, what was found and
// what was wanted.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { memorySource } from "../../../lib/io/byte_source.ts";
import { fixture } from "../../shared.ts";
import { type Netcdf3Contents, type Netcdf3Written, writeNetcdf3 } from "./netcdf3_writer.ts";

const counting = (count: number) => Array.from({ length: count }, (_, i) => i);
const P: Netcdf3Written = { dimensions: ["time", "y", "x"], type: "float", data: counting(24) };
const GOOD: Netcdf3Contents = { dimensions: { time: 0, y: 3, x: 2 }, records: 4, variables: { p: P } };

/** The good file with other variables. */
function withVariables(variables: Netcdf3Contents["variables"]): Uint8Array<ArrayBuffer> {
  return writeNetcdf3({ ...GOOD, variables });
}

/** The good file with a coordinate. */
function withCoordinate(name: string, data: number[], attributes: Netcdf3Written["attributes"] = {}) {
  return withVariables({ p: P, [name]: { dimensions: [name], type: "double", data, attributes } });
}

/** The good file with a number of its header changed. */
function changed(at: number, value: number): Uint8Array<ArrayBuffer> {
  const file = writeNetcdf3(GOOD);
  new DataView(file.buffer).setUint32(at, value);
  return file;
}

const good = writeNetcdf3(GOOD);
const modern = await Deno.readFile(fixture("cf/flow3d.nc"));
const unnamed = await Deno.readFile(fixture("samples-bad/47_valid_hdf5_not_well.hdf5"));
const text = new TextEncoder();

/** Files by what is wrong with them, and words of the refusal. */
const BROKEN: Readonly<Record<string, readonly [Uint8Array, ...string[]]>> = {
  "cut off in the header": [good.slice(0, 60), "its header is cut off"],
  "cut off in the numbers": [good.slice(0, good.length - 9), 'variable "p" ends at byte', "it is cut off"],
  "of the 64-bit data format": [writeNetcdf3({ ...GOOD, version: 5 }), "CDF-5", "nccopy -k nc4"],
  "of a version that is none": [writeNetcdf3({ ...GOOD, version: 9 }), "of version 9, which is not read"],
  "with a list that is none": [changed(8, 7), "its header is damaged", "wrong tag for list of dimensions"],
  "with more records than it has": [changed(4, 99), 'variable "p" ends at byte', "it is cut off"],
  "with numbers of no type": [
    withVariables({ p: { ...P, saysType: 9 } }),
    'variable "p" is of an unknown type',
    "wanted byte, char, short",
  ],
  "with the record dimension last": [
    withVariables({ p: { ...P, dimensions: ["y", "x", "time"] } }),
    'variable "p" has the record dimension not first',
  ],
  "with a dimension that is not there": [
    withVariables({ p: { ...P, dimensions: ["time", "y", "w"] } }),
    "there are 3",
  ],
  "without frames": [
    withVariables({ p: { dimensions: ["y", "x"], type: "float", data: counting(6) } }),
    'it looks like data on a grid, but "p" (y = 3, x = 2)',
    "no frames: a dimension time",
  ],
  "without space": [
    withVariables({ p: { dimensions: ["time"], type: "float", data: counting(4) } }),
    'it looks like a series in time, but "p" (time = 4) has no axis of space',
  ],
  "with axes that nobody knows": [
    writeNetcdf3({
      dimensions: { time: 2, foo: 3, bar: 2 },
      variables: { p: { dimensions: ["time", "foo", "bar"], type: "float", data: counting(12) } },
    }),
    '"p" has dimension "foo", which is no axis that is known',
  ],
  "with text alone": [withVariables({ p: { ...P, type: "char" } }), '"p" holds text, wanted numbers'],
  "without a record": [writeNetcdf3({ ...GOOD, records: 0 }), 'it has 0 frames along "time", wanted 1 to'],
  "with a calendar of its own": [
    withCoordinate("time", [0, 1, 2, 3], { units: "days since 2000-01-01", calendar: "discordian" }),
    '"time": its calendar is "discordian", wanted standard, gregorian',
  ],
  "with times in a unit of its own": [
    withCoordinate("time", [0, 1, 2, 3], { units: "fortnights since 2000-01-01" }),
    '"time": its times are in "fortnights since 2000-01-01", wanted seconds',
  ],
  "with a time that is missing": [
    withCoordinate("time", [0, NaN, 2, 3], { units: "days since 2000-01-01" }),
    '"time": the time of frame 1 is NaN, wanted a number',
  ],
  "with a date that is none": [
    withCoordinate("time", [20000101, 20001301, 20000103, 20000104], { units: "day as %Y%m%d.%f" }),
    '"time": the time of frame 1 is 20001301, wanted a date of digits',
  ],
  "with a coordinate that is missing": [
    withCoordinate("x", [0, NaN]),
    'coordinate "x" is NaN at point 1, wanted a number',
  ],
  "with sides of a kind of their own": [
    withCoordinate("x", [0, 1], { boundary: "moebius" }),
    '"x" has the boundary "moebius", wanted wall, open or periodic',
  ],
  "netCDF-4, cut off": [modern.slice(0, modern.length - 100), "truncated"],
  "netCDF-4, of half its length": [modern.slice(0, modern.length >> 1), "truncated"],
  "HDF5 without dimension scales": [unnamed, "no dataset has dimension scales", "name the axes"],
  "a pointer of Git LFS": [
    text.encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    "Git LFS pointer",
  ],
  "empty": [new Uint8Array(0), "it is empty"],
};

for (const [what, [bytes, ...words]] of Object.entries(BROKEN)) {
  Deno.test(`a netCDF file ${what} is refused`, async () => {
    await assert.rejects(openData(memorySource(bytes, "broken.nc"), { format: "netcdf" }), (error: Error) => {
      assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error.stack));
      assert.ok(error.message.includes('"broken.nc"'), error.message);
      for (const word of words) assert.ok(error.message.includes(word), error.message);
      return true;
    });
  });
}

Deno.test("files that are odd are read with a warning", async () => {
  const warningsOf = async (bytes: Uint8Array, unstated?: "wall") => {
    using data = await openData(memorySource(bytes, "odd.nc"), unstated ? { boundaries: { unstated } } : {});
    return data.warnings.join("\n");
  };
  assert.match(
    await warningsOf(good),
    /"odd.nc" does not say what holds at the sides of x, y, taken as open; .*unstated=/,
  );
  assert.equal(await warningsOf(good, "wall"), "");
  assert.match(await warningsOf(withCoordinate("time", [0, 2, 1, 3])), /time stamps do not increase/);
  const { y, x } = { y: 3, x: 2 };
  const two = writeNetcdf3({
    dimensions: { time: 2, y, x, x_stag: 3 },
    variables: {
      p: { ...P, data: counting(12) },
      q: { ...P, data: counting(12) },
      u: { dimensions: ["time", "y", "x_stag"], type: "float", data: counting(18) },
    },
  });
  assert.match(await warningsOf(two), /left out: "u" lies on another grid \(time = 2, y = 3, x_stag = 3\)/);
});
