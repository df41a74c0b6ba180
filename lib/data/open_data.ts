// Opens data of any known format: the reader is found by content, and its code is loaded only then.

import { isHubName } from "../hub/name.ts";
import type { HubOptions } from "../hub/options.ts";
import { hdf5Fault, START_BYTES } from "../io/hdf5_start.ts";
import type { HttpOptions } from "../io/http.ts";
import { readStart } from "../io/source.ts";
import type { Dataset } from "./dataset.ts";
import type { Fault, OpenOptions, Reader } from "./reader.ts";
import { type DataInput, filesLike, type Source, sourceOf } from "./source.ts";

/** Faults that a reader names, or the one that it refuses with. */
async function faultsOf(reader: Reader, source: Source): Promise<readonly Fault[]> {
  if (reader.faults) return await reader.faults(source);
  try {
    (await reader.open(source))[Symbol.dispose]();
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return [{ file: source.name, what: error.message, fatal: true }];
  }
}

/** A reader of this library whose code is loaded when `fits` finds nothing lacking. */
function deferred(
  format: string,
  fits: (source: Source) => Promise<true | string>,
  load: () => Promise<Reader>,
): Reader {
  return {
    format,
    async recognise(source) {
      const verdict = await fits(source);
      return verdict === true ? await (await load()).recognise(source) : verdict;
    },
    open: async (source, options) => await (await load()).open(source, options),
    faults: async (source) => await faultsOf(await load(), source),
  };
}

/** Whether a file, or a file of a folder, starts as HDF5 does, or as netCDF-3 where that may be. */
async function startsAsHdf5(
  source: Source,
  names = /\.(?:hdf5|h5|nc)$/i,
  orClassic = false,
): Promise<true | string> {
  const [first] = filesLike(source, names);
  if (first === undefined) return "it has no files *.hdf5, *.h5 or *.nc";
  using file = await source.files.get(first)!();
  const start = await readStart(file, START_BYTES);
  if (orClassic && String.fromCharCode(...start.subarray(0, 3)) === "CDF") return true;
  const fault = hdf5Fault(file.size, start);
  return fault === null ? true : `"${file.name}": ${fault}`;
}

/** Whether a file starts as netCDF does, of any version. */
function startsAsNetcdf(source: Source): Promise<true | string> {
  return startsAsHdf5(source, /\.(?:nc\d?|cdf|netcdf|hdf5|h5|he5)$/i, true);
}

/** Whether the first archive starts as one. */
async function startsAsNpz(source: Source): Promise<true | string> {
  const [first] = filesLike(source, /\.npz$/i);
  if (first === undefined) return "it has no files *.npz";
  using file = await source.files.get(first)!();
  const [p, k] = await readStart(file, 2);
  return p === 0x50 && k === 0x4b || "it is no archive *.npz";
}

/** Whether there is metadata of Zarr, an archive that may hold some, or a folder of a server. */
async function hasZarr(source: Source): Promise<true | string> {
  const marks = /(?:^|\/)(?:zarr\.json|\.z(?:metadata|group|array))$|\.zip$/i;
  const has = [...source.files.keys()].some((name) => marks.test(name)) ||
    (source.store && source.files.size === 0);
  return await Promise.resolve(has || "it has no zarr.json, .zmetadata or .zgroup, and no *.zarr.zip");
}

const BUILT_IN: readonly Reader[] = [
  deferred("well", startsAsHdf5, async () => (await import("./formats/well.ts")).wellReader),
  deferred("pdebench", startsAsHdf5, async () => (await import("./formats/pdebench.ts")).pdebenchReader),
  deferred("pdearena", startsAsHdf5, async () => (await import("./formats/pdearena.ts")).pdearenaReader),
  deferred("bubbleml", startsAsHdf5, async () => (await import("./formats/bubbleml.ts")).bubblemlReader),
  deferred("pdegym", startsAsHdf5, async () => (await import("./formats/pdegym.ts")).pdegymReader),
  deferred("netcdf", startsAsNetcdf, async () => (await import("./formats/netcdf.ts")).netcdfReader),
  deferred("flowbench", startsAsNpz, async () => (await import("./formats/flowbench.ts")).flowbenchReader),
  deferred("zarr", hasZarr, async () => (await import("./formats/zarr.ts")).zarrReader),
  deferred(
    "arrays",
    async ({ files }) => await Promise.resolve(files.has("arrays.yaml") || "it has no arrays.yaml"),
    async () => (await import("./formats/arrays.ts")).arraysReader,
  ),
];

const registered: Reader[] = [];

/**
 * Makes a format known: from then on {@link openData} also asks this reader, before those of the library.
 *
 * @param reader replaces one of the same format that was registered earlier
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { wellReader } from "./formats/well.ts";
 * registerReader({ ...wellReader, format: "own", recognise: () => Promise.resolve("it is not mine") });
 * await assert.rejects(openData(new Uint8Array(8)), /own: it is not mine; well, /);
 * ```
 */
export function registerReader(reader: Reader): void {
  const at = registered.findIndex(({ format }) => format === reader.format);
  if (at >= 0) registered[at] = reader;
  else registered.push(reader);
}

/** How data are opened. */
export interface DataOptions extends OpenOptions {
  /** Name of the only format to try. */
  readonly format?: string;
  /** How remote files are read. */
  readonly http?: HttpOptions;
  /** How a Hub is reached, for names that begin with `hf:`. */
  readonly hub?: HubOptions;
}

/**
 * Opens a data set: a file, several, or a folder with `train`, `valid` and `test` in the names of folders or files. Its
 * format is found by content.
 *
 * @param input path, URL, Blob, bytes or an open `ByteSource` (which stays the caller's); a list of them; a folder; or
 *   files by their names in a folder; or `hf:datasets/org/name`, of which a small set is fetched and kept, and a large one
 *   read by ranges
 * @param options format, masks, boundaries, remote files, Hub
 * @throws RangeError for what can not be opened; SyntaxError saying what each reader lacks, or what is wrong in a file
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const split = await data.split();
 * const trajectory = split.trajectory(0);
 * assert.deepEqual(trajectory.info.grid.shape, [64, 64]);
 * const { values, times } = await trajectory.sample([0, 1, 2]);
 * assert.equal(values.length, 2); // The fields A and B.
 * assert.equal(values[0]!.length, 3 * 64 * 64);
 * assert.equal(times.length, 3);
 * ```
 */
export async function openData(input: DataInput, options: DataOptions = {}): Promise<Dataset> {
  const { reader, source } = await findReader(input, options);
  const { masks, boundaries } = options;
  return await reader.open(source, { ...masks ? { masks } : {}, ...boundaries ? { boundaries } : {} });
}

/** The reader that recognises an input. */
async function findReader(
  input: DataInput,
  options: DataOptions,
): Promise<{ readonly reader: Reader; readonly source: Source }> {
  const readers = [...registered, ...BUILT_IN].filter(({ format }) => (options.format ?? format) === format);
  if (readers.length === 0) {
    const known = [...registered, ...BUILT_IN].map(({ format }) => format);
    throw new RangeError(`There is no data format "${options.format}", known are ${known.join(", ")}`);
  }
  const source = isHubName(input)
    ? await (await import("../hub/data.ts")).openHubData(input, options.hub)
    : await sourceOf(input, options.http);
  /** Formats by what they lack: those of one container often lack the same. */
  const lacks = new Map<string, string[]>();
  for (const reader of readers) {
    const verdict = await reader.recognise(source);
    if (verdict === true) return { reader, source };
    lacks.set(verdict, [...lacks.get(verdict) ?? [], reader.format]);
  }
  const reasons = [...lacks].map(([verdict, formats]) => `${formats.join(", ")}: ${verdict}`);
  // Whose files it nearly is, that reader knows what to say; of the others the usual format alone.
  const near = reasons.filter((reason) => reason.includes("looks like"));
  const said = near.length > 0
    ? [...near, ...reasons.filter((reason) => reason.startsWith("well"))]
    : reasons;
  throw new SyntaxError(`Cannot open "${source.name}" as data; ${said.join("; ")}`);
}

/**
 * Everything that is wrong with data, where {@link openData} names the first fault alone, and what is odd in them. No
 * field is read.
 *
 * @param input as of `openData`
 * @param options format, remote files
 * @returns those that make them unreadable are `fatal`
 * @throws RangeError for what can not be opened, SyntaxError for what no reader recognises
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const [fault] = await dataFaults("tests/fixtures/samples-bad/16_zero_trajectories.hdf5");
 * assert.deepEqual([fault!.fatal, fault!.what], [true, "n_trajectories is 0, wanted at least 1"]);
 * ```
 */
export async function dataFaults(input: DataInput, options: DataOptions = {}): Promise<readonly Fault[]> {
  const { reader, source } = await findReader(input, options);
  return await faultsOf(reader, source);
}
