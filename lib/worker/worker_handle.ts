// A worker of this library, for as many data sets and networks as one likes.

import { Client } from "./client.ts";
import { startWorker } from "./endpoint.ts";

/** A worker, made by `openWorker`. Whoever made it disposes of it, which ends all that lives in it. */
export interface WorkerHandle extends Disposable {
  /** Tells it from other disposable things. */
  readonly kind: "worker";
}

/** Who calls what a worker does. */
const clients = new WeakMap<WorkerHandle, Client>();

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
  const client = new Client(startWorker(script === undefined ? undefined : addressOf(script)));
  const handle: WorkerHandle = { kind: "worker", [Symbol.dispose]: () => client[Symbol.dispose]() };
  clients.set(handle, client);
  return handle;
}

/**
 * The worker of a choice.
 *
 * @returns who calls it, and what ends it with the one thing it was started for
 * @throws TypeError for a handle that is none
 */
export function workerOf(choice: WorkerChoice): { client: Client; own: DisposableStack } {
  const own = new DisposableStack();
  const isHandle = typeof choice === "object" && !(choice instanceof URL);
  const handle = isHandle ? choice : own.use(startHandle(choice === true ? undefined : choice));
  const client = clients.get(handle);
  if (!client) {
    throw new TypeError("The option worker is no worker of openWorker(), wanted one, true or an address");
  }
  return { client, own };
}
