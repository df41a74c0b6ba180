// The two ends of a worker: a web worker, or one of Node's `worker_threads`.

import { builtin } from "../io/builtin.ts";

/** Sends and receives messages. */
export interface Endpoint {
  /** Sends one; @throws DOMException for what can not be cloned */
  post(message: unknown): void;
  /** Told of each message that arrives. */
  onMessage(listener: (message: unknown) => void): void;
}

/** A worker as whoever started it sees it. */
export interface StartedWorker extends Endpoint {
  /** Told when it ends by an error: it could not be loaded, or something in it was not caught. */
  onFailure(listener: (error: Error) => void): void;
  /** Ends it at once. */
  terminate(): void;
}

/** The parts of `node:worker_threads` that are used. */
interface NodePort {
  on(event: string, listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
}
interface NodeThreads {
  readonly parentPort: NodePort | null;
  readonly Worker: new (module: URL) => NodePort & { terminate(): Promise<number> };
}

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  addEventListener(event: "message", listener: (event: MessageEvent) => void): void;
  postMessage(message: unknown): void;
}

/** A bundler that moves this script leaves the worker's behind. */
const NOT_LOADED =
  "its script could not be loaded; the option worker takes the address of one that a bundler made";

function webWorker(worker: Worker): StartedWorker {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener("message", ({ data }) => listener(data)),
    onFailure: (listener) => {
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        listener(new Error(`The worker ended: ${event.message || NOT_LOADED}`));
      });
    },
    terminate: () => worker.terminate(),
  };
}

function nodeWorker({ Worker }: NodeThreads, module: URL): StartedWorker {
  const worker = new Worker(module);
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on("message", listener),
    onFailure: (listener) =>
      worker.on("error", (error) => listener(new Error(`The worker ended: ${(error as Error).message}`))),
    terminate: () => void worker.terminate(),
  };
}

/** Script of a worker, beside this one. */
const SCRIPT = "./main.ts";

/**
 * Its address. Not in one expression with the worker: bundlers that know that form make a script without chunks of it,
 * which this one can not be.
 */
function besideThis(script: string): URL {
  return new URL(script, import.meta.url);
}

/** Starts a script of another site as one of this: browsers refuse the former, and load what the latter imports. */
function fromElsewhere(module: URL): Worker {
  const text = `import ${JSON.stringify(module.href)};`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

/**
 * Starts a worker.
 *
 * @param module its script; that of the library unless given
 * @throws TypeError in a runtime without workers
 */
export function startWorker(module?: URL): StartedWorker {
  const threads = typeof Worker === "undefined" ? builtin<NodeThreads>("worker_threads") : null;
  const own = module ?? besideThis(SCRIPT);
  if (threads) return nodeWorker(threads, own);
  if (typeof Worker === "undefined") {
    throw new TypeError("Cannot start a worker: this runtime has none, leave out the option `worker`");
  }
  const { location } = globalThis as { location?: { origin: string } };
  const isElsewhere = (url: URL) =>
    /^https?:/.test(url.protocol) && location !== undefined && /^https?:/.test(location.origin) &&
    url.origin !== location.origin;
  return webWorker(isElsewhere(own) ? fromElsewhere(own) : new Worker(own, { type: "module" }));
}

/** The other end, within a worker; null elsewhere. */
export function ownEndpoint(): Endpoint | null {
  const port = builtin<NodeThreads>("worker_threads")?.parentPort;
  if (port) {
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => port.on("message", listener),
    };
  }
  if ("document" in globalThis || !("postMessage" in globalThis)) return null;
  const scope = globalThis as unknown as WorkerScope;
  return {
    post: (message) => scope.postMessage(message),
    onMessage: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
  };
}
