// Whether a file is HDF5 by its first bytes: what can be said before the HDF5 library is loaded.

/** Bytes of the start that are looked at. */
export const START_BYTES = 1 << 16;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Why a file is no HDF5 file, in plain words; null when it looks like one.
 *
 * @param size of the file
 * @param start its first {@link START_BYTES} bytes, fewer where it is shorter
 */
export function hdf5Fault(size: number, start: Uint8Array): string | null {
  if (size === 0) return "it is empty, wanted an HDF5 file";
  const text = new TextDecoder().decode(start.subarray(0, 64));
  if (text.startsWith("version https://git-lfs")) return "it is a Git LFS pointer, fetch the file itself";
  // The signature stands at byte 0, or behind a user block at 512, 1024, 2048, ..
  for (let at = 0; at + 8 <= start.length; at = at === 0 ? 512 : at * 2) {
    if (SIGNATURE.every((byte, i) => start[at + i] === byte)) return null;
  }
  return `it is no HDF5 file, its first bytes are ${JSON.stringify(text.slice(0, 16))}`;
}
