// Where frames are put that memory has no room for: a file of the browser's private storage (OPFS), which a worker writes
// and reads. It is this tab's own and empties with its scene; what a tab leaves behind that ended otherwise is removed
// when the app next starts.

import type { FrameNumbers } from "../scene.ts";

/** Keeps frames elsewhere. */
export interface FrameStore {
  /** Puts a frame away; gives its number. */
  put(frame: FrameNumbers): Promise<number>;
  get(key: number): Promise<FrameNumbers>;
  /** Forgets all frames and frees their room. */
  clear(): Promise<void>;
}

/** Folder of the files, one a tab. */
export const FOLDER = "walrus-frames";

/** What is asked of the worker, with a number for its answer. */
export type FrameRequest =
  & { readonly id: number }
  & (
    | { readonly kind: "put"; readonly frame: FrameNumbers }
    | { readonly kind: "get"; readonly key: number }
    | { readonly kind: "clear" }
  );

/** What it answers. */
export type FrameAnswer =
  & { readonly id: number }
  & ({ readonly value: number | FrameNumbers | null } | { readonly error: string });

/** A store in the browser's storage; its worker is started with the first frame. */
export function storedFrames(address: () => URL): FrameStore {
  let worker: Worker | null = null;
  let last = 0;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const fail = (reason: string) => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  const open = () => {
    worker = new Worker(address(), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FrameAnswer>) => {
      const who = waiting.get(data.id);
      waiting.delete(data.id);
      if ("error" in data) who?.reject(new Error(data.error));
      else who?.resolve(data.value);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || "the worker that keeps frames failed");
    };
    return worker;
  };
  const ask = (request: Omit<FrameRequest, "id">) => {
    const id = ++last;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    (worker ?? open()).postMessage({ ...request, id });
    return answer.promise;
  };
  return {
    put: (frame) => ask({ kind: "put", frame } as Omit<FrameRequest, "id">) as Promise<number>,
    get: (key) => ask({ kind: "get", key } as Omit<FrameRequest, "id">) as Promise<FrameNumbers>,
    clear: async () => void (worker && await ask({ kind: "clear" })),
  };
}

/** The part of the storage that is used; the libraries of pages and workers do not go together. */
interface Folder {
  getDirectoryHandle(name: string, options?: { create: boolean }): Promise<Folder>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterableIterator<string>;
}

/** Removes what tabs have left behind. Files of tabs that are open are locked, and stay. */
export async function sweepFrames(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory() as unknown as Folder;
    const folder = await root.getDirectoryHandle(FOLDER);
    const names = await Array.fromAsync(folder.keys());
    await Promise.allSettled(names.map((name) => folder.removeEntry(name)));
  } catch {
    // There is no such storage, or nothing in it.
  }
}
