// The worker's side of `pool.ts`: opens the data for itself, does one task after the other.

import { type Dataset, openData } from "walrus";
import { momentsOf } from "walrus/data";
import type { Answers, PoolAnswer, PoolRequest, PoolSetup, Task } from "./pool.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<PoolRequest>) => void) | null;
  postMessage(message: PoolAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;

let opened: Promise<Dataset> | null = null;

async function answer(task: Task): Promise<Answers[Task["kind"]]> {
  const data = await opened!;
  if (task.kind === "moments") {
    const split = await data.split(task.split);
    return await momentsOf(split.trajectory(task.range.trajectory), task.range);
  }
  // Loaded where something is written.
  const { writePiece } = await import("./convert/write_piece.ts");
  return await writePiece(data, task, (frames) => scope.postMessage({ frames }));
}

function open({ input, ...options }: PoolSetup): Promise<Dataset> {
  const opening = openData(input, options);
  // Met by the first task.
  opening.catch(() => {});
  return opening;
}

scope.onmessage = async ({ data }) => {
  if (!("task" in data)) {
    opened = open(data);
    return;
  }
  try {
    scope.postMessage({ answer: await answer(data.task) });
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ name, error: message });
  }
};
