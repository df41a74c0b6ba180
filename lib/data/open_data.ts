// Opens data of any known format: the reader is found by content, and its code is loaded only then.

import { isHubName } from "../hub/name.ts";
import type { HubOptions } from "../hub/options.ts";
import type { HttpOptions } from "../io/http.ts";
import type { Dataset } from "./dataset.ts";
import { deferredReader, faultsOf, startsAsHdf5 } from "./deferred_reader.ts";
import type { Fault, OpenOptions, Reader } from "./reader.ts";
import { type DataInput, type Source, sourceOf } from "./source.ts";

/** Those that are asked first; the others are loaded when neither recognises what was given. */
const BUILT_IN: readonly Reader[] = [
  deferredReader("well", startsAsHdf5, async () => (await import("./formats/well.ts")).wellReader),
  deferredReader(
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
  const { format } = options;
  const first = [...registered, ...BUILT_IN];
  const others = async () => (await import("./formats/others.ts")).OTHERS;
  if (format !== undefined) {
    const known = [...first, ...await others()].map((reader) => reader.format);
    if (!known.includes(format)) {
      throw new RangeError(`There is no data format "${format}", known are ${known.join(", ")}`);
    }
  }
  const source = isHubName(input)
    ? await (await import("../hub/data.ts")).openHubData(input, options.hub)
    : await sourceOf(input, options.http);
  /** Formats by what they lack: those of one container often lack the same. */
  const lacks = new Map<string, string[]>();
  for (const readers of [() => Promise.resolve(first), others]) {
    for (const reader of await readers()) {
      if (format !== undefined && reader.format !== format) continue;
      const verdict = await reader.recognise(source);
      if (verdict === true) return { reader, source };
      lacks.set(verdict, [...lacks.get(verdict) ?? [], reader.format]);
    }
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
