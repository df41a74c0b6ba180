// Broken stores of Zarr, and such as are none of a simulation: each is refused in words that name it, what was found and
// what was wanted.

import assert from "node:assert/strict";
import { openData } from "../../../lib/data/open_data.ts";
import { crc32c } from "../../../lib/io/crc32c.ts";
import { array, floats, GOOD_STORE, type StoreFiles, storeInput } from "./zarr_store.ts";

const P = ["time", "y", "x"];
const GZIP = { codecs: [{ name: "bytes" }, { name: "gzip", configuration: { level: 5 } }] };

/** The good store with other files. */
function changed(files: StoreFiles): StoreFiles {
  return { ...GOOD_STORE, ...files };
}

/** The good store whose array has other metadata. */
function withArray(more: object, files: StoreFiles = {}): StoreFiles {
  return changed({ "p/zarr.json": array([2, 2, 3], P, more), ...files });
}

/** A shard of two chunks, its index and its checksum as told. */
function shard(offset: number, sum?: number): Uint8Array {
  const file = new Uint8Array(48 + 32 + 4);
  const view = new DataView(file.buffer);
  for (const i of [0, 1]) {
    view.setBigUint64(48 + 16 * i, BigInt(offset + 24 * i), true);
    view.setBigUint64(48 + 16 * i + 8, 24n, true);
  }
  view.setUint32(80, sum ?? crc32c(file.subarray(48, 80)), true);
  return file;
}

const SHARDED = {
  chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 2, 3] } },
  codecs: [{
    name: "sharding_indexed",
    configuration: {
      chunk_shape: [1, 2, 3],
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
      index_codecs: [{ name: "bytes", configuration: { endian: "little" } }, { name: "crc32c" }],
      index_location: "end",
    },
  }],
};

/** Stores by what is wrong with them, and words of the refusal. */
const BROKEN: Readonly<Record<string, readonly [StoreFiles, ...string[]]>> = {
  "with metadata that are no JSON": [changed({ "zarr.json": "{" }), "zarr.json is no JSON"],
  "with metadata of an array that are no JSON": [
    changed({ "p/zarr.json": "[1" }),
    'the metadata of "p" are damaged',
  ],
  "without a grid of chunks": [withArray({ chunk_grid: undefined }), 'the metadata of "p" are damaged'],
  "with chunks of no size": [
    withArray({ chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 0, 3] } } }),
    'array "p" has shape "2,2,3" in chunks of "1,0,3"',
  ],
  "with chunks of other axes": [
    withArray({ chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } } }),
    'array "p" has shape "2,2,3" in chunks of "2,3"',
  ],
  "that claims more than anyone has": [
    withArray({ shape: [2, 100000, 100000] }, { "p/zarr.json": array([2, 100000, 100000], P) }),
    "it has 10000000000 points, wanted 1 to",
  ],
  "with a chunk that is cut off": [
    changed({ "p/c/1/0/0": floats(6, 7, 8) }),
    'chunk 1, 0, 0 of "p" is damaged: it has 3 numbers, wanted 6',
  ],
  "with a chunk of odd bytes": [
    changed({ "p/c/1/0/0": new Uint8Array(23) }),
    'chunk 1, 0, 0 of "p" is damaged',
  ],
  "with a chunk that does not unpack": [withArray(GZIP), 'chunk 1, 0, 0 of "p" is damaged'],
  "with a codec that is not read": [
    withArray({ codecs: [{ name: "bytes" }, { name: "lzma" }] }),
    'of "p" is stored with the codec "lzma", which is not read',
  ],
  "with a shard whose index leads out of it": [
    withArray(SHARDED, { "p/c/0/0/0": shard(1000) }),
    'shard "p/c/0/0/0" points to bytes 1024 to 1048, it has 84',
  ],
  "with a shard whose checksum differs": [
    withArray(SHARDED, { "p/c/0/0/0": shard(0, 7) }),
    'chunk 1, 0, 0 of "p" is damaged: its checksum differs',
  ],
  "with a shard shorter than its index": [
    withArray(SHARDED, { "p/c/0/0/0": new Uint8Array(9) }),
    'shard "p/c/0/0/0" points to bytes -27 to 9',
  ],
  "with shards that are packed as a whole": [
    withArray({ ...SHARDED, codecs: [...SHARDED.codecs, { name: "gzip" }] }),
    'the shards of "p" also pass the codec "gzip", wanted codecs within shards',
  ],
  "with complex numbers": [
    withArray({ data_type: "complex64" }),
    'the metadata of "p" are damaged',
    "complex64",
  ],
  "of text": [
    withArray({ data_type: "string", fill_value: "" }),
    '"p" holds values of the type string, wanted numbers',
  ],
  "without names of dimensions": [
    withArray({ dimension_names: undefined }),
    "its arrays do not name their dimensions: dimension_names, or _ARRAY_DIMENSIONS",
  ],
  "without frames": [
    changed({ "p/zarr.json": array([2, 3], ["y", "x"]) }),
    'it looks like data on a grid, but "p" (y = 2, x = 3)',
    "no frames",
  ],
  "with fields of other lengths": [
    changed({ "q/zarr.json": array([2, 2, 4], P) }),
    '"q" has 4 along "x", other fields have 3',
  ],
  "with fewer times than frames": [
    changed({ "time/zarr.json": array([1], ["time"]), "time/c/0": floats(1) }),
    '"time" has 1 times for 2 frames',
  ],
  "of an image": [
    {
      "zarr.json": { zarr_format: 3, node_type: "group", attributes: { multiscales: [] } },
      "0/zarr.json": array([2, 2], []),
    },
    "it looks like an image (OME-Zarr, attribute multiscales)",
  ],
  "without arrays": [{ ".zgroup": { zarr_format: 2 } }, "it is a store of Zarr without arrays"],
  "of version 2 with an order of bytes that is none": [
    {
      ".zgroup": { zarr_format: 2 },
      "p/.zarray": {
        zarr_format: 2,
        shape: [2, 2, 3],
        chunks: [1, 2, 3],
        dtype: "?f4",
        fill_value: 0,
        order: "C",
      },
    },
    'the metadata of "p" are damaged: Invalid dtype: ?f4',
  ],
};

for (const [what, [files, ...words]] of Object.entries(BROKEN)) {
  Deno.test(`a store of Zarr ${what} is refused`, async () => {
    const read = async () => {
      using data = await openData(storeInput(files));
      await (await data.split()).trajectory(0).sample([1]);
    };
    await assert.rejects(read(), (error: Error) => {
      assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error.stack));
      assert.ok(error.message.includes("broken.zarr"), error.message);
      for (const word of words) assert.ok(error.message.includes(word), error.message);
      return true;
    });
  });
}

Deno.test("the good store is read, chunk by chunk, and what is absent is filled", async () => {
  const { "p/c/0/0/0": _, ...files } = GOOD_STORE;
  using data = await openData(storeInput(files), { boundaries: { unstated: "periodic" } });
  assert.deepEqual(data.warnings, []);
  const { values } = await (await data.split()).trajectory(0).sample([0, 1]);
  assert.deepEqual([...values[0]!], [0, 0, 0, 0, 0, 0, 6, 9, 7, 10, 8, 11]);
});

Deno.test("a shard that begins with its index is read", async () => {
  const [sharding] = SHARDED.codecs;
  const start = [{ ...sharding!, configuration: { ...sharding!.configuration, index_location: "start" } }];
  const end = shard(36);
  const file = new Uint8Array(84);
  file.set(end.subarray(48));
  file.set(floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 36);
  using data = await openData(storeInput(withArray({ ...SHARDED, codecs: start }, { "p/c/0/0/0": file })));
  const { values } = await (await data.split()).trajectory(0).sample([1]);
  assert.deepEqual([...values[0]!], [6, 9, 7, 10, 8, 11]);
});
