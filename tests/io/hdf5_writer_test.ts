// HDF5 files that are written, streamed or at once, are read by the HDF5 library as what was written.

import assert from "node:assert/strict";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { streamHdf5, writeHdf5 } from "../../lib/io/hdf5_writer.ts";

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => i / 2);
const open = (bytes: Uint8Array) => openHdf5(memorySource(bytes, "written.h5"));

/** What takes bytes at positions, as a file does. */
function sink() {
  const parts: { position: number; bytes: Uint8Array }[] = [];
  return {
    write: (position: number, bytes: Uint8Array) => void parts.push({ position, bytes: bytes.slice() }),
    bytes() {
      const all = new Uint8Array(Math.max(...parts.map(({ position, bytes }) => position + bytes.length)));
      for (const { position, bytes } of parts) all.set(bytes, position);
      return all;
    },
  };
}

const SHAPES = [
  { name: "in one piece", shape: [2, 7, 3] },
  { name: "a chunk a row", shape: [2, 7, 3], chunks: [1, 1, 3] },
  { name: "chunks that do not divide an axis", shape: [2, 7, 3], chunks: [1, 4, 3] },
  { name: "of the first axis, not compressed", shape: [5, 3], chunks: [2, 3], level: 0 },
  { name: "one chunk", shape: [5, 3], chunks: [5, 3] },
  // The tree has three levels.
  { name: "more chunks than a node of nodes leads to", shape: [4200, 2], chunks: [1, 2], level: 1 },
];

for (const { name, ...layout } of SHAPES) {
  Deno.test(`writeHdf5() and streamHdf5() write data ${name} that read back, with equal bytes`, async () => {
    const data = numbers(layout.shape.reduce((n, size) => n * size, 1));
    const bytes = await writeHdf5({ datasets: { data: { ...layout, data } } });
    using file = await open(bytes);
    assert.deepEqual((await file.dataset("data")).shape, layout.shape);
    assert.deepEqual(await file.readFloat32("data"), data);
    const place = sink();
    const stream = streamHdf5(place);
    const streamed = stream.dataset(layout);
    // Pieces that begin and end anywhere.
    for (let from = 0; from < data.length; from += 5) await streamed.append(data.subarray(from, from + 5));
    assert.equal(await stream.finish({ datasets: { data: { ...layout, data: streamed } } }), bytes.length);
    assert.deepEqual(place.bytes(), bytes);
  });
}

Deno.test("streamHdf5() writes datasets whose numbers come by turns", async () => {
  const place = sink();
  const stream = streamHdf5(place);
  const [a, b] = [stream.dataset({ shape: [3, 2], chunks: [1, 2] }), stream.dataset({ shape: [3] }, "f64")];
  for (let i = 0; i < 3; i++) {
    await a.append(Float32Array.of(i, i + 10));
    await b.append(Float64Array.of(i / 3));
  }
  await stream.finish({
    groups: { inner: { datasets: { a: { ...a.layout, data: a }, b: { ...b.layout, data: b } } } },
  });
  using file = await open(place.bytes());
  assert.deepEqual([...await file.readFloat32("inner/a")], [0, 10, 1, 11, 2, 12]);
  assert.deepEqual([...await file.readFloat64("inner/b")], [0, 1 / 3, 2 / 3]);
});

Deno.test("writeHdf5() keeps every name of a group, attributes of any kind, and equal texts once", async () => {
  const names = Array.from({ length: 100 }, (_, i) => `däta${i}`);
  const datasets = Object.fromEntries(
    names.map((name, i) => [name, { shape: [], data: Float64Array.of(i), attributes: { unit: "m" } }]),
  );
  const attributes = { text: "häl", list: ["a", "", "m"], none: [], count: -7n, flag: true, value: 0.1 };
  const bytes = await writeHdf5({ attributes, groups: { group: { datasets }, empty: {} } });
  using file = await open(bytes);
  assert.deepEqual((await file.keys("group")).sort(), names.toSorted());
  assert.deepEqual(await file.keys("empty"), []);
  for (const [i, name] of names.entries()) {
    assert.deepEqual([...await file.readFloat64(`group/${name}`)], [i]);
  }
  assert.equal((await file.attributes("group/däta99")).unit, "m");
  assert.deepEqual({ ...await file.attributes("/") }, { ...attributes, count: -7, flag: 1 });
});

Deno.test("writers refuse what does not fit", async () => {
  const write = (layout: object, data = numbers(6)) =>
    writeHdf5({ datasets: { data: { shape: [2, 3], data, ...layout } } });
  await assert.rejects(write({}, numbers(5)), /shape \[2, 3\] was given 5 numbers, wanted 6/);
  await assert.rejects(write({}, numbers(7)), /Cannot write 7 numbers into a dataset of shape \[2, 3\]/);
  await write({ chunks: [1, 2] });
  for (const chunks of [[2, 2], [2, 3, 1], [0, 3]]) {
    await assert.rejects(write({ chunks }), /Cannot write chunks of .* wanted 1 of leading axes/);
  }
  const stream = streamHdf5(sink());
  await assert.rejects(stream.dataset({ shape: [2] }).append(Float64Array.of(1)), /Float64Array into .* f32/);
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`g${i}`, {}]));
  await assert.rejects(writeHdf5({ groups: many }), /group of 257 objects, wanted at most 256/);
  const long = Array.from({ length: 5000 }, (_, i) => `${i}`);
  await assert.rejects(writeHdf5({ attributes: { long } }), /wanted less than 64 KiB/);
});
