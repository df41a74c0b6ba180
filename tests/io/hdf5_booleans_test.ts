// Booleans that are written are what h5py calls booleans: the library reads them as enumerations of FALSE and TRUE.

import assert from "node:assert/strict";
import { hdf5Library } from "../../lib/io/hdf5_library.ts";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";

interface Read {
  readonly attrs: Readonly<
    Record<
      string,
      { readonly value: unknown; readonly metadata: { type: number; enum_type?: { members: object } } }
    >
  >;
}

Deno.test("writeHdf5() writes booleans as enumerations of FALSE and TRUE, whatever is beside them", async () => {
  const flags = { yes: true, no: false, several: [true, false, true], name: "FALSE, TRUE", count: 3 };
  const bytes = await writeHdf5({
    attributes: flags,
    groups: { inner: { attributes: { flag: true } } },
    datasets: { numbers: { shape: [2], data: Float64Array.of(1, 2), attributes: { flag: false } } },
  });
  const { FS } = (await hdf5Library()).module as unknown as {
    FS: { writeFile(path: string, bytes: Uint8Array): void; unlink(path: string): void };
  };
  const { File } = await import("h5wasm");
  FS.writeFile("/booleans.h5", bytes);
  const file = new File("/booleans.h5", "r");
  try {
    const of = (path: string) => (file.get(path) as unknown as Read).attrs;
    const root = of("/");
    for (const attribute of [root.yes!, root.no!, root.several!, of("/inner").flag!, of("/numbers").flag!]) {
      assert.deepEqual({ ...attribute.metadata.enum_type!.members }, { FALSE: 0, TRUE: 1 });
    }
    assert.deepEqual([Number(root.yes!.value), Number(root.no!.value)], [1, 0]);
    assert.deepEqual([...root.several!.value as Int8Array], [1, 0, 1]);
    assert.deepEqual([root.name!.value, root.count!.value], ["FALSE, TRUE", 3]);
  } finally {
    file.close();
    FS.unlink("/booleans.h5");
  }
});
