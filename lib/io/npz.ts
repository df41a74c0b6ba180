// NumPy's archives of arrays: zip files of .npy entries, stored as they are (read by range) or compressed.

import type { ByteSource } from "./byte_source.ts";
import { type NpyArray, openNpy } from "./npy.ts";
import { quoted } from "./quote.ts";
import { openEntry, readZip } from "./zip.ts";

/** An open archive. */
export interface Npz {
  /** Path or URL, for messages. */
  readonly name: string;
  /** Names of its arrays. */
  readonly arrays: readonly string[];
  /**
   * Opens an array; it ends with the archive.
   *
   * @throws RangeError for one that is not there
   */
  open(array: string): Promise<NpyArray>;
  /** Lets go of the file. */
  close(): void;
}

const ENDING = ".npy";

/**
 * Opens an archive.
 *
 * @param source becomes the archive's own
 * @throws SyntaxError for a broken archive
 */
export async function openNpz(source: ByteSource): Promise<Npz> {
  const entries = await readZip(source, { deflated: true });
  const arrays = [...entries.keys()].filter((n) => n.endsWith(ENDING)).map((n) => n.slice(0, -ENDING.length));
  return {
    name: source.name,
    arrays,
    async open(array) {
      const entry = entries.get(array + ENDING);
      if (!entry) {
        throw new RangeError(`"${source.name}" has no array "${array}", it has ${quoted(arrays.join(", "))}`);
      }
      return await openNpy(await openEntry(source, entry));
    },
    close: () => source.close(),
  };
}
