// The worker's side of `loader.ts`: opens the files for itself, answers plans one after the other.

import { openSplit } from "../../lib/data/split.ts";
import { readPlan } from "../../lib/train/mixture.ts";
import type { LoaderAnswer, LoaderRequest, LoaderSystem } from "./loader.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LoaderRequest>) => void) | null;
  postMessage(message: LoaderAnswer, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

async function openAll(systems: readonly LoaderSystem[]) {
  const opened = [];
  for (const { files, frames } of systems) opened.push({ split: await openSplit(files), frames });
  return opened;
}

let systems: ReturnType<typeof openAll> = Promise.resolve([]);
let turn: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if ("systems" in data) {
    systems = openAll(data.systems);
    // Met by the first plan.
    systems.catch(() => {});
    return;
  }
  const { id, plan } = data;
  turn = turn.then(async () => {
    try {
      const windows = await readPlan(await systems, plan);
      scope.postMessage({ id, windows }, windows.map(({ frames }) => frames.buffer as ArrayBuffer));
    } catch (error) {
      scope.postMessage({ id, error: (error as Error).message });
    }
  });
};
