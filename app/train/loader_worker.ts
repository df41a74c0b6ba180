// The worker's side of `loader.ts`: opens the data for itself, answers plans one after the other.

import { openData, type Sample, type Split } from "walrus";
import { type ModelEntry, modelEntry } from "walrus/models";
import { type BatchPlan, readPlan } from "walrus/train";
import type { LoaderAnswer, LoaderRequest, LoaderSetup } from "./loader.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<LoaderRequest>) => void) | null;
  postMessage(message: LoaderAnswer, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

async function entryOf({ family, module }: LoaderSetup["model"]): Promise<ModelEntry> {
  return module ? (await import(module) as { entry: ModelEntry }).entry : modelEntry(family);
}

/** Opens everything; returns what answers a plan. */
async function open({ systems, masks, settings, model }: LoaderSetup) {
  const opened: { split: Split }[] = [];
  for (const { folder, split } of systems) {
    opened.push({ split: await (await openData(folder, { masks })).split(split) });
  }
  const family = await (await entryOf(model)).load();
  const network = family.fromConfig(model.config);
  return (plan: BatchPlan) => readPlan(opened, plan, settings, network);
}

/** The memory of samples, which the other side gets instead of copies; each of it once. */
function memoryOf(samples: readonly Sample[]): ArrayBuffer[] {
  return [...new Set(samples.flatMap(({ values }) => values.map(({ buffer }) => buffer as ArrayBuffer)))];
}

let read: ReturnType<typeof open> | null = null;
let turn: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if ("systems" in data) {
    read = open(data);
    // Met by the first plan.
    read.catch(() => {});
    return;
  }
  const { id, plan } = data;
  turn = turn.then(async () => {
    try {
      const samples = await (await read!)(plan);
      scope.postMessage({ id, samples }, memoryOf(samples));
    } catch (error) {
      scope.postMessage({ id, error: (error as Error).message });
    }
  });
};
