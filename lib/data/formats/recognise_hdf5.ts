// Whether HDF5 files are of a format: the first of them is opened and looked at.

import { type Hdf5File, openHdf5 } from "../../io/hdf5.ts";
import { filesLike, type Source } from "../source.ts";

/**
 * Whether the first HDF5 file of a source fits.
 *
 * @param source what was given
 * @param names of a collection's files in a folder
 * @param fits looks at the open file; true, or what it lacks
 */
export async function recogniseHdf5(
  source: Source,
  names: RegExp,
  fits: (file: Hdf5File) => Promise<true | string>,
): Promise<true | string> {
  const [first] = filesLike(source, names);
  if (first === undefined) return `it has no files like ${names.source.replaceAll("\\", "")}`;
  let file: Hdf5File;
  try {
    file = await openHdf5(await source.files.get(first)!());
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
  try {
    return await fits(file);
  } finally {
    file.close();
  }
}
