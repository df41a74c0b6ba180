// Files of the CF conventions, broken: netCDF of all versions, metadata of Zarr, chunks and shards; opened as data, and a
// sample read of them.

import fc from "fast-check";
import { zarrReader } from "../../lib/data/formats/zarr.ts";
import type { Dataset } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import { fixture } from "../shared.ts";
import { broken, type Cost, counted, type Kind, load } from "./kinds.ts";
import { addresses, everyByte, lying, type Place } from "./lies.ts";
import { LIES } from "./mutate.ts";

/** Frames with more points are what a plan of memory refuses: they are opened, not read. */
const MOST_POINTS = 1 << 18;

/** Reads the first frames of the first trajectory; gives the bytes of the largest field. */
async function readSample(data: Dataset): Promise<number> {
  const { info, steps, sample } = (await data.split()).trajectory(0);
  if (info.grid.shape.reduce((n, size) => n * size, 1) > MOST_POINTS) return 0;
  const { values } = await sample([0, 1].slice(0, steps));
  return Math.max(...values.map(({ byteLength }) => byteLength));
}

async function readNetcdf(file: Uint8Array): Promise<Cost> {
  const { source, asked } = counted(file);
  using data = await openData(source);
  return { given: await readSample(data), asked: asked() };
}

/** Files beneath a folder, by path. */
async function storeOf(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const visit = async (prefix: string): Promise<void> => {
    for (const { name, isDirectory } of Deno.readDirSync(fixture(`${folder}/${prefix}`))) {
      if (isDirectory) await visit(`${prefix}${name}/`);
      else files.set(prefix + name, await load(`${folder}/${prefix}${name}`));
    }
  };
  await visit("");
  return files;
}

/** Reads a store of which one file is another. */
function storeReader(store: ReadonlyMap<string, Uint8Array>, changed: string) {
  return async (file: Uint8Array): Promise<Cost> => {
    const sources = [...store].map(([path, bytes]) => {
      const { source, asked } = counted(path === changed ? file : bytes, `fuzzed/${path}`);
      return { path, source, asked };
    });
    const files = new Map(sources.map(({ path, source }) => [path, () => Promise.resolve(source)] as const));
    using data = await zarrReader.open({ name: "fuzzed", files, folder: true });
    const given = await readSample(data);
    return { given, asked: sources.find(({ path }) => path === changed)!.asked() };
  };
}

/** Numbers of a classic header, big-endian: lengths, counts, types. */
function words(file: Uint8Array): Place[] {
  return Array.from(
    { length: Math.min(file.length, 1500) >> 2 },
    (_, i) => ({ at: 4 * i, width: 4 as const }),
  );
}

/** Numbers with the most significant byte first. */
const BIG_LIES = LIES.map((value) => {
  const bytes = [0n, 8n, 16n, 24n].map((shift) => (value >> shift) & 255n);
  return bytes.reduce((sum, byte) => (sum << 8n) | byte, 0n);
});

/** What a byte of a header or a letter of JSON is changed to. */
const BYTES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  ...Array.from('0123456789-.[]{}",:', (c) => BigInt(c.charCodeAt(0))),
];

/** Kinds of the CF conventions. */
export async function cfKinds(): Promise<Kind[]> {
  const classic = await Promise.all(["classic", "offset64"].map((name) => load(`cf/${name}.nc`)));
  const modern = await load("cf/members.nc");
  const { places, values } = addresses(modern);
  const [sharded, codecs, older] = await Promise.all(
    ["sharded", "codecs", "atmosphere_v2"].map((name) => storeOf(`cf/${name}.zarr`)),
  );
  const kind = (name: string, store: ReadonlyMap<string, Uint8Array>, path: string, header: number): Kind => {
    const seed = store.get(path)!;
    return {
      name,
      files: fc.oneof(broken([seed]), lying(seed, everyByte(seed.subarray(0, header)), BYTES)),
      read: storeReader(store, path),
      // Metadata alone claim a store: what is absent is filled.
      growth: 1 << 16,
    };
  };
  return [
    {
      name: "netcdf3",
      files: fc.oneof(
        broken(classic, [[0, 0.6]]),
        ...classic.map((seed) => lying(seed, words(seed), BIG_LIES)),
      ),
      read: readNetcdf,
      growth: 1032,
    },
    {
      name: "netcdf4",
      files: fc.oneof(broken([modern], [[0, 0.5]]), lying(modern, places, values)),
      read: readNetcdf,
      growth: 1032,
    },
    kind("zarr", sharded!, "rho/c/0/0/0/0", Infinity),
    kind("zarr json", sharded!, "zarr.json", Infinity),
    kind("zarr v2", older!, ".zmetadata", Infinity),
    kind("zarr blosc", codecs!, "rho/0.0.0.0", 64),
    kind("zarr gzip", codecs!, "vel_x/0.0.0.0", 64),
    kind("zarr zstd", codecs!, "vel_y/0.0.0.0", 64),
  ];
}
