// What a process has open while it evaluates: one device, one network at a time, all data sets. Workers open for
// themselves what the command opened to divide the work.

import {
  type Dataset,
  type Device,
  type FieldTransforms,
  type LoadedModel,
  loadModel,
  openData,
  openDevice,
  type Split,
  type Statistics,
} from "walrus";
import { isHubName } from "walrus/hub";
import type { MemoryEstimate } from "walrus/models";
import type { Context } from "../cli.ts";
import { hubFor, statisticsAt } from "../hub.ts";
import type { Setup } from "./units.ts";

/** A data set and the split that is scored. */
export interface OpenedData {
  readonly data: Dataset;
  readonly split: Split;
  readonly statistics: Statistics | null;
}

/** The split that was asked for; all of a data set that is not divided. */
export async function splitOf(data: Dataset, folder: string, name: string): Promise<Split> {
  const { splits } = data;
  if (splits.includes(name)) return await data.split(name);
  if (splits.length === 1 && splits[0] === "all") return await data.split();
  throw new RangeError(`"${folder}" has no split "${name}", it has ${splits.join(", ")}`);
}

/** Everything that units of work use. */
export class Opened {
  readonly setup: Setup;
  readonly device: Device;
  readonly #context: Pick<Context, "signal" | "registry">;
  readonly #hub: ReturnType<typeof hubFor>;
  readonly #given: Statistics | null;
  readonly #data = new Map<number, Promise<OpenedData>>();
  #model: { readonly index: number; readonly model: LoadedModel } | null = null;
  /** Most that a forecast of a network took, by network and kind of window. */
  readonly needs = new Map<string, number>();

  private constructor(
    setup: Setup,
    device: Device,
    context: Context,
    hub: ReturnType<typeof hubFor>,
    given: Statistics | null,
  ) {
    [this.setup, this.device, this.#context, this.#hub, this.#given] = [setup, device, context, hub, given];
  }

  /** Opens the device; data and networks are opened when a unit wants them. */
  static async open(setup: Setup, context: Context): Promise<Opened> {
    const { backend, threads, stats } = setup;
    const hub = hubFor(context, ...[stats, ...setup.folders].filter((name) => name && isHubName(name)));
    const given = stats ? await statisticsAt(stats, hub) : null;
    const device = await openDevice(backend, threads ? { wasm: { threads } } : {});
    return new Opened(setup, device, context, hub, given);
  }

  /** Aborted when the user interrupts. */
  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /** A data set. */
  dataset(index: number): Promise<OpenedData> {
    let opened = this.#data.get(index);
    if (!opened) this.#data.set(index, opened = this.#open(index));
    return opened;
  }

  async #open(index: number): Promise<OpenedData> {
    const folder = this.setup.folders[index]!;
    const data = await openData(folder, { masks: this.setup.masks, ...this.#hub });
    const split = await splitOf(data, folder, this.setup.split);
    return { data, split, statistics: this.#given ?? await data.statistics() };
  }

  /** A network; the one before it is disposed of, since units go from network to network in order. */
  async model(index: number): Promise<LoadedModel> {
    if (this.#model?.index === index) return this.#model.model;
    this.#model?.model[Symbol.dispose]();
    this.#model = null;
    const { checkpoint, config } = this.setup.checkpoints[index]!;
    const { registry } = this.#context;
    const model = await loadModel(checkpoint, {
      device: this.device,
      ...(config ? { config } : {}),
      ...(registry ? { registry } : {}),
    });
    this.#model = { index, model };
    return model;
  }

  /** Takes down what a forecast needs. */
  admit(key: string): (need: MemoryEstimate) => void {
    return ({ weights, working }) => {
      this.needs.set(key, Math.max(this.needs.get(key) ?? 0, weights + working));
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#model?.model[Symbol.dispose]();
    for (const opened of this.#data.values()) {
      await opened.then(({ data }) => data[Symbol.dispose](), () => {});
    }
    await this.device[Symbol.asyncDispose]?.();
  }
}

/** Forms in which a network predicts the fields of data. */
export function transformsOf({ model }: LoadedModel, split: Split): FieldTransforms {
  return model.transforms?.(split.trajectory(0).info) ?? {};
}
