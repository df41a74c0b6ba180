// Workers that each open the same data and do what they are asked, so that all processors of a machine read, compress and
// sum up. Who asks gets answers in the order of its questions, whoever answers first.

import type { FrameMoments, FrameRange, Masks } from "walrus/data";
import type { BoundaryNames } from "walrus/data";
import type { HubOptions } from "walrus/hub";
import type { Piece } from "./convert/plan.ts";
import type { Settings } from "./convert/settings.ts";

/** What each worker opens. */
export interface PoolSetup {
  readonly input: string;
  readonly format?: string;
  readonly masks: Masks;
  readonly boundaries?: BoundaryNames;
  /** Where a Hub's files are. */
  readonly hub?: Pick<HubOptions, "cache" | "endpoint" | "token" | "offline">;
}

/** What can be asked. */
export type Task =
  | { readonly kind: "moments"; readonly split: string; readonly range: FrameRange }
  | {
    readonly kind: "write";
    readonly piece: Piece;
    readonly settings: Settings;
    /** Where to, and the name until it is whole. */
    readonly path: string;
    readonly temporary: string;
  };

/** What an answer is, by kind. */
export interface Answers {
  readonly moments: readonly FrameMoments[];
  /** Bytes that were written, and what could not be carried over. */
  readonly write: { readonly bytes: number; readonly notes: readonly string[] };
}

/** To a worker: first what to open, then tasks, one at a time. */
export type PoolRequest = PoolSetup | { readonly task: Task };

/** From a worker: frames that are done, or the end of a task. */
export type PoolAnswer =
  | { readonly frames: number }
  | { readonly answer: Answers[keyof Answers] }
  | { readonly error: string; readonly name: string };

interface Waiting {
  readonly task: Task;
  readonly onFrames?: ((count: number) => void) | undefined;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** Errors keep their kind on the way. */
function errorOf(name: string, message: string): Error {
  const Kind = { RangeError, SyntaxError, TypeError }[name] ?? Error;
  return new Kind(message);
}

/** How many workers there are unless a user says so: more than eight wait for the disk. */
export function usualWorkers(): number {
  return Math.min(navigator.hardwareConcurrency, 8);
}

/** Workers with open data. */
export class DataPool {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  readonly #queue: Waiting[] = [];
  readonly #signal: AbortSignal;
  readonly #end: () => void;

  /**
   * @param setup what each opens
   * @param count how many
   * @param signal ends them
   */
  constructor(setup: PoolSetup, count: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#end = () => this[Symbol.dispose]();
    signal.addEventListener("abort", this.#end, { once: true });
    for (let i = 0; i < count; i++) this.#idle.push(this.#start(setup));
  }

  /** How many there are. */
  get size(): number {
    return this.#idle.length + this.#busy.size;
  }

  /**
   * Asks for something.
   *
   * @param task what
   * @param onFrames told of progress
   * @throws what the worker met; the reason of the signal
   */
  ask<K extends Task["kind"]>(
    task: Task & { readonly kind: K },
    onFrames?: (count: number) => void,
  ): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) return reject(this.#signal.reason);
      this.#queue.push({ task, onFrames, resolve: resolve as Waiting["resolve"], reject });
      this.#next();
    });
  }

  #start(setup: PoolSetup): Worker {
    const worker = new Worker(new URL("./pool_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<PoolAnswer>) => {
      const waiting = this.#busy.get(worker);
      if (!waiting) return;
      if ("frames" in data) return waiting.onFrames?.(data.frames);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      if ("answer" in data) waiting.resolve(data.answer as never);
      else waiting.reject(errorOf(data.name, data.error));
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`A worker failed: ${event.message}`);
      this.#busy.get(worker)?.reject(error);
      this.#busy.delete(worker);
      if (this.size > 0) return;
      // Nobody is left who could answer.
      for (const { reject } of this.#queue.splice(0)) reject(error);
    };
    worker.postMessage(setup satisfies PoolRequest);
    return worker;
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      const [waiting, worker] = [this.#queue.shift()!, this.#idle.pop()!];
      this.#busy.set(worker, waiting);
      worker.postMessage({ task: waiting.task } satisfies PoolRequest);
    }
  }

  /** Ends the workers; what was asked and not answered is rejected. */
  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#end);
    const reason = this.#signal.aborted ? this.#signal.reason : new Error("The workers were ended");
    for (const { reject } of [...this.#busy.values(), ...this.#queue]) reject(reason);
    for (const worker of [...this.#busy.keys(), ...this.#idle]) worker.terminate();
    this.#busy.clear();
    this.#queue.length = 0;
    this.#idle.length = 0;
  }
}
