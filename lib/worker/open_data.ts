// Opening data, on this thread or in a worker.

import type { Dataset } from "../data/dataset.ts";
import { type DataOptions, openData as openHere } from "../data/open_data.ts";
import type { DataInput } from "../data/source.ts";
import type { WorkerChoice } from "./worker_handle.ts";

/** How data are opened, and where. */
export interface OpenDataOptions extends DataOptions {
  /**
   * Whether files are read and decoded in a worker: `true`, the address of a worker's script, or a worker that is open.
   * Here unless given.
   */
  readonly worker?: WorkerChoice | false;
}

/**
 * Opens a data set: a file, several, or a folder with `train`, `valid` and `test` in the names of folders or files. Its
 * format is found by content.
 *
 * @param input path, URL, Blob, bytes or an open `ByteSource` (which stays the caller's, and of this thread); a list of
 *   them; a folder; or files by their names in a folder; or `hf:datasets/org/name`, of which a small set is fetched and
 *   kept, and a large one read by ranges
 * @param options worker, format, masks, boundaries, remote files, Hub
 * @throws RangeError for what can not be opened; SyntaxError saying what each reader lacks, or what is wrong in a file;
 *   TypeError for what can not be handed to a worker
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * using data = await openData("examples/data/gray_scott_mini.hdf5", { worker: true });
 * const trajectory = (await data.split()).trajectory(0);
 * assert.deepEqual(trajectory.info.grid.shape, [64, 64]);
 * const { values } = await trajectory.sample([0, 1, 2]);
 * assert.equal(values[0]!.length, 3 * 64 * 64);
 * ```
 */
export async function openData(
  input: DataInput,
  { worker, ...options }: OpenDataOptions = {},
): Promise<Dataset> {
  if (!worker) return await openHere(input, options);
  const { workerOf } = await import("./worker_handle.ts");
  const { RemoteData } = await import("./remote_data.ts");
  const { client, own } = workerOf(worker);
  using started = own;
  const opened = await client.call<ConstructorParameters<typeof RemoteData>[1]>(
    "openData",
    [input, options],
    true,
  );
  return new RemoteData(client, opened, started.move());
}
