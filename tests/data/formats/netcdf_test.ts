// netCDF files of the libraries that others use, read as those libraries read them.

import assert from "node:assert/strict";
import { timesOf } from "../../../lib/data/formats/cf/times.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { fixture } from "../../shared.ts";
import { checkAgainst, RECORDED } from "./cf_fixtures.ts";

for (const name of ["classic.nc", "offset64.nc", "atmosphere.nc", "flow3d.nc", "members.nc"]) {
  Deno.test(`${name} is read as xarray reads it: values, times, missing cells, vectors, order of axes`, async () => {
    using data = await openData(fixture(`cf/${name}`));
    assert.equal(data.format, "netcdf");
    await checkAgainst(data, name);
  });
}

Deno.test("timesOf() counts the days of each calendar as cftime does", () => {
  for (const [calendar, { digits, seconds }] of Object.entries(RECORDED.calendars)) {
    const times = timesOf(Float64Array.from(digits), "day as %Y%m%d.%f", calendar);
    assert.deepEqual([...times], seconds, calendar);
  }
});
