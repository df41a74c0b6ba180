// Data that a service offers by name: opened at their first use. A request names them, a trajectory and frames; never a
// file.

import type { Dataset, Sample, SampleInfo, Split, Trajectory } from "../data/dataset.ts";
import { didYouMean } from "../data/near_names.ts";
import { quoted } from "../io/quote.ts";
import type { Statistics } from "../data/statistics.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { readFrames } from "./window/limit.ts";
import type { DataReference } from "./window/options.ts";

/** A data set that is offered. */
export interface ServedDataset {
  /** In words, for `GET /v1/datasets`. */
  readonly description?: string;
  /** Opens it: called once, at its first use. What it gives is disposed of with the service. */
  open(): Promise<Dataset>;
}

/** A window of a data set. */
export interface FoundWindow {
  readonly sample: Sample;
  readonly statistics: Statistics | null;
}

/** Data sets by name. */
export class DatasetPool implements Disposable {
  readonly #served: Readonly<Record<string, ServedDataset>>;
  readonly #open = new Map<string, Promise<Dataset>>();

  constructor(served: Readonly<Record<string, ServedDataset>>) {
    this.#served = served;
  }

  /** All names. */
  get names(): string[] {
    return Object.keys(this.#served);
  }

  /** One of them, open. @throws Refusal `not_found` */
  get(name: string): Promise<Dataset> {
    if (!Object.hasOwn(this.#served, name)) {
      const there = this.names.length > 0 ? `there are ${this.names.join(", ")}` : "none are configured";
      throw new Refusal(
        "not_found",
        `There is no data set ${quoted(name)}${didYouMean(name, this.names)}; ${there}`,
      );
    }
    const known = this.#open.get(name);
    if (known) return known;
    const opening = this.#served[name]!.open();
    this.#open.set(name, opening);
    // One that failed is tried again by the next request.
    opening.catch(() => this.#open.delete(name));
    return opening;
  }

  /**
   * The window that a reference names.
   *
   * @param reference to it
   * @param usual frames that the network starts from
   * @param limits of the request
   * @throws Refusal `not_found`, `malformed`, `too_large`, `unfit`
   */
  async window(
    reference: DataReference,
    usual: (info: SampleInfo) => number,
    limits: Limits,
  ): Promise<FoundWindow> {
    const data = await this.get(reference.dataset);
    const trajectory = await trajectoryOf(data, reference);
    const frames = reference.frames ?? usual(trajectory.info);
    const sample = await readFrames(trajectory, { ...reference, frames }, limits, trajectory.name);
    return { sample, statistics: await data.statistics() };
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const opening of this.#open.values()) opening.then((data) => data[Symbol.dispose](), () => {});
    this.#open.clear();
  }
}

async function splitOf(data: Dataset, { dataset, split }: DataReference): Promise<Split> {
  if (split === undefined || data.splits.includes(split)) return await data.split(split);
  throw new Refusal(
    "not_found",
    `"${dataset}" has no split ${quoted(split)}, it has ${data.splits.join(", ")}`,
  );
}

async function trajectoryOf(data: Dataset, reference: DataReference): Promise<Trajectory> {
  const split = await splitOf(data, reference);
  const { trajectory = 0 } = reference;
  if (trajectory < split.trajectories) return split.trajectory(trajectory);
  throw new Refusal(
    "not_found",
    `Trajectory ${trajectory} of "${reference.dataset}" was asked for, ${split.name} has 0 to ${
      split.trajectories - 1
    }`,
  );
}
