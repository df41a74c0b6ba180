// What is fuzzed: for each kind of file valid ones to start from, where their headers lie, lies told in their own
// words, and everything a forecast reads of them.

import fc from "fast-check";
import { openData } from "../../lib/data/open_data.ts";
import { parseConfig } from "../../lib/models/walrus/extended_config.ts";
import { type ByteSource, memorySource } from "../../lib/io/byte_source.ts";
import { type Checkpoint, openCheckpoint } from "../../lib/io/checkpoint.ts";
import { openDistributed } from "../../lib/io/distributed.ts";
import { METADATA } from "../../lib/io/torch_start.ts";
import { parseYaml } from "../../lib/io/yaml.ts";
import { resolveReferences } from "../../lib/io/yaml_references.ts";
import { type Hdf5File, openHdf5 } from "../../lib/io/hdf5.ts";
import { openNpy } from "../../lib/io/npy.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { fixture } from "../shared.ts";
import {
  addresses,
  chunkPlaces,
  everyByte,
  heapPlaces,
  lying,
  OPCODES,
  picklePlaces,
  zipPlaces,
} from "./lies.ts";
import { damaged, damages, LIES } from "./mutate.ts";

/** What reading took. */
export interface Cost {
  /** Bytes of the largest array that was given. */
  readonly given: number;
  /** Bytes asked of the file. */
  readonly asked: number;
}

/** A kind of file. */
export interface Kind {
  readonly name: string;
  /** Broken files. */
  readonly files: fc.Arbitrary<Uint8Array>;
  /** Reads all a forecast would; errors name the file `fuzzed`. */
  readonly read: (file: Uint8Array) => Promise<Cost>;
  /** Most bytes that reading may give for a byte of the file. */
  readonly growth: number;
}

const text = new TextEncoder();

/** Bits of the small checkpoint fixtures: enough to hit every part of them. */
export async function load(path: string): Promise<Uint8Array> {
  return await Deno.readFile(fixture(path));
}

/** Damaged copies of valid files; `dense` are the parts where headers lie. */
export function broken(seeds: readonly Uint8Array[], dense?: readonly (readonly [number, number])[]) {
  return fc.tuple(fc.constantFrom(...seeds), damages(dense)).map(([seed, list]) => damaged(seed, list));
}

/** A source that counts what is asked of it. */
export function counted(
  file: Uint8Array,
  name = "fuzzed",
): { readonly source: ByteSource; readonly asked: () => number } {
  const inner = memorySource(file, name);
  let asked = 0;
  const readSync = (offset: number, length: number) => {
    asked += length;
    return inner.readSync!(offset, length);
  };
  const read = (offset: number, length: number) => Promise.resolve().then(() => readSync(offset, length));
  return { source: { ...inner, read, readSync }, asked: () => asked };
}

async function readCheckpoint(file: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(file);
  using checkpoint = await openCheckpoint(source);
  return { given: await readTensors(checkpoint), asked: asked() };
}

/** Bytes of the largest tensor. */
async function readTensors(checkpoint: Checkpoint): Promise<number> {
  let given = 0;
  for (const tensor of checkpoint.tensors.values()) {
    const { byteLength } = await tensor.read();
    // Tensors may share their bytes, so each is held against the file by itself.
    given = Math.max(given, byteLength);
    if (tensor.readBits) await tensor.readBits();
  }
  return given;
}

/** A distributed checkpoint's files by name. */
async function loadFolder(path: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const { name } of Deno.readDirSync(fixture(path))) files.set(name, await load(`${path}/${name}`));
  return files;
}

/** Reads a distributed checkpoint of which one file is another. */
function distributedReader(folder: ReadonlyMap<string, Uint8Array>, changed: string) {
  return async (file: Uint8Array): Promise<Cost> => {
    const sources = [...folder].map(([name, bytes]) => {
      return [
        name,
        counted(name === changed ? file : bytes, name === METADATA ? "fuzzed" : `fuzzed/${name}`),
      ] as const;
    });
    const files = new Map(sources);
    const open = (name: string) => {
      const found = files.get(name);
      return found
        ? Promise.resolve(found.source)
        : Promise.reject(new RangeError(`Cannot open "fuzzed/${name}"`.slice(0, 200)));
    };
    using checkpoint = await openDistributed(files.get(METADATA)!.source, open);
    const given = await readTensors(checkpoint);
    return { given, asked: sources.reduce((sum, [, { asked }]) => sum + asked(), 0) };
  };
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

/** Reads whatever an object of an HDF5 file holds; gives the bytes of its numbers. */
async function readObject(file: Hdf5File, path: string): Promise<number> {
  await file.attributes(path);
  if ((await file.kind(path)) !== "dataset") return 0;
  const { holds, fault } = await file.dataset(path);
  if (holds === "parameters") await file.parameters(path);
  return fault ? 0 : (await file.readFloat32(path)).byteLength;
}

/** Reads every object of an HDF5 file; the first that is refused stands for the file. */
async function readObjects(bytes: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(bytes);
  using file = await openHdf5(source);
  let given = 0;
  let refusal: unknown = null;
  for (const path of ["/", ...await file.keys("/")]) {
    try {
      given = Math.max(given, await readObject(file, path));
    } catch (error) {
      // A library that broke is none that reads on.
      if (!(error instanceof SyntaxError) || /broke/.test(error.message)) throw error;
      refusal ??= error;
    }
  }
  if (refusal) throw refusal;
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

/** YAML that is legal and large or deep: aliases that multiply, nesting, long keys. */
export const wildYaml = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map((n) =>
    ["a0: &a0 [x, x]"].concat(
      Array.from({ length: n }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]`),
    ).join("\n")
  ),
  fc.integer({ min: 1, max: 3000 }).map((n) => "[".repeat(n)),
  fc.integer({ min: 1, max: 3000 }).map((n) =>
    Array.from({ length: n }, (_, i) => `${" ".repeat(i)}a:`).join("\n")
  ),
  fc.json().map((json) => `model: ${json}`),
  fc.constantFrom(
    "!!js/function 'x'",
    "!!python/object/apply:os.system [ls]",
    "? [a]\n: b",
    "a: !!binary x",
    "<<: *a",
    "a: &a {<<: *a}",
    "a: ${a}",
    "model: {encoder: {base_kernel_size2d: '${model.encoder.base_kernel_size2d}'}}",
  ),
  fc.integer({ min: 1, max: 40 }).map((n) =>
    ["a0: [8, 4]"].concat(
      Array.from({ length: n }, (_, i) => `a${i + 1}: ["\${a${i}}", "\${a${i}}"]`),
      `model: {encoder: {base_kernel_size2d: "\${a${n}}"}}`,
    ).join("\n")
  ),
  fc.integer({ min: 1, max: 3000 }).map((n) => `a: ${"${".repeat(n)}a${"}".repeat(n)}`),
  fc.integer({ min: 1, max: 80 }).map((n) =>
    ["a0: xx"].concat(Array.from({ length: n }, (_, i) => `a${i + 1}: "\${a${i}}\${a${i}}"`)).reverse().join(
      "\n",
    )
  ),
  fc.integer({ min: 1, max: 3000 }).map((n) => `a: b\nb: "${"${a}".repeat(n)}"`),
).map((words) => text.encode(words));

/** Kinds of single files, with their valid files read. */
export async function kinds(): Promise<Kind[]> {
  const archives = await Promise.all(
    ["walrus_views", "walrus_f16", "walrus_bf16"].map((name) => load(`golden/checkpoints/${name}.pt`)),
  );
  const others = await Promise.all(
    ["nested_prefix", "model_and_ema", "beside", "protocol5", "negative_half"].map((name) =>
      load(`checkpoints/${name}.pt`)
    ),
  );
  const legacy = await load("checkpoints/legacy.pt");
  const folder = await loadFolder("checkpoints/dcp_boxes");
  const description = folder.get(METADATA)!;
  const piece = folder.get("__0_0.distcp")!;
  const tensors = await load("golden/checkpoints/walrus_f16.safetensors");
  const config = await load("golden/checkpoints/extended_config.yaml");
  const npz = await Promise.all(["types", "stored"].map((name) => load(`arrays/${name}.npz`)));
  const npy = await Promise.all([2, 3].map((version) => load(`arrays/version${version}.npy`)));
  const numbers = await Promise.all(
    ["known", "others", "many"].map((name) => load(`numbers/${name}.hdf5`)),
  );
  const filtered = await load("numbers/filters.hdf5");
  const wells = await Promise.all(
    ["00_good", "48_latest_format_superblock3", "49_userblock_512"].map((name) =>
      load(`samples-bad/${name}.hdf5`)
    ),
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
      name: "others",
      // As others save them: wrappers, objects beside, bits, and the container of before.
      files: fc.oneof(
        broken(others, [[0, 0.5]]),
        ...others.map((seed) => lying(seed, picklePlaces(seed), OPCODES)),
        broken([legacy]),
        lying(legacy, everyByte(legacy), OPCODES),
      ),
      read: readCheckpoint,
      growth: 4,
    },
    {
      name: "distcp",
      files: fc.oneof(broken([description]), lying(description, everyByte(description), OPCODES)),
      read: distributedReader(folder, METADATA),
      growth: 4,
    },
    {
      name: "pieces",
      files: fc.oneof(broken([piece]), lying(piece, zipPlaces(piece), LIES)),
      read: distributedReader(folder, "__0_0.distcp"),
      growth: 4,
    },
    {
      name: "safetensors",
      files: fc.oneof(
        broken([tensors, smallSafetensors], [[0, 0.02]]),
        broken([smallSafetensors]),
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
      name: "yaml",
      files: fc.oneof({ weight: 4, arbitrary: broken([config]) }, { weight: 1, arbitrary: wildYaml }),
      read: (file) => {
        parseConfig(new TextDecoder().decode(file), "fuzzed");
        resolveReferences(parseYaml(new TextDecoder().decode(file), "fuzzed"), "fuzzed");
        return Promise.resolve({ given: 0, asked: 0 });
      },
      growth: 1,
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
    {
      name: "hdf5 types",
      files: fc.oneof(
        { weight: 2, arbitrary: broken(numbers, [[0, 0.3]]) },
        ...numbers.map((seed) => {
          const { places, values } = addresses(seed);
          return { weight: 1, arbitrary: lying(seed, places, [...values, ...LIES]) };
        }),
      ),
      read: readObjects,
      growth: 4 * 1032,
    },
    {
      name: "hdf5 filters",
      files: fc.oneof(
        broken([filtered]),
        lying(filtered, chunkPlaces(filtered), LIES),
      ),
      read: readObjects,
      growth: 4 * 1032,
    },
  ];
}
