// Readers of what is neither The Well's nor described arrays: files of other collections, netCDF, Zarr. Loaded when
// neither of those two recognises what was given.

import { readStart } from "../../io/source.ts";
import { deferredReader, startsAsHdf5 } from "../deferred_reader.ts";
import type { Reader } from "../reader.ts";
import { filesLike, type Source } from "../source.ts";

function startsAsCollection(source: Source): Promise<true | string> {
  return startsAsHdf5(source, /\.(?:hdf5|h5|nc)$/i, "*.hdf5, *.h5 or *.nc");
}

const NETCDF = /\.(?:nc\d?|cdf|netcdf|hdf5|h5|he5)$/i;

/** Whether a file starts as netCDF does, of any version. */
async function startsAsNetcdf(source: Source): Promise<true | string> {
  const [first] = filesLike(source, NETCDF);
  if (first !== undefined) {
    using file = await source.files.get(first)!();
    if (String.fromCharCode(...await readStart(file, 3)) === "CDF") return true;
  }
  return await startsAsHdf5(source, NETCDF, "*.hdf5, *.h5 or *.nc");
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

/** In the order in which they are asked: those of narrow formats before those of wide ones. */
export const OTHERS: readonly Reader[] = [
  deferredReader("pdebench", startsAsCollection, async () => (await import("./pdebench.ts")).pdebenchReader),
  deferredReader("pdearena", startsAsCollection, async () => (await import("./pdearena.ts")).pdearenaReader),
  deferredReader("bubbleml", startsAsCollection, async () => (await import("./bubbleml.ts")).bubblemlReader),
  deferredReader("pdegym", startsAsCollection, async () => (await import("./pdegym.ts")).pdegymReader),
  deferredReader("netcdf", startsAsNetcdf, async () => (await import("./netcdf.ts")).netcdfReader),
  deferredReader("flowbench", startsAsNpz, async () => (await import("./flowbench.ts")).flowbenchReader),
  deferredReader("zarr", hasZarr, async () => (await import("./zarr.ts")).zarrReader),
];
