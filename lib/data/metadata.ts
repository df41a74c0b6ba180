// Metadata of a Well file with boundaries as numbers.

import type { Hdf5File } from "../io/hdf5.ts";
import { type Boundaries, boundaryCodes } from "./boundaries.ts";
import { readMetadata as readNamed, type WellMetadata as NamedMetadata } from "./formats/well/metadata.ts";

export type { FieldInfo, ScalarInfo } from "./formats/well/metadata.ts";

/** Everything about a file but its numbers. */
export interface WellMetadata extends Omit<NamedMetadata, "boundaries"> {
  /** Codes of the near and far side of each axis. */
  readonly boundaries: Boundaries;
}

/**
 * Reads and checks a file's metadata.
 *
 * @param file an open HDF5 file
 * @throws SyntaxError naming the file, the object, its value and what was wanted
 */
export async function readMetadata(file: Hdf5File): Promise<WellMetadata> {
  const metadata = await readNamed(file);
  return { ...metadata, boundaries: boundaryCodes(metadata.boundaries) };
}
