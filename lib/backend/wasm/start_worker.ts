// Starting a thread: a web worker, or one of Node's `worker_threads`, which is taken from the running process so that
// nothing here is an import that a bundler or a browser would look for.

import { NODE_PRELUDE, WORKER_SOURCE, type WorkerStart } from "./worker.ts";

/** The parts of `node:worker_threads` and `node:os` that are used here. */
interface NodeWorker {
  once(event: "message" | "error", listener: (value: unknown) => void): void;
  postMessage(data: unknown): void;
}
interface NodeThreads {
  readonly Worker: new (source: string, options: { eval: true }) => NodeWorker;
}

/** What Node's `process` has. */
interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

const nodeProcess = () => (globalThis as { process?: NodeProcess }).process;

/** The engine of Node 20 leaves threads that share a WebAssembly memory waiting for ever in its baseline code. */
const OLDEST_NODE = 22;

/** Whether this is a Node whose threads can not be used. */
export function isOldNode(): boolean {
  return typeof Worker === "undefined" && parseInt(nodeProcess()?.versions?.node ?? "99") < OLDEST_NODE;
}

function nodeThreads(): NodeThreads | undefined {
  if (isOldNode()) return undefined;
  return nodeProcess()?.getBuiltinModule?.("worker_threads") as NodeThreads | undefined;
}

/** Whether threads can be started here. */
export function hasWorkers(): boolean {
  return typeof Worker !== "undefined" || nodeThreads()?.Worker !== undefined;
}

/** Processors of the machine, as far as the runtime says. */
export function processors(): number {
  const os = nodeProcess()?.getBuiltinModule?.("os") as { availableParallelism?(): number } | undefined;
  return globalThis.navigator?.hardwareConcurrency ?? os?.availableParallelism?.() ?? 1;
}

function startWebWorker(start: WorkerStart): Promise<void> {
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { type: "module" });
    const settle = (finish: () => void) => {
      URL.revokeObjectURL(url);
      worker.onmessage = worker.onerror = null;
      finish();
    };
    worker.onmessage = () => settle(resolve);
    worker.onerror = (event) => {
      event.preventDefault();
      settle(() => reject(new Error(`Cannot start thread ${start.thread}: ${event.message}`)));
    };
    worker.postMessage(start);
  });
}

function startNodeWorker({ Worker }: NodeThreads, start: WorkerStart): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(NODE_PRELUDE + WORKER_SOURCE, { eval: true });
    worker.once("message", () => resolve());
    worker.once("error", (error) => {
      reject(new Error(`Cannot start thread ${start.thread}: ${(error as Error).message}`));
    });
    worker.postMessage(start);
  });
}

/**
 * Starts a thread.
 *
 * @param start what it is given
 * @throws Error when it can not be started
 */
export function startWorker(start: WorkerStart): Promise<void> {
  // Deno has both kinds.
  const threads = typeof Worker === "undefined" ? nodeThreads() : undefined;
  return threads ? startNodeWorker(threads, start) : startWebWorker(start);
}
