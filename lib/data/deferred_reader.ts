// Readers of this library by what their files begin with: their code is loaded when that fits.

import { hdf5Fault, START_BYTES } from "../io/hdf5_start.ts";
import { readStart } from "../io/source.ts";
import type { Fault, Reader } from "./reader.ts";
import { filesLike, type Source } from "./source.ts";

/** Faults that a reader names, or the one that it refuses with. */
export async function faultsOf(reader: Reader, source: Source): Promise<readonly Fault[]> {
  if (reader.faults) return await reader.faults(source);
  try {
    (await reader.open(source))[Symbol.dispose]();
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return [{ file: source.name, what: error.message, fatal: true }];
  }
}

/** A reader whose code is loaded when `fits` finds nothing lacking. */
export function deferredReader(
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

/** Whether a file, or the first file of such a name in a folder, starts as HDF5 does. */
export async function startsAsHdf5(
  source: Source,
  names = /\.(?:hdf5|h5)$/i,
  said = "*.hdf5 or *.h5",
): Promise<true | string> {
  const [first] = filesLike(source, names);
  if (first === undefined) return `it has no files ${said}`;
  using file = await source.files.get(first)!();
  const fault = hdf5Fault(file.size, await readStart(file, START_BYTES));
  return fault === null ? true : `"${file.name}": ${fault}`;
}
