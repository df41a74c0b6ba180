// A worker of this library, for as many data sets and networks as one likes.

import { Client } from "./client.ts";
import { startWorker } from "./endpoint.ts";

/** A worker. Whoever made it disposes of it, which ends all that lives in it. */
export class WorkerHandle implements Disposable {
  /** Calls what it does. */
  readonly client: Client;

  /** Made by {@link openWorker}. */
  constructor(client: Client) {
    this.client = client;
  }

  /** Ends the worker: what waits for it rejects with a DisposedError. */
  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
  }
}

/**
 * Where work is done: `true` for a worker of its own, whose script is this library's; an address for one with another
 * script (a bundle's, that imports the sub-path `worker`); or one that is open already, to share it.
 */
export type WorkerChoice = true | string | URL | WorkerHandle;

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
 * using worker = openWorker();
 * const names = ["gray_scott", "euler_quadrants"].map((name) => `examples/data/${name}_mini.hdf5`);
 * const sets = await Promise.all(names.map((name) => openData(name, { worker })));
 * assert.deepEqual(sets.map(({ format }) => format), ["well", "well"]);
 * ```
 */
export function openWorker(script?: string | URL): WorkerHandle {
  return new WorkerHandle(new Client(startWorker(script === undefined ? undefined : addressOf(script))));
}

function addressOf(script: string | URL): URL {
  const { location } = globalThis as { location?: { href: string } };
  return new URL(script, location?.href);
}

/** The worker of a choice, and what ends it with the one thing it was started for. */
export function workerOf(choice: WorkerChoice): { worker: WorkerHandle; own: DisposableStack } {
  const own = new DisposableStack();
  if (choice instanceof WorkerHandle) return { worker: choice, own };
  return { worker: own.use(openWorker(choice === true ? undefined : choice)), own };
}
