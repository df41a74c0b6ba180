// What tells a folder that is a store of Zarr from others: metadata of its root.

import { ZARR_MARKS } from "./file.ts";
import type { FileStore } from "./file_store.ts";

/** A small file; null also where a server does not let everyone know what there is. */
export async function probe(store: FileStore, path: string): Promise<Uint8Array | null> {
  try {
    return await store.get(path);
  } catch (error) {
    if ([401, 403].includes((error as Error).cause as number)) return null;
    throw error;
  }
}

/** Whether a folder is a store of Zarr. */
export async function isZarr(store: FileStore): Promise<boolean> {
  for (const mark of ZARR_MARKS) if (await probe(store, mark)) return true;
  return false;
}
