// What is fuzzed: for each kind of file valid ones to start from, where their headers lie, lies told in their own
// words, and everything a forecast reads of them.

import fc from "fast-check";
import { openData } from "../../lib/data/open_data.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { openNpy } from "../../lib/io/npy.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { addresses, heapPlaces, lying, OPCODES, picklePlaces, zipPlaces } from "./lies.ts";
import { LIES } from "./mutate.ts";
import { broken, type Cost, counted, type Kind, load } from "./reading.ts";
import { textKinds } from "./text_kinds.ts";

export type { Cost, Kind } from "./reading.ts";

const text = new TextEncoder();

async function readCheckpoint(file: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(file);
  using checkpoint = await openCheckpoint(source);
  let given = 0;
  for (const tensor of checkpoint.tensors.values()) {
    const { byteLength } = await tensor.read();
    // Tensors may share their bytes, so each is held against the file by itself.
    given = Math.max(given, byteLength);
    if (tensor.readBits) await tensor.readBits();
  }
  return { given, asked: asked() };
}

/** Reads an array, alone or every one of an archive. */
async function readArrays(file: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(file);
  const archive = file[0] === 0x50 ? await openNpz(source) : null;
  let given = 0;
  for (const name of archive?.arrays ?? ["alone"]) {
    const array = await (archive ? archive.open(name) : openNpy(source));
    const count = array.shape.reduce((n, size) => n * size, 1);
    given = Math.max(given, (await array.readFloat32(0, count)).byteLength);
  }
  return { given, asked: asked() };
}

/** Headers with an entry that lies, correct in all else. */
const lyingSafetensors = fc.record({
  dtype: fc.constantFrom<unknown>("F32", "F16", "F64", "I64", "BOOL", "F8", "", 3, null),
  shape: fc.oneof(
    fc.array(fc.constantFrom<unknown>(0, 1, 2, 3, -1, 0.5, 2 ** 31, 2 ** 53, 1e300, "2", null), {
      maxLength: 5,
    }),
    fc.constantFrom<unknown>(null, 3, "[2]", {}),
  ),
  data_offsets: fc.oneof(
    fc.array(fc.constantFrom<unknown>(0, 4, 8, 12, 24, -4, 1e18, 0.5, "0", null), { maxLength: 3 }),
    fc.constantFrom<unknown>(null, {}, 8),
  ),
  name: fc.constantFrom("a", "__metadata__", "__proto__", "constructor", "", "x".repeat(5000)),
  claim: fc.constantFrom(0, 0, 0, 0, 1, -1, 1000, 2 ** 40),
}).map(({ name, claim, ...entry }) => {
  const header = text.encode(
    JSON.stringify({ b: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, [name]: entry }),
  );
  const file = new Uint8Array(8 + header.length + 24);
  new DataView(file.buffer).setBigUint64(0, BigInt(Math.max(0, header.length + claim)), true);
  file.set(header, 8);
  return file;
});

/** The small checkpoint with every tensor but a few left out would need another writer; the header is what matters. */
const smallSafetensors = writeSafetensors(
  [
    { name: "embed.weight", shape: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => i) },
    { name: "norm.bias", shape: [], data: Float32Array.of(2) },
    { name: "empty", shape: [0, 4], data: new Float32Array(0) },
  ],
  "f16",
  { format: "pt" },
);

/** The index of a checkpoint in shards, which lie nowhere: it is refused at the latest when it is believed. */
const index = text.encode(
  JSON.stringify({ metadata: { total_size: 60 }, weight_map: { "embed.weight": "a.safetensors" } }),
);

/** All kinds, with their valid files read. */
export async function kinds(): Promise<Kind[]> {
  const archives = await Promise.all(
    ["walrus_views", "walrus_f16", "walrus_bf16"].map((name) => `golden/checkpoints/${name}.pt`)
      .concat(["wrapped_model", "numpy_scalar_beside", "odd_types_beside"].map((name) => `cases/${name}.pt`))
      .map(load),
  );
  const tensors = await load("golden/checkpoints/walrus_f16.safetensors");
  const npz = await Promise.all(["types", "stored"].map((name) => load(`arrays/${name}.npz`)));
  const npy = await Promise.all([2, 3].map((version) => load(`arrays/version${version}.npy`)));
  const wells = await Promise.all(
    ["00_good", "48_latest_format_superblock3", "49_userblock_512"]
      .map((name) => load(`samples-bad/${name}.hdf5`)),
  );
  return [
    {
      name: "pt",
      // The pickle comes first, the directory last.
      files: fc.oneof(
        broken(archives, [[0, 0.05], [0.93, 1]]),
        ...archives.map((seed) => lying(seed, zipPlaces(seed), LIES)),
        ...archives.map((seed) => lying(seed, picklePlaces(seed), OPCODES)),
      ),
      read: readCheckpoint,
      growth: 4,
    },
    {
      name: "safetensors",
      files: fc.oneof(
        broken([tensors, smallSafetensors], [[0, 0.02]]),
        broken([smallSafetensors, index]),
        lyingSafetensors,
      ),
      read: readCheckpoint,
      growth: 4,
    },
    {
      name: "npz",
      // Headers of arrays come first, the directory last.
      files: fc.oneof(
        broken(npz, [[0, 0.1], [0.7, 1]]),
        broken(npy, [[0, 0.6]]),
        ...npz.map((seed) => lying(seed, zipPlaces(seed), LIES)),
      ),
      read: readArrays,
      // Bytes that are compressed become numbers of four.
      growth: 4 * 1032,
    },
    {
      name: "hdf5",
      files: fc.oneof(
        { weight: 2, arbitrary: broken(wells, [[0, 0.1]]) },
        ...wells.map((seed) => {
          const { places, values } = addresses(seed);
          return { weight: 1, arbitrary: lying(seed, places, values) };
        }),
        { weight: 1, arbitrary: lying(wells[0]!, heapPlaces(wells[0]!), [...LIES, 8n, 16n, 32n, 104n]) },
      ),
      read: async (file) => {
        const { source, asked } = counted(file);
        using data = await openData(source);
        const trajectory = (await data.split()).trajectory(0);
        const { values } = await trajectory.sample([0, 1, 2].slice(0, trajectory.steps));
        return { given: values.reduce((n, { byteLength }) => n + byteLength, 0), asked: asked() };
      },
      // What is compressed may grow a thousandfold.
      growth: 1032,
    },
    ...await textKinds(),
  ];
}
