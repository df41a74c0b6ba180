// What a worker of this library does for whoever started it: opens data and networks, reads samples, forecasts. Files
// are read and decoded here, programs traced, compiled and run.

import { type BackendName, type DeviceOptions, forForecasts, openDevice } from "../backend/auto.ts";
import { usualThreads } from "../backend/wasm/device.ts";
import type { Device, DeviceLostError } from "../compile/device.ts";
import { varyingCount } from "../data/components.ts";
import type { Dataset, Sample, SampleInfo, Split } from "../data/dataset.ts";
import { type DataOptions, openData } from "../data/open_data.ts";
import type { Statistics } from "../data/statistics.ts";
import type { DataInput } from "../data/source.ts";
import { loadModel, type LoadOptions } from "../forecast/load.ts";
import type { LoadedModel } from "../forecast/loaded_model.ts";
import type { RolloutOptions } from "../forecast/rollout.ts";
import type { SourceInput } from "../io/source.ts";
import type { Learnt, ModelEntry } from "../models/model.ts";
import { modelEntries } from "../models/registry.ts";
import { compact } from "./compact.ts";

/** A data set that is open in a worker. */
export interface OpenedData {
  readonly id: number;
  readonly name: string;
  readonly format: string;
  readonly warnings: readonly string[];
  readonly splits: readonly string[];
}

/** A trajectory without its numbers. */
export interface ListedTrajectory {
  readonly name: string;
  readonly info: SampleInfo;
  readonly steps: number;
  readonly kind: string;
}

/** A split without its numbers. */
export interface ListedSplit {
  readonly name: string;
  readonly dataset: string;
  readonly trajectories: readonly ListedTrajectory[];
}

/** A network that is loaded in a worker: enough to make it again, without weights. */
export interface OpenedModel {
  readonly id: number;
  readonly family: string;
  readonly config: unknown;
  readonly learnt: Learnt | null;
  readonly warnings: readonly string[];
  readonly deviceName: string;
}

/** How a worker loads a network. */
export interface WorkerLoadOptions extends Omit<LoadOptions, "device" | "registry"> {
  readonly backend: BackendName;
  readonly deviceOptions: DeviceOptions;
  /** Addresses of modules that export further families as `entry`. */
  readonly modules: readonly string[];
}

/** A rollout in a worker: devices are made there. */
export interface WorkerRolloutOptions extends Omit<RolloutOptions, "onDeviceLost" | "stepInputs"> {
  /** Backend of the next device when the present one is lost. */
  readonly onDeviceLost?: (error: DeviceLostError) => BackendName | Promise<BackendName>;
}

/** A frame without what it shares with its window. */
export interface SentFrame {
  readonly values: readonly Float32Array[];
  readonly step: number;
  readonly time: number;
  /** Of the device that computed it. */
  readonly deviceName: string;
}

async function registryWith(modules: readonly string[]): Promise<readonly ModelEntry[]> {
  const own = await Promise.all(
    modules.map(async (module) => (await import(module) as { readonly entry: ModelEntry }).entry),
  );
  return [...modelEntries(), ...own];
}

/** Things by number. */
class Numbered<T extends Disposable> {
  readonly #things = new Map<number, T>();
  #last = 0;

  add(thing: T): number {
    this.#things.set(++this.#last, thing);
    return this.#last;
  }

  get(id: number): T {
    const thing = this.#things.get(id);
    if (!thing) throw new RangeError(`The worker has nothing of number ${id}`);
    return thing;
  }

  end(id: number): void {
    this.#things.get(id)?.[Symbol.dispose]();
    this.#things.delete(id);
  }
}

/** A network with the devices that were made for it. */
class HostedModel implements Disposable {
  readonly model: LoadedModel;
  readonly #devices: Device[];
  readonly #open: (backend: BackendName) => Promise<Device>;

  constructor(model: LoadedModel, device: Device, open: (backend: BackendName) => Promise<Device>) {
    this.model = model;
    this.#devices = [device];
    this.#open = open;
  }

  /** Another device, in the place of a lost one. */
  async openNext(backend: BackendName): Promise<Device> {
    const device = await this.#open(backend);
    this.#devices.push(device);
    return device;
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    for (const device of this.#devices) device[Symbol.dispose]();
  }
}

const datasets = new Numbered<Dataset>();
const models = new Numbered<HostedModel>();
const splits = new WeakMap<Dataset, Map<string, Promise<Split>>>();

/** A split, the same object each time. */
function splitOf(id: number, name: string): Promise<Split> {
  const data = datasets.get(id);
  const known = splits.get(data) ?? new Map<string, Promise<Split>>();
  splits.set(data, known);
  const split = known.get(name) ?? data.split(name);
  known.set(name, split);
  return split;
}

/** All methods of a worker. */
export const METHODS = {
  async openData(input: DataInput, options: DataOptions): Promise<OpenedData> {
    const data = await openData(input, options);
    const { name, format, warnings, splits } = data;
    return { id: datasets.add(data), name, format, warnings, splits };
  },

  async split(id: number, name: string): Promise<ListedSplit> {
    const split = await splitOf(id, name);
    const trajectories = Array.from({ length: split.trajectories }, (_, i): ListedTrajectory => {
      const { name, info, steps } = split.trajectory(i);
      return { name, info, steps, kind: split.kind(i) };
    });
    return { name: split.name, dataset: split.dataset, trajectories };
  },

  async times(id: number, split: string, trajectory: number): Promise<Float64Array> {
    return await (await splitOf(id, split)).trajectory(trajectory).times();
  },

  /** Frames; without `info` where that is the trajectory's. */
  async sample(id: number, split: string, trajectory: number, frames: readonly number[]) {
    const from = (await splitOf(id, split)).trajectory(trajectory);
    const { info, ...rest } = await from.sample(frames);
    return info === from.info ? rest : { ...rest, info };
  },

  async statistics(id: number): Promise<Statistics | null> {
    return await datasets.get(id).statistics();
  },

  closeData(id: number): void {
    datasets.end(id);
  },

  async loadModel(
    checkpoint: SourceInput,
    { backend, deviceOptions, modules, ...options }: WorkerLoadOptions,
  ): Promise<OpenedModel> {
    const registry = await registryWith(modules);
    // A processor is left to whoever started the worker.
    const ownOptions = forForecasts(deviceOptions, { threads: usualThreads(1) });
    const open = (backend: BackendName) => openDevice(backend, ownOptions);
    const device = await open(backend);
    try {
      const loaded = await loadModel(checkpoint, { ...options, device, registry });
      const { family, config, learnt = null } = loaded.model;
      const id = models.add(new HostedModel(loaded, device, open));
      return { id, family, config, learnt, warnings: loaded.warnings, deviceName: device.name };
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
  },

  async *rollout(id: number, start: Sample, options: WorkerRolloutOptions): AsyncGenerator<SentFrame> {
    const hosted = models.get(id);
    const { onDeviceLost, ...rest } = options;
    const again = onDeviceLost
      ? { onDeviceLost: async (error: DeviceLostError) => await hosted.openNext(await onDeviceLost(error)) }
      : {};
    const varying = varyingCount(start.info);
    for await (const { values, step, time } of hosted.model.rollout(start, { ...rest, ...again })) {
      const { deviceName } = hosted.model;
      yield { values: values.slice(0, varying).map(compact), step, time, deviceName };
    }
  },

  closeModel(id: number): void {
    models.end(id);
  },
};
