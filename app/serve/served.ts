// Networks and data sets as the configuration names them, each where the thread that answers stays free of it.

import { loadModel, openData, openWorker, type WorkerHandle } from "walrus";
import type { ForecastModel } from "walrus";
import { isHubName } from "walrus/hub";
import { isRemote } from "walrus/io";
import { isOnHub } from "walrus/models";
import type { ServedDataset, ServedModel } from "walrus/serve";
import type { Context } from "../cli.ts";
import { hubFor } from "../hub.ts";
import type { Log } from "./log.ts";
import type { ModelSettings, ServeSettings } from "./settings_schema.ts";

/** Loads a network into a worker of its own. */
async function load(
  name: string,
  settings: ModelSettings,
  context: Context,
  log: Log,
): Promise<ForecastModel> {
  const { checkpoint, config, backend, weights, memory, threads } = settings;
  const began = performance.now();
  const model = await loadModel(checkpoint, {
    worker: true,
    backend,
    weights,
    deviceOptions: { wasm: { maximumBytes: memory, ...(threads === null ? {} : { threads }) } },
    ...(config === null ? {} : { config }),
    ...hubFor(context, checkpoint, config),
  });
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  log("info", "model opened", { model: name, device: model.deviceName, seconds });
  for (const warning of model.warnings) log("warn", "model", { model: name, warning });
  return model;
}

/** What is served by name, and what ends with the endpoint. */
export interface Served<T> extends Disposable {
  readonly served: Readonly<Record<string, T>>;
}

/** Networks, those opened that are to be before the endpoint is ready. @throws what is wrong with one */
export async function servedModels(
  { models }: ServeSettings,
  context: Context,
  log: Log,
): Promise<Served<ServedModel>> {
  const unused = new Set<ForecastModel>();
  const made = Object.entries(models).map(async ([name, settings]) => {
    let ready = settings.preload ? await load(name, settings, context, log) : null;
    if (ready) unused.add(ready);
    const { description } = settings;
    const served: ServedModel = {
      ...(description === null ? {} : { description }),
      load: async () => {
        // Only once: the service disposes of what it got when it needs the memory.
        const model = ready ?? await load(name, settings, context, log);
        ready = null;
        unused.delete(model);
        return model;
      },
    };
    return [name, served] as const;
  });
  const end = () => {
    for (const model of unused) model[Symbol.dispose]();
  };
  try {
    return { served: Object.fromEntries(await Promise.all(made)), [Symbol.dispose]: end };
  } catch (error) {
    await Promise.allSettled(made);
    end();
    throw error;
  }
}

/** Data sets: read and decoded in one worker of their own, opened at first use. */
export function servedData(
  { data }: ServeSettings,
  context: Context,
  log: Log,
): Served<ServedDataset> {
  let worker: Promise<WorkerHandle> | null = null;
  const datasets = Object.entries(data).map(([name, { input, description, masks }]) => {
    const served: ServedDataset = {
      ...(description === null ? {} : { description }),
      open: async () => {
        const opened = await openData(input, {
          worker: await (worker ??= openWorker()),
          masks,
          ...hubFor(context, input),
        });
        for (const warning of opened.warnings) log("warn", "data", { data: name, warning });
        return opened;
      },
    };
    return [name, served] as const;
  });
  return {
    served: Object.fromEntries(datasets),
    [Symbol.dispose]: () => void worker?.then((worker) => worker[Symbol.dispose](), () => {}),
  };
}

/** Whether something is on another machine. */
function isElsewhere(place: string): boolean {
  return isHubName(place) || isRemote(place) || isOnHub(place);
}

/**
 * Files of the configuration that are not there.
 *
 * @returns every one in words
 */
export async function missingFiles({ models, data }: ServeSettings): Promise<string[]> {
  const places = [
    ...Object.entries(models).flatMap(([name, { checkpoint, config }]) => [
      [`models.${name}.checkpoint`, checkpoint] as const,
      ...(config === null ? [] : [[`models.${name}.config`, config] as const]),
    ]),
    ...Object.entries(data).map(([name, { input }]) => [`data.${name}.input`, input] as const),
  ];
  const found = places.map(async ([key, place]) => {
    if (isElsewhere(place)) return [];
    return await Deno.stat(place).then(() => [], () => [`${key} is "${place}", which is not there`]);
  });
  return (await Promise.all(found)).flat();
}
