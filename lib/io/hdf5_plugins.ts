// Filters that the HDF5 library lacks, as plug-ins of it (the package h5wasm-plugins): modules of WebAssembly that are
// loaded when a dataset first wants one. They see no more than the library's memory.

import type { Hdf5Library } from "./hdf5_library.ts";
import type { H5Filter } from "./hdf5_types.ts";
import { readSmall } from "./source.ts";

/** Filters the library has: deflate, shuffle, fletcher32, szip, nbit, scale-offset. */
const BUILT_IN = new Set([1, 2, 3, 4, 5, 6]);

/** Plug-ins by the registered number of their filter. That of bzip2 is left out: damaged chunks keep it for ever. */
export const PLUGINS: ReadonlyMap<number, string> = new Map([
  [32000, "lzf"],
  [32001, "blosc"],
  [32004, "lz4"],
  [32008, "bshuf"],
  [32013, "zfp"],
  [32015, "zstd"],
  [32026, "blosc2"],
]);

/** Compressors within blosc that its plug-in lacks: their place among the filter's numbers, and their names. */
const COMPRESSOR = 6;
const LACKING: Readonly<Record<number, string>> = { 3: "snappy", 4: "zlib" };
const BLOSC = new Set([32001, 32026]);

/** Bytes of a plug-in, at most. */
const LARGEST = 4 << 20;

/** First bytes of a module of WebAssembly. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** What to do about a filter that is not there. */
export const WITHOUT_FILTER = "rewrite it where the filter is installed, with h5repack -f GZIP=4 OLD NEW";

/** A filter by name and number, for messages. */
function nameOf({ id, name, cd_values: values }: H5Filter): string {
  const within = BLOSC.has(id) ? LACKING[values[COMPRESSOR] ?? 0] : undefined;
  // Some give sentences and addresses as their names.
  const short = PLUGINS.get(id) ?? name.replace(/[;,(].*/, "").trim();
  return within ? `${short} with ${within}` : short || `number ${id}`;
}

/** Name of the first filter of a dataset that neither the library nor a plug-in has; null when there is none. */
export function missingFilter(filters: readonly H5Filter[]): string | null {
  const missing = filters.find((filter) =>
    !BUILT_IN.has(filter.id) &&
    (!PLUGINS.has(filter.id) ||
      (BLOSC.has(filter.id) && LACKING[filter.cd_values[COMPRESSOR] ?? 0] !== undefined))
  );
  return missing ? nameOf(missing) : null;
}

/** Name of the file of a plug-in's module. */
export function pluginFile(name: string): string {
  return `libH5Z${name}.so`;
}

/** The module of a plug-in: in the package's folder, or, where the package became part of a script, beside that. */
async function fetchPlugin(name: string): Promise<Uint8Array> {
  const { base_url: base } = await import("h5wasm-plugins") as { base_url: string };
  const bundled = /\.m?js$/.test(new URL(base).pathname);
  const place = new URL(`plugins/${pluginFile(name)}`, bundled ? base : `${base}/`);
  const bytes = await readSmall(place, LARGEST);
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) throw new TypeError(`${place} is no plug-in`);
  return bytes;
}

const fetched = new Map<string, Promise<Uint8Array>>();

/**
 * Loads the plug-ins that a dataset wants and that are not loaded yet.
 *
 * @param filters of the dataset, none of which is missing
 * @throws SyntaxError, without the file's name, when one can not be loaded
 */
export async function loadPlugins(library: Hdf5Library, filters: readonly H5Filter[]): Promise<void> {
  for (const { id } of filters) {
    const name = PLUGINS.get(id);
    if (name === undefined || library.hasPlugin(id)) continue;
    const fetching = fetched.get(name) ?? fetchPlugin(name);
    fetched.set(name, fetching);
    try {
      const bytes = await fetching;
      // Another dataset may have wanted it meanwhile.
      if (!library.hasPlugin(id)) library.addPlugin(id, name, bytes);
    } catch (error) {
      fetched.delete(name);
      const why = error instanceof Error ? error.message : String(error);
      throw new SyntaxError(
        `the plug-in of its filter "${name}" can not be loaded (${why}): ${WITHOUT_FILTER}`,
        {
          cause: error,
        },
      );
    }
  }
}
