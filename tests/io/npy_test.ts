// NumPy's files: what NumPy wrote, in every type and order; what is written here; what is refused.

import assert from "node:assert/strict";
import { type ByteSource, memorySource } from "../../lib/io/byte_source.ts";
import { fileSource } from "../../lib/io/file.ts";
import { openNpy } from "../../lib/io/npy.ts";
import { writeNpy, writeNpz } from "../../lib/io/npy_writer.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { fixture } from "../shared.ts";

const file = (name: string) => fileSource(fixture(`arrays/${name}`));

Deno.test("every number type of NumPy reads, in both byte orders and both axis orders", async () => {
  const archive = await openNpz(file("types.npz"));
  const wanted = Float64Array.from({ length: 24 }, (_, i) => 3 * i);
  const types = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"];
  for (const type of types) {
    for (const order of ["little_c", "little_f", "big_c", "big_f"]) {
      const array = await archive.open(`${type}_${order}`);
      assert.deepEqual([array.type, array.shape], [type, [2, 3, 4]]);
      assert.deepEqual(await array.readFloat64(0, 24), wanted, `${type} ${order}`);
      assert.deepEqual(await array.readFloat32(5, 2), Float32Array.of(15, 18), `${type} ${order}`);
    }
  }
  const read = async (name: string) => {
    const array = await archive.open(name);
    return [...await array.readFloat32(0, array.shape.reduce((n, size) => n * size, 1))];
  };
  assert.deepEqual((await read("b1")).slice(0, 4), [0, 1, 0, 1]);
  assert.deepEqual(await read("negative"), [-1, -128, 127]);
  assert.deepEqual(await read("scalar"), [2.5]);
  assert.deepEqual(await read("empty"), []);
  archive.close();
});

Deno.test("headers of versions 2 and 3 read like those of version 1", async () => {
  for (const version of [2, 3]) {
    const array = await openNpy(file(`version${version}.npy`));
    assert.deepEqual(array.shape, [2, 3, 4]);
    assert.deepEqual([...await array.readFloat32(22, 2)], [22, 23]);
    array.close();
  }
});

/** A source that counts the bytes asked of it. */
function counted(bytes: Uint8Array): { source: ByteSource; asked: () => number } {
  const inner = memorySource(bytes, "counted");
  let asked = 0;
  const read = (offset: number, length: number) => {
    asked += length;
    return inner.read(offset, length);
  };
  return { source: { ...inner, read }, asked: () => asked };
}

Deno.test("ranges of arrays, and of arrays stored in an archive, are read without the rest", async () => {
  const data = Float32Array.from({ length: 100_000 }, (_, i) => i);
  const alone = counted(writeNpy({ shape: [100, 1000], data }));
  const array = await openNpy(alone.source);
  assert.deepEqual([...await array.readFloat32(5000, 2)], [5000, 5001]);
  assert.ok(alone.asked() < 1000, `${alone.asked()} bytes`);
  const packed = counted(
    writeNpz({ field: { shape: [100, 1000], data }, other: { shape: [1], data: Float64Array.of(7) } }),
  );
  const archive = await openNpz(packed.source);
  assert.deepEqual(archive.arrays, ["field", "other"]);
  const inside = await archive.open("field");
  assert.deepEqual([...await inside.readFloat32(99_999, 1)], [99_999]);
  assert.deepEqual([...await (await archive.open("other")).readFloat64(0, 1)], [7]);
  assert.ok(packed.asked() < 70_000, `${packed.asked()} bytes`);
  const theirs = await openNpz(file("stored.npz"));
  assert.deepEqual([...await (await theirs.open("b")).readFloat32(0, 2)], [1, 2]);
  theirs.close();
});

/** A file with another header. */
function withHeader(header: string, numbers = 8): Uint8Array {
  const text = header.padEnd(118 - 1) + "\n";
  const bytes = new Uint8Array(10 + text.length + 4 * numbers);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  bytes.set(new TextEncoder().encode(text), 10);
  return bytes;
}

const dictionary = (descr: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;

const REFUSED: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
  ["Python objects", "objects.npy", /objects.npy": it holds Python objects, which are never unpickled/],
  ["records", "records.npy", /records of several values/],
  ["complex numbers", "complex.npy", /numbers are of type "<c8", wanted f2/],
  [
    "another file",
    new TextEncoder().encode("not an array at all"),
    /no .npy file, its first bytes are "not an"/,
  ],
  ["an empty file", new Uint8Array(0), /no .npy file/],
  ["a version that is not", Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 4, 0, 0, 0), /version 9/],
  [
    "a header beyond the end",
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 255, 255, 0, 0),
    /claims 65535/,
  ],
  [
    "more numbers than there are",
    withHeader(dictionary("'<f4'", "(3, 3)")),
    /\[3, 3\] needs 36 bytes, it has 32/,
  ],
  ["numbers without bound", withHeader(dictionary("'<f8'", "(4000000000, 4000000000, 9)")), /needs .* bytes/],
  [
    "a header that lacks its shape",
    withHeader("{'descr': '<f4', 'fortran_order': False, }"),
    /wanted descr, fortran/,
  ],
  ["a negative size", withHeader(dictionary("'<f4'", "(-2, 4)")), /wanted descr, fortran_order and shape/],
];

for (const [what, input, words] of REFUSED) {
  Deno.test(`openNpy() refuses ${what}`, async () => {
    using source = typeof input === "string" ? file(input) : memorySource(input, "x.npy");
    await assert.rejects(openNpy(source), words);
  });
}

Deno.test("openNpz() refuses damaged, missing and over-long entries", async () => {
  const bytes = await Deno.readFile(fixture("arrays/types.npz"));
  const archive = await openNpz(memorySource(bytes, "types.npz"));
  await assert.rejects(archive.open("f3"), /has no array "f3", it has "f2_little_c/);
  // The first entry's packed bytes lie behind its header; one of them is changed.
  const damaged = bytes.slice();
  const start = 30 + new DataView(bytes.buffer).getUint16(26, true) +
    new DataView(bytes.buffer).getUint16(28, true);
  damaged[start + 20]! ^= 0xff;
  const broken = await openNpz(memorySource(damaged, "types.npz"));
  await assert.rejects(broken.open("f2_little_c"), /entry "f2_little_c.npy" is damaged/);
  // The directory claims that the first entry unpacks to one byte less than it does.
  const lying = bytes.slice();
  const directory = lying.findLastIndex((_, i) =>
    lying[i] === 0x50 && lying[i + 1] === 0x4b && lying[i + 2] === 1
  );
  const last = new DataView(lying.buffer);
  last.setUint32(directory + 24, last.getUint32(directory + 24, true) - 1, true);
  const shorter = await openNpz(memorySource(lying, "types.npz"));
  await assert.rejects(shorter.open("empty"), /unpacks to more than/);
});

Deno.test("writeNpy() refuses numbers that do not fit the shape", () => {
  assert.throws(
    () => writeNpy({ shape: [2, 2], data: Float32Array.of(1) }),
    /1 numbers as an array of shape \[2, 2\]/,
  );
});
