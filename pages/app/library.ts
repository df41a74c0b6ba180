// The one place where the library is called to open data, load networks and make devices. Loaded after the first paint.

import {
  type BackendName,
  type Dataset,
  type ForecastModel,
  loadModel,
  openData as openLibraryData,
  openWorker,
  type WeightStorage,
  type WorkerHandle,
} from "walrus";
import type { DataInput, DataOptions } from "walrus/data";
import { NARROW_BYTES } from "walrus/devices";
import type { HubOptions } from "walrus/hub";
import type { SourceInput } from "walrus/io";
import { LEARNT_FILE, type Model, openModel } from "walrus/models";
import type { Backend } from "./setup/choice.ts";

/** A network that forecasts, and why it computes where it does; empty where that was asked for. */
export interface Network {
  readonly network: ForecastModel;
  readonly choice: string;
}

/** Files of a network. */
export interface NetworkFiles {
  readonly checkpoint: SourceInput;
  /** Files beside it by name: its configuration, what it has learnt. */
  readonly beside?: ReadonlyMap<string, SourceInput>;
}

/** How a network is loaded. */
export interface LoadSettings {
  readonly backend: Backend;
  readonly weights: WeightStorage;
  readonly hub: HubOptions;
  /** Told of bytes of weights as they are read. */
  onBytes(bytes: number): void;
}

/** Scripts of the app that workers run. */
const SCRIPT = "library_worker.js";

/** One worker reads files, one computes: reading goes on while a step is computed. */
const workers = new Map<"files" | "compute", Promise<WorkerHandle>>();

function workerOf(kind: "files" | "compute"): Promise<WorkerHandle> {
  const found = workers.get(kind) ?? openWorker(new URL(SCRIPT, document.baseURI));
  workers.set(kind, found);
  found.catch(() => workers.delete(kind));
  return found;
}

/** Starts the workers, for what is about to be asked of them. */
export function startWorkers(): void {
  // What fails is said to whoever asks for something.
  for (const kind of ["files", "compute"] as const) workerOf(kind).catch(() => {});
}

/** Data of any known format. */
export async function openData(
  input: DataInput,
  options: Pick<DataOptions, "hub" | "boundaries">,
): Promise<Dataset> {
  return await openLibraryData(input, { ...options, worker: await workerOf("files") });
}

/** A network without its weights: what it knows and what it would do with data. Not of a Hub, whose files only workers keep. */
export async function describeNetwork({ checkpoint, beside }: NetworkFiles): Promise<Model> {
  return await openModel({ checkpoint, ...filesBeside(beside) });
}

/** The network of configuration texts alone, before its weights are there. */
export async function describeConfig(beside: ReadonlyMap<string, Blob>): Promise<Model> {
  return await openModel(filesBeside(beside));
}

/** The files as options of the library: the configuration may have any name. */
function filesBeside(beside: NetworkFiles["beside"] = new Map()) {
  const config = [...beside].find(([name]) => name !== LEARNT_FILE)?.[1];
  return { beside, ...(config ? { config } : {}) };
}

/** Losses of a graphics device so far, of all networks. */
let losses = 0;

/** With no more processors than this the page's own thread has too little to do to keep one free. */
const FEW = 2;

/** A network on a device of its own, its weights read as they are needed. */
export async function loadNetwork(files: NetworkFiles, settings: LoadSettings): Promise<Network> {
  const { backend, weights, hub, onBytes } = settings;
  let choice = "";
  const { checkpoint, beside } = files;
  const processors = navigator.hardwareConcurrency;
  const network = await loadModel(checkpoint, {
    worker: await workerOf("compute"),
    backend,
    weights,
    hub,
    deviceOptions: {
      onChoice: (text) => void (choice = text),
      ...processors <= FEW && crossOriginIsolated ? { wasm: { threads: processors } } : {},
    },
    ...filesBeside(beside),
    onTensor: (_, bytes) => onBytes(bytes),
  });
  return { network, choice };
}

/**
 * Rollouts of a network that go on when its graphics device is gone: on another, and on the processor once that is gone
 * too, since two losses are no accident.
 *
 * @param onLost told how often it happened
 */
export function enduring(
  { network }: Network,
  backend: Backend,
  onLost: (times: number) => void,
): Pick<ForecastModel, "rollout"> {
  const onDeviceLost = (): BackendName => {
    onLost(++losses);
    return losses > 1 ? "wasm" : backend;
  };
  return { rollout: (start, options) => network.rollout(start, { ...options, ...{ onDeviceLost } }) };
}

/** Bytes that a forecast may take on a device. A GPU's own limit shows when buffers are made. */
export function mostBytes(deviceName: string): number {
  return deviceName.startsWith("wasm") ? NARROW_BYTES : Infinity;
}
