// The page's side of the worker that measures spectra and writes files; it is started with the first request.

import type { Answer, TaskName, Tasks } from "./messages.ts";

/** Does things elsewhere than on the page's thread. */
export interface Work {
  /**
   * @param name what is to be done
   * @param ask with what
   * @param transfer what may go to the worker for good
   * @throws Error in the worker's words
   */
  run<K extends TaskName>(
    name: K,
    ask: Tasks[K]["ask"],
    transfer?: readonly Transferable[],
  ): Promise<Tasks[K]["answer"]>;
}

/** Work in a worker whose script lies at an address. */
export function workerWork(address: () => URL): Work {
  let worker: Worker | null = null;
  let next = 0;
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  const open = () => {
    const started = new Worker(address(), { type: "module" });
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const who = waiting.get(data.id);
      waiting.delete(data.id);
      if ("error" in data) who?.reject(new Error(data.error));
      else who?.resolve(data.answer);
    };
    // A script that does not load, or memory that ran out: whoever waits is told, the next one starts anew.
    started.onerror = ({ message }) => {
      worker = null;
      started.terminate();
      for (const { reject } of waiting.values()) {
        reject(new Error(message || "the worker that writes files failed"));
      }
      waiting.clear();
    };
    return worker = started;
  };
  return {
    run: (name, ask, transfer = []) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
        (worker ?? open()).postMessage({ id, name, ask }, [...transfer]);
      }),
  };
}

/** The page's worker. */
export const work: Work = workerWork(() => new URL("take/worker.js", document.baseURI));
