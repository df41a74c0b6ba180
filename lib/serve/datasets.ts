// Data that a service offers by name: opened at their first use. A request names them, a trajectory and frames; never a
// file.

import type { Dataset, Sample, SampleInfo, Split, Trajectory } from "../data/dataset.ts";
import { didYouMean } from "../data/near_names.ts";
import type { Statistics } from "../data/statistics.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
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

/** Refuses data that are larger than a request may be. @throws Refusal `too_large` */
export function checkSize(info: SampleInfo, frames: number, limits: Limits): void {
  const points = info.grid.shape.reduce((product, length) => product * length, 1);
  const sizes = [["points", points], ["fields", info.fields.length], ["frames", frames]] as const;
  for (const [what, count] of sizes) {
    if (count > limits[what]) {
      throw new Refusal("too_large", `The window has ${count} ${what}, at most ${limits[what]} are taken`);
    }
  }
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
      throw new Refusal("not_found", `There is no data set "${name}"${didYouMean(name, this.names)}; ${there}`);
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
   * @throws Refusal `not_found`, `too_large`
   */
  async window(
    reference: DataReference,
    usual: (info: SampleInfo) => number,
    limits: Limits,
  ): Promise<FoundWindow> {
    const data = await this.get(reference.dataset);
    const trajectory = await trajectoryOf(data, reference);
    const { stride = 1, frames = usual(trajectory.info) } = reference;
    checkSize(trajectory.info, frames, limits);
    const { start = 0 } = reference;
    const first = start < 0 ? trajectory.steps + start : start;
    const last = first + (frames - 1) * stride;
    if (first < 0 || last >= trajectory.steps) {
      throw new Refusal(
        "not_found",
        `Frames ${first} to ${last} of "${reference.dataset}" were asked for, trajectory ${
          reference.trajectory ?? 0
        } has 0 to ${trajectory.steps - 1}`,
      );
    }
    const sample = await trajectory.sample(Array.from({ length: frames }, (_, i) => first + i * stride));
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
  throw new Refusal("not_found", `"${dataset}" has no split "${split}", it has ${data.splits.join(", ")}`);
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
