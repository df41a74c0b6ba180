// Data that are open in a worker: what is known without numbers is here, samples come when they are asked for.

import type { Dataset, Sample, Split, Trajectory } from "../data/dataset.ts";
import type { Statistics } from "../data/statistics.ts";
import { DisposedError } from "../io/disposed.ts";
import type { Client } from "./client.ts";
import type { ListedSplit, ListedTrajectory, OpenedData } from "./methods.ts";

/** Asks for something of a data set, as long as it is open. */
type Ask = <T>(method: string, ...args: readonly unknown[]) => Promise<T>;

function remoteTrajectory(ask: Ask, split: string, index: number, listed: ListedTrajectory): Trajectory {
  const { name, info, steps } = listed;
  return {
    name,
    info,
    steps,
    times: () => ask("times", split, index),
    sample: async (frames) => {
      const sample = await ask<Omit<Sample, "info"> & Partial<Pick<Sample, "info">>>(
        "sample",
        split,
        index,
        [...frames],
      );
      return { info, ...sample };
    },
  };
}

/** A split, or each `size`-th trajectory of it. */
function remoteSplit(ask: Ask, name: string, listed: ListedSplit, places?: readonly number[]): Split {
  const own = places ?? listed.trajectories.map((_, i) => i);
  const known = new Map<number, Trajectory>();
  const at = (index: number): [number, ListedTrajectory] => {
    const place = own[index];
    if (place === undefined) {
      throw new RangeError(`Trajectory ${index} is not in ${listed.name}, which has ${own.length}`);
    }
    return [place, listed.trajectories[place]!];
  };
  return {
    name: listed.name,
    dataset: listed.dataset,
    trajectories: own.length,
    trajectory: (index) => {
      const [place, trajectory] = at(index);
      const made = known.get(place) ?? remoteTrajectory(ask, name, place, trajectory);
      known.set(place, made);
      return made;
    },
    kind: (index) => at(index)[1].kind,
    shard: (rank, size) => remoteSplit(ask, name, listed, own.filter((_, i) => i % size === rank)),
  };
}

/** A data set in a worker. */
export class RemoteData implements Dataset {
  readonly name: string;
  readonly format: string;
  readonly warnings: readonly string[];
  readonly splits: readonly string[];
  readonly #ask: Ask;
  readonly #own: DisposableStack;
  readonly #known = new Map<string, Promise<Split>>();

  /**
   * @param client of the worker
   * @param opened as the worker says
   * @param own ends with it
   */
  constructor(client: Client, { id, name, format, warnings, splits }: OpenedData, own: DisposableStack) {
    this.name = name;
    this.format = format;
    this.warnings = warnings;
    this.splits = splits;
    this.#own = own;
    own.defer(() => void client.call("closeData", [id]).catch(() => {}));
    this.#ask = async <T>(method: string, ...args: readonly unknown[]) => {
      if (own.disposed) throw new DisposedError(`Cannot read "${name}": it is closed`);
      return await client.call<T>(method, [id, ...args]);
    };
  }

  split(name: string = this.splits[0]!): Promise<Split> {
    const known = this.#known.get(name) ??
      this.#ask<ListedSplit>("split", name).then((listed) => remoteSplit(this.#ask, name, listed));
    this.#known.set(name, known);
    known.catch(() => this.#known.delete(name));
    return known;
  }

  async statistics(): Promise<Statistics | null> {
    return await this.#ask("statistics");
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}
