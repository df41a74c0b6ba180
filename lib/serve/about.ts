// What a service offers, as `GET /v1/models` and `GET /v1/datasets` tell it.

import type { Dataset, SampleInfo } from "../data/dataset.ts";
import type { Model } from "../models/model.ts";
import type { DatasetPool, ServedDataset } from "./datasets.ts";
import type { ModelPool, ServedModel } from "./models.ts";

/** A network; what only its checkpoint tells is null until it was loaded for the first time. */
export interface ModelAbout {
  readonly name: string;
  readonly description: string | null;
  /** Whether requests that name no model mean it. */
  readonly default: boolean;
  readonly loaded: boolean;
  /** Bytes that it takes now; 0 where it is not loaded. */
  readonly memory: number;
  readonly network: NetworkAbout | null;
}

/** What a checkpoint tells. */
export interface NetworkAbout {
  readonly family: string;
  readonly description: string;
  readonly parameters: number;
  /** Frames that a forecast of data in one, two and three dimensions starts from. */
  readonly frames: Readonly<Record<"1" | "2" | "3", { usual: number; least: number; most: number }>>;
  /** Names of fields that it knows. */
  readonly fields: readonly string[] | null;
  /** Of these, those that it was trained on, where that is known. */
  readonly learnt: readonly string[] | null;
  readonly kvCache: boolean;
  /** Whether forecasts use random draws, so that a seed matters. */
  readonly draws: boolean;
}

/** Data of so many axes, in words that a network plans by. */
function infoOf(axes: number): SampleInfo {
  const names = ["x", "y", "z"].slice(0, axes);
  return {
    dataset: "",
    grid: {
      system: "cartesian",
      axes: names,
      shape: names.map(() => 32),
      coordinates: names.map(() => Float64Array.from({ length: 32 }, (_, i) => i)),
    },
    boundaries: names.map(() => ["periodic", "periodic"] as const),
    fields: [],
    masked: false,
    scalars: {},
  };
}

function networkAbout(model: Model): NetworkAbout {
  let parameters = 0;
  for (const { shape } of model.parameters.values()) {
    parameters += shape.reduce((product, n) => product * n, 1);
  }
  const frames = (axes: number) => model.contextFrames(infoOf(axes));
  return {
    family: model.family,
    description: model.description,
    parameters,
    frames: { 1: frames(1), 2: frames(2), 3: frames(3) },
    fields: model.knownFields?.() ?? null,
    learnt: model.learnt ? Object.keys(model.learnt.fields) : null,
    kvCache: model.kvCache !== undefined,
    draws: model.draws ?? false,
  };
}

/** Tells of networks; what was learnt of one stays known when it is evicted. */
export class ModelsAbout {
  readonly #served: Readonly<Record<string, ServedModel>>;
  readonly #pool: ModelPool;
  readonly #known = new Map<string, NetworkAbout>();

  constructor(served: Readonly<Record<string, ServedModel>>, pool: ModelPool) {
    this.#served = served;
    this.#pool = pool;
  }

  #network(name: string): NetworkAbout | null {
    const loaded = this.#pool.peek(name);
    if (loaded && !this.#known.has(name)) this.#known.set(name, networkAbout(loaded.model));
    return this.#known.get(name) ?? null;
  }

  /** All of them. */
  list(): ModelAbout[] {
    const { loaded } = this.#pool;
    return Object.entries(this.#served).map(([name, { description }], i) => ({
      name,
      description: description ?? null,
      default: i === 0,
      loaded: name in loaded,
      memory: loaded[name] ?? 0,
      network: this.#network(name),
    }));
  }
}

/** A data set. */
export interface DatasetAbout {
  readonly name: string;
  readonly description: string | null;
  readonly splits: readonly SplitAbout[];
}

/** A split of a data set. */
export interface SplitAbout {
  readonly name: string;
  readonly trajectories: number;
  /** Frames of its first trajectory; null where it has none. */
  readonly frames: number | null;
  readonly grid: { readonly axes: readonly string[]; readonly shape: readonly number[] } | null;
  readonly fields: readonly { readonly name: string; readonly order: number; readonly constant: boolean }[];
}

async function splitsOf(data: Dataset): Promise<SplitAbout[]> {
  return await Promise.all(data.splits.map(async (name): Promise<SplitAbout> => {
    const split = await data.split(name);
    const first = split.trajectories > 0 ? split.trajectory(0) : null;
    const fields = first?.info.fields.map(({ name, order, constant }) => ({ name, order, constant })) ?? [];
    const grid = first && { axes: first.info.grid.axes, shape: first.info.grid.shape };
    return { name, trajectories: split.trajectories, frames: first?.steps ?? null, grid, fields };
  }));
}

/** Tells of all data sets: they are opened for it. */
export async function datasetsAbout(
  served: Readonly<Record<string, ServedDataset>>,
  pool: DatasetPool,
): Promise<DatasetAbout[]> {
  return await Promise.all(
    Object.entries(served).map(async ([name, { description }]) => ({
      name,
      description: description ?? null,
      splits: await splitsOf(await pool.get(name)),
    })),
  );
}
