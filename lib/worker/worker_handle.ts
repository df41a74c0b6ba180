// A worker of this library, for as many data sets and networks as one likes.

import { Client } from "./client.ts";
import { startWorker } from "./endpoint.ts";

/** A worker. Whoever made it disposes of it, which ends all that lives in it. */
export class WorkerHandle implements Disposable {
  /** Calls what it does. */
  readonly client: Client;

  /** Made by `openWorker`. */
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

function addressOf(script: string | URL): URL {
  const { location } = globalThis as { location?: { href: string } };
  return new URL(script, location?.href);
}

/** Starts a worker. @param script of it: that of this library unless given */
export function startHandle(script?: string | URL): WorkerHandle {
  return new WorkerHandle(new Client(startWorker(script === undefined ? undefined : addressOf(script))));
}

/** The worker of a choice, and what ends it with the one thing it was started for. */
export function workerOf(choice: WorkerChoice): { worker: WorkerHandle; own: DisposableStack } {
  const own = new DisposableStack();
  if (choice instanceof WorkerHandle) return { worker: choice, own };
  return { worker: own.use(startHandle(choice === true ? undefined : choice)), own };
}
