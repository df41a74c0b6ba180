// What is in a file that no reader of data takes: the arrays of an HDF5 file or of NumPy's. Looks inside the library,
// since nothing but this command has a use for files that are no data yet.

import { openHubData } from "../../lib/hub/data.ts";
import { type Hdf5File, openHdf5 } from "../../lib/io/hdf5.ts";
import { openNpy } from "../../lib/io/npy.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { type HubOptions, isHubName } from "walrus/hub";
import { openSource, type SourceInput } from "walrus/io";
import type { TensorReport } from "./report.ts";

/** Arrays that are listed of a file, and groups within groups that are looked into. */
const MOST = 1_000;
const DEEPEST = 8;

/** Arrays of a file; empty where it is damaged. */
export interface Contents {
  readonly format: string;
  readonly arrays: readonly TensorReport[];
}

async function hdf5Arrays(file: Hdf5File): Promise<TensorReport[]> {
  const found: TensorReport[] = [];
  const visit = async (group: string, depth: number): Promise<void> => {
    for (const name of await file.keys(group || "/")) {
      if (found.length >= MOST) return;
      const path = group ? `${group}/${name}` : name;
      const kind = await file.kind(path);
      if (kind === "group" && depth < DEEPEST) await visit(path, depth + 1);
      if (kind !== "dataset") continue;
      const { shape, type } = await file.dataset(path);
      found.push({ name: path, dtype: type, shape });
    }
  };
  await visit("", 0);
  return found;
}

/** A file that may lie on a Hub: read there by ranges, unless it is kept. */
async function placeOf(input: string, hub?: HubOptions): Promise<SourceInput> {
  if (!isHubName(input)) return input;
  const { files, folder } = await openHubData(input, hub);
  const [open] = files.values();
  if (folder || !open) throw new RangeError(`"${input}" is a folder, wanted a file`);
  return await open();
}

/**
 * Arrays of an HDF5 file, as far as it can be read.
 *
 * @param input path, URL or name on a Hub
 * @param hub how a Hub is reached
 */
export async function hdf5Contents(input: string, hub?: HubOptions): Promise<Contents> {
  try {
    using file = await openHdf5(await placeOf(input, hub));
    return { format: "hdf5", arrays: await hdf5Arrays(file) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return { format: "hdf5", arrays: [] };
    throw error;
  }
}

/**
 * Arrays of NumPy's files.
 *
 * @param input path or URL of a `.npy` or `.npz` file
 * @throws SyntaxError for a broken one
 */
export async function numpyContents(input: string): Promise<Contents> {
  const source = await openSource(input);
  try {
    const [first] = await source.read(0, Math.min(1, source.size));
    if (first !== 0x50) {
      const { type, shape } = await openNpy(source);
      return { format: "npy", arrays: [{ name: source.name, dtype: type, shape }] };
    }
    const archive = await openNpz(source);
    const arrays: TensorReport[] = [];
    for (const name of archive.arrays.slice(0, MOST)) {
      const { type, shape } = await archive.open(name);
      arrays.push({ name, dtype: type, shape });
    }
    return { format: "npz", arrays };
  } finally {
    source.close();
  }
}
