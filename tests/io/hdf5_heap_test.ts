// A damaged heap of texts would keep the HDF5 library walking for ever; found by fuzzing.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import { findHeaps, isWalkable } from "../../lib/io/hdf5_heap.ts";
import { fixture } from "../shared.ts";

const good = await Deno.readFile(fixture("samples-bad/00_good.hdf5"));

/** Places of the objects of the first heap. */
function objects(file: Uint8Array): number[] {
  const [start] = findHeaps(file);
  const view = new DataView(file.buffer);
  const places = [];
  for (let at = start! + 16; at < start! + 4096;) {
    places.push(at);
    const size = Number(view.getBigUint64(at + 8, true));
    at += view.getUint16(at, true) === 0 ? size : 16 + Math.ceil(size / 8) * 8;
  }
  return places;
}

for (const size of [0n, 8n, 2n ** 64n - 16n, 2n ** 64n - 1n]) {
  Deno.test(`openData() refuses a heap whose free space claims ${size} bytes`, async () => {
    const file = good.slice();
    new DataView(file.buffer).setBigUint64(objects(file).at(-1)! + 8, size, true);
    await assert.rejects(
      () => openData(file),
      /Cannot read "bytes": the heap of texts at byte \d+ is damaged/,
    );
  });
}

Deno.test("openData() refuses a file whose lengths do not have 8 bytes", async () => {
  const file = good.slice();
  file[14] = 4;
  await assert.rejects(() => openData(file), /its lengths have 4 bytes, wanted 8/);
});

Deno.test("isWalkable() takes whole heaps, also with less than a head left at the end", () => {
  const [start] = findHeaps(good);
  const heap = good.slice(start, start! + 4096);
  assert.ok(isWalkable(heap));
  assert.ok(isWalkable(heap.subarray(0, 24)));
});
