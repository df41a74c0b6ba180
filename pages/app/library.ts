// The one place where the library is called to open data, load networks and make devices. Loaded after the first paint.

import {
  type Dataset,
  type Device,
  loadModel,
  openData as openLibraryData,
  openDevice,
  type RolloutOptions,
  type Sample,
} from "walrus";
import type { DataInput } from "walrus/data";
import type { HubOptions } from "walrus/hub";
import { parseYaml, type SourceInput } from "walrus/io";
import {
  type Learnt,
  LEARNT_FILE,
  locateModel,
  type MemoryEstimate,
  type Model,
  openModel,
  withLearnt,
} from "walrus/models";
import type { Frame, WeightStorage } from "walrus";
import type { Backend } from "./setup/choice.ts";

/** A network that forecasts, wherever it computes. */
export interface ForecastModel extends Disposable {
  readonly model: Model;
  readonly warnings: readonly string[];
  /** What computes. */
  readonly deviceName: string;
  /** Why it is that; empty where it was asked for. */
  readonly choice: string;
  rollout(start: Sample, options: RolloutOptions): AsyncGenerator<Frame, void, void>;
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
  /** Told once the graphics device is gone. */
  onLost(times: number): void;
}

/** Data of any known format. */
export function openData(input: DataInput, hub: HubOptions): Promise<Dataset> {
  return openLibraryData(input, { hub });
}

/** A network without its weights: what it knows and what it would do with data. */
export async function describeNetwork({ checkpoint, beside }: NetworkFiles, hub: HubOptions): Promise<Model> {
  const place = await locateModel({ checkpoint, ...(beside ? { beside } : {}) }, hub);
  const config = configOf(place.beside ?? beside);
  const model = await openModel({ checkpoint: place.checkpoint, ...(config ? { config } : {}), hub });
  return model.learnt ? model : await withKnown(model, place.beside ?? beside);
}

/** The network of configuration texts alone, before its weights are there. */
export async function describeConfig(beside: ReadonlyMap<string, Blob>): Promise<Model> {
  return await withKnown(await openModel({ config: configOf(beside)! }), beside);
}

function configOf(beside: NetworkFiles["beside"]): SourceInput | undefined {
  return [...beside ?? []].find(([name]) => name !== LEARNT_FILE)?.[1];
}

async function withKnown(model: Model, beside: NetworkFiles["beside"]): Promise<Model> {
  const learnt = beside?.get(LEARNT_FILE);
  if (!(learnt instanceof Blob)) return model;
  return withLearnt(model, parseYaml(await learnt.text(), LEARNT_FILE) as Learnt);
}

/** A device that is here, and why it is that one. */
interface Opened {
  readonly device: Device;
  readonly choice: string;
}

/** One device of each kind: networks that are compared share it. */
const devices = new Map<Backend, Promise<Opened>>();

/** Most memory of the processor's backend: what 32-bit addresses reach. */
const NARROW_BYTES = 2 ** 32;

function deviceOf(backend: Backend): Promise<Opened> {
  const found = devices.get(backend);
  if (found) return found;
  let choice = "";
  const made = openDevice(backend, { onChoice: (text) => choice = text })
    .then((device) => ({ device, choice }));
  devices.set(backend, made);
  made.catch(() => devices.delete(backend));
  return made;
}

/** Losses of a graphics device so far, of all networks. */
let losses = 0;

/** A network on a device, its weights read as they are needed. */
export async function loadNetwork(files: NetworkFiles, settings: LoadSettings): Promise<ForecastModel> {
  const { backend, weights, hub, onBytes, onLost } = settings;
  const opened = await deviceOf(backend);
  let { device, choice } = opened;
  const place = await locateModel(files, hub);
  const beside = place.beside ?? files.beside;
  const config = configOf(beside);
  const loaded = await loadModel(place.checkpoint, {
    device,
    weights,
    hub,
    ...(config ? { config } : {}),
    onTensor: (_, bytes) => onBytes(bytes),
  });
  // A second loss is no accident: the processor stays.
  const next = async (): Promise<Device> => {
    onLost(++losses);
    devices.delete(backend);
    const made = await deviceOf(losses > 1 ? "wasm" : backend);
    ({ device, choice } = made);
    return device;
  };
  return {
    model: loaded.model.learnt ? loaded.model : await withKnown(loaded.model, beside),
    warnings: loaded.warnings,
    get deviceName() {
      return device.name;
    },
    get choice() {
      return choice;
    },
    rollout: (start, options) => loaded.rollout(start, { onDeviceLost: next, ...options }),
    [Symbol.dispose]: () => loaded[Symbol.dispose](),
  };
}

/** A forecast that does not fit; refused before weights are read. */
export class TooLargeError extends RangeError {
  constructor(readonly need: MemoryEstimate, readonly most: number) {
    super("the forecast does not fit");
  }
}

/** Refuses what a device can not hold. */
export function admitUpTo(most: number): (need: MemoryEstimate) => void {
  return (need) => {
    if (need.weights + need.working > most) throw new TooLargeError(need, most);
  };
}

/** Bytes that a forecast may take on a backend. */
export function mostBytes(deviceName: string): number {
  // A GPU's own limit shows when buffers are made; the processor's is known.
  return deviceName.startsWith("wasm") ? NARROW_BYTES : Infinity;
}
