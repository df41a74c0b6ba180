// Starting a worker that several data sets and networks share. What talks to it is loaded when there is one.

import type { WorkerHandle } from "./worker_handle.ts";

/**
 * Starts a worker that reads data and computes, so that the thread that calls stays free. In Deno it wants the right to
 * read this library's files where they are on disk.
 *
 * @param script of the worker: that of this library unless given
 * @throws TypeError in a runtime without workers
 *
 * @example Several data sets in one worker; `loadModel` takes it as well
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using worker = await openWorker();
 * const names = ["gray_scott", "euler_quadrants"].map((name) => `examples/data/${name}_mini.hdf5`);
 * const sets = await Promise.all(names.map((name) => openData(name, { worker })));
 * assert.deepEqual(sets.map(({ format }) => format), ["well", "well"]);
 * ```
 */
export async function openWorker(script?: string | URL): Promise<WorkerHandle> {
  return (await import("./worker_handle.ts")).startHandle(script);
}
