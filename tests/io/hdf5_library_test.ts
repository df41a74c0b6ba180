// Files that make the HDF5 library take memory without end, or break it: found by fuzzing. Each is made of a good file
// and one lie.

import assert from "node:assert/strict";
import { readMetadata } from "../../lib/data/formats/well/metadata.ts";
import { openData } from "../../lib/data/open_data.ts";
import { memorySource } from "../../lib/io/byte_source.ts";
import { type Hdf5File, openHdf5 } from "../../lib/io/hdf5.ts";
import { hdf5Library } from "../../lib/io/hdf5_library.ts";
import { openSession } from "../../lib/io/hdf5_module.ts";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";
import { fixture } from "../shared.ts";

const good = await Deno.readFile(fixture("samples-bad/00_good.hdf5"));
/** Most bytes of the library's memory after a small file: what it starts with, and its room. */
const MOST_MEMORY = 96 << 20;

function find(file: Uint8Array, text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...file.keys()].filter((at) => bytes.every((byte, i) => file[at + i] === byte));
}

/** Reads what a forecast reads: the words of the refusal, or null. */
async function refusal(file: Uint8Array): Promise<string | null> {
  try {
    using data = await openData(memorySource(file, "evil.hdf5"));
    await (await data.split()).trajectory(0).sample([0, 1, 2]);
    return null;
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    assert.match(error.message, /"evil.hdf5"/);
    return error.message;
  }
}

async function memory(): Promise<number> {
  return (await hdf5Library()).module.HEAPU8.length;
}

Deno.test("openData() takes bounded memory where free space of a heap of names leads to itself", async () => {
  const heaps = find(good, "HEAP");
  assert.ok(heaps.length > 3);
  for (const heap of heaps) {
    const file = good.slice();
    const view = new DataView(file.buffer);
    const [free, data] = [16, 24].map((field) => Number(view.getBigUint64(heap + field, true)));
    view.setBigUint64(data! + free!, BigInt(free!), true);
    await refusal(file);
    assert.ok(await memory() <= MOST_MEMORY, `${await memory()} bytes`);
  }
  assert.equal(await refusal(good), null);
});

Deno.test("openData() ends where an object of a heap of texts takes no bytes, whatever its reserved bytes are", async () => {
  const [heap] = find(good, "GCOL");
  for (const reserved of [0, 1]) {
    const file = good.slice();
    const view = new DataView(file.buffer);
    file[heap! + 5] = reserved;
    // The head of the first object becomes free space of no bytes.
    view.setUint16(heap! + 16, 0, true);
    view.setBigUint64(heap! + 24, 0n, true);
    assert.ok(await refusal(file), `reserved byte ${reserved}`);
  }
  assert.equal(await refusal(good), null);
});

Deno.test("openData() refuses texts that claim a gigabyte before it takes memory for them", async () => {
  const [heap] = find(good, "GCOL");
  const file = good.slice();
  const view = new DataView(file.buffer);
  // A text is its length in 4 bytes, the place of its heap in 8, its number there in 4.
  let lies = 0;
  for (let at = 4; at + 12 <= file.length; at++) {
    if (view.getBigUint64(at, true) !== BigInt(heap!) || view.getUint32(at - 4, true) > 100) continue;
    view.setUint32(at - 4, 1 << 30, true);
    lies++;
  }
  assert.ok(lies > 3);
  assert.match(await refusal(file) ?? "", /memory allocation failed/);
  assert.ok(await memory() <= MOST_MEMORY, `${await memory()} bytes`);
});

/** The good file with a type nested in itself in an attribute of its root. */
function nested(levels: number): Uint8Array {
  const type = 8 * levels + 16;
  // Head, name, type, extent, value.
  const body = 8 + 8 + type + 8 + 16;
  const block = new DataView(new ArrayBuffer(8 + body));
  block.setUint16(0, 0x0c, true);
  block.setUint16(2, body, true);
  // The attribute: version, then the lengths of name, type and extent.
  [1, 2, type - 4, 8].forEach((value, i) => block.setUint16(8 + 2 * i, value, true));
  block.setUint8(16, 0x61);
  for (let i = 0; i < levels; i++) {
    block.setUint8(24 + 8 * i, 0x19);
    block.setUint32(28 + 8 * i, 16, true);
  }
  const inner = 24 + 8 * levels;
  block.setUint8(inner, 0x10);
  block.setUint32(inner + 4, 1, true);
  block.setUint16(inner + 10, 8, true);
  block.setUint8(24 + type, 1);

  const file = new Uint8Array(good.length + block.byteLength);
  file.set(good);
  file.set(new Uint8Array(block.buffer), good.length);
  const view = new DataView(file.buffer);
  view.setBigUint64(40, BigInt(file.length), true);
  const root = Number(view.getBigUint64(64, true));
  view.setUint16(root + 2, view.getUint16(root + 2, true) + 1, true);
  // The first attribute becomes the way to the block; it lies where the first message of the root leads.
  assert.equal(view.getUint16(root + 16, true), 0x10);
  let at = Number(view.getBigUint64(root + 24, true));
  while (view.getUint16(at, true) !== 0x0c) at += 8 + view.getUint16(at + 2, true);
  view.setUint16(at, 0x10, true);
  view.setBigUint64(at + 8, BigInt(good.length), true);
  view.setBigUint64(at + 16, BigInt(block.byteLength), true);
  return file;
}

Deno.test("openHdf5() reads types nested in themselves, or refuses them in words when they fill the stack", async () => {
  using shallow = await openHdf5(nested(3));
  assert.ok("a" in await shallow.attributes("/"), "the attribute is where the library looks");
  for (let i = 0; i < 5; i++) {
    assert.match(await refusal(nested(8000)) ?? "", /^Cannot .* of "evil.hdf5": /);
    assert.equal(await refusal(good), null);
  }
  assert.ok(await memory() <= MOST_MEMORY, `${await memory()} bytes`);
});

Deno.test("openSession() restarts a library that trapped: the file is named, others must be opened again", async () => {
  const library = await hdf5Library();
  const { restarts } = library;
  using other = await openHdf5(memorySource(good.slice(), "other.hdf5"));
  assert.equal(await other.kind("t0_fields"), "group");
  const session = await openSession(memorySource(good.slice(), "evil.hdf5"));
  for (
    const trap of [new WebAssembly.RuntimeError("unreachable"), new RangeError("Maximum call stack size")]
  ) {
    await assert.rejects(
      () =>
        session.run("open it", () => {
          throw trap;
        }),
      { name: "SyntaxError", message: /"evil.hdf5": / },
    );
  }
  session.close();
  assert.equal(library.restarts, restarts + 1, "what was restarted is not restarted again");
  await assert.rejects(() => other.kind("t0_fields"), /"other.hdf5".*open this file again/);
  assert.equal(await refusal(good), null);
});

Deno.test("openData() refuses axes that no field stores and no file of its size could hold", async () => {
  const flags = { sample_varying: true, time_varying: true, dim_varying: [false, false] };
  const scalars = { attributes: { field_names: [] } };
  const points = Float32Array.from({ length: 251 }, (_, i) => i);
  const file = await writeHdf5({
    attributes: {
      dataset_name: "lies",
      grid_type: "cartesian",
      n_spatial_dims: 2,
      n_trajectories: 1,
      simulation_parameters: [],
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: ["x", "y"] },
        datasets: {
          time: { shape: [3], data: Float32Array.of(0, 1, 2) },
          x: { shape: [251], data: points },
          y: { shape: [251], data: points },
        },
      },
      t0_fields: {
        attributes: { field_names: ["A"] },
        datasets: { A: { attributes: flags, shape: [1, 3], data: Float32Array.of(1, 2, 3) } },
      },
      t1_fields: scalars,
      t2_fields: scalars,
    },
  });
  assert.equal(await refusal(file), null);
  using open = await openHdf5(memorySource(file, "evil.hdf5"));
  // In place of a file whose checksums are right: the axes are chunked data of which no chunk was written.
  const lying: Hdf5File = {
    name: open.name,
    kind: (path) => open.kind(path),
    keys: (path) => open.keys(path),
    attributes: (path) => open.attributes(path),
    dataset: async (path) => {
      const found = await open.dataset(path);
      return /[xy]$/.test(path) ? { ...found, shape: [2 ** 20] } : found;
    },
    scales: (path) => open.scales(path),
    parameters: (path) => open.parameters(path),
    readFloat32: (...box) => open.readFloat32(...box),
    readFloat64: (...box) => open.readFloat64(...box),
    checkClaim: (...claim) => open.checkClaim(...claim),
    close() {},
    [Symbol.dispose]() {},
  };
  await assert.rejects(
    () => readMetadata(lying),
    /"evil.hdf5": it claims frames of 1048576 x 1048576 points of 4398046511104 bytes/,
  );
});
