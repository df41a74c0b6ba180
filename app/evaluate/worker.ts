// The worker's side of `pool.ts`: opens device, networks and data for itself, does one unit after the other.

import { Opened } from "./open.ts";
import type { WorkerAnswer, WorkerRequest } from "./pool.ts";
import { runUnit } from "./run_unit.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(message: WorkerAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;
const context = {
  print: () => {},
  // The command has said what there is to say of data and networks.
  warn: () => {},
  signal: new AbortController().signal,
};
let opened: Promise<Opened> | null = null;
let turn: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if ("setup" in data) {
    opened = Opened.open(data.setup, context);
    // Met by the first unit.
    opened.catch(() => {});
    return;
  }
  const { unit } = data;
  turn = turn.then(async () => {
    try {
      await runUnit(await opened!, unit);
      scope.postMessage({ id: unit.id });
    } catch (error) {
      scope.postMessage({ id: unit.id, error: (error as Error).message });
    }
  });
};
