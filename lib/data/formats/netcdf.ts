// netCDF files of the CF conventions: netCDF-4, which is HDF5 with dimension scales, and the classic formats. What their
// variables mean is found in cf/, from attributes and names.

import { openHdf5 } from "../../io/hdf5.ts";
import { hdf5Fault, START_BYTES } from "../../io/hdf5_start.ts";
import { openNetcdf3 } from "../../io/netcdf3.ts";
import { type ByteSource, readStart } from "../../io/source.ts";
import { filesLike, type Source } from "../source.ts";
import { cfSplits } from "./cf/splits.ts";
import type { CfGroup } from "./cf/variable.ts";
import { hasScales, hdf5Group } from "./netcdf/hdf5_group.ts";
import { netcdf3Group } from "./netcdf/netcdf3_group.ts";
import { collectionReader, type FileContext, stemOf, type StoredFile } from "./stored/collection.ts";

const FILES = /\.(?:nc\d?|cdf|netcdf|hdf5|h5|he5)$/i;

/** "CDF" and a version. */
function isClassic(start: Uint8Array): boolean {
  return start[0] === 0x43 && start[1] === 0x44 && start[2] === 0x46 && start[3]! < 0x20;
}

async function recognise(source: Source): Promise<true | string> {
  const [first] = filesLike(source, FILES);
  if (first === undefined) return "it has no files *.nc, *.nc4, *.cdf";
  const bytes = await source.files.get(first)!();
  try {
    const start = await readStart(bytes, START_BYTES);
    if (isClassic(start)) return true;
    if (hdf5Fault(bytes.size, start)) return `"${bytes.name}" starts neither as netCDF-3 nor as netCDF-4`;
    const file = await openHdf5(bytes);
    try {
      return await hasScales(file) ||
        `"${bytes.name}" is HDF5, but no dataset has dimension scales, which name the axes of netCDF-4`;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  } finally {
    bytes.close();
  }
}

/** A file's variables, whichever its format. */
async function openGroup(bytes: ByteSource): Promise<{ readonly root: CfGroup; readonly close: () => void }> {
  if (isClassic(await readStart(bytes, 4))) {
    const file = await openNetcdf3(bytes);
    return { root: netcdf3Group(file), close: () => file.close() };
  }
  const file = await openHdf5(bytes);
  try {
    return { root: await hdf5Group(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function open(bytes: ByteSource, context: FileContext): Promise<StoredFile> {
  const { name } = bytes;
  const { root, close } = await openGroup(bytes);
  try {
    const warnings: string[] = [];
    const splits = await cfSplits(root, name, context, warnings);
    return { dataset: stemOf(context.name), splits, warnings, close };
  } catch (error) {
    close();
    if (!(error instanceof SyntaxError) || error.message.includes(`"${name}"`)) throw error;
    throw new SyntaxError(`Cannot read "${name}": ${error.message}`, { cause: error });
  }
}

/** Reads netCDF files. */
export const netcdfReader = collectionReader({ format: "netcdf", files: FILES, recognise, open });
