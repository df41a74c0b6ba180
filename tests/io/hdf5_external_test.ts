// Numbers that a file says lie in other files: the library would look the names up among the files that are open in it.

import assert from "node:assert/strict";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { fixture } from "../shared.ts";

Deno.test("a dataset whose numbers lie in other files is refused, though such files are open", async () => {
  using others = await openHdf5(fixture("numbers/known.hdf5"));
  await others.keys("/");
  using file = await openHdf5(fixture("numbers/external.hdf5"));
  const names = await file.keys("/");
  assert.equal(names.length, 9);
  for (const name of names) {
    await assert.rejects(
      file.readFloat32(name),
      /Cannot open dataset ".*" of ".*": it lies in other files, which are not read/,
    );
  }
});
