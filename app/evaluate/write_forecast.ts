// Forecasts as Well files, one a rollout: for those who want to score them with other software.

import type { Sample, SampleInfo, Trajectory } from "walrus";
import { writeSamples } from "walrus/data";
import { writeFileAtomic } from "walrus/io";
import type { Setup, Unit } from "./units.ts";

/** Where the forecasts of a unit lie, from the folder of the results. */
export function forecastPath({ folders }: Pick<Setup, "folders">, { id, dataset }: Unit): string {
  const name = folders[dataset]!.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "").replace(/[^\w.-]/g, "_");
  return `forecasts/${name}/${id}.hdf5`;
}

/** Gathers frames and writes them. */
export class ForecastWriter {
  readonly #path: string;
  readonly #attributes: Record<string, string | number>;
  readonly #info: SampleInfo;
  readonly #trajectory: Trajectory;
  readonly #start: number;
  readonly #frames: (readonly Float32Array[])[] = [];
  readonly #times: number[] = [];

  /**
   * @param setup of the evaluation
   * @param unit the rollout
   * @param trajectory that it continues
   * @param start first predicted frame
   */
  constructor(setup: Setup, unit: Unit, trajectory: Trajectory, start: number) {
    this.#path = `${setup.out}/${forecastPath(setup, unit)}`;
    this.#trajectory = trajectory;
    this.#info = trajectory.info;
    this.#start = start;
    this.#attributes = {
      software: "Walrus in TypeScript",
      forecast_of: trajectory.name,
      trajectory: unit.trajectory,
      first_frame: start,
      seed: unit.seed,
      random_draws: setup.protocol.jitter ? "yes" : "no",
    };
  }

  /** Keeps a frame. */
  add(values: readonly Float32Array[], time: number): void {
    this.#frames.push(values.map((numbers) => numbers.slice()));
    this.#times.push(time);
  }

  /** Writes what was kept; nothing where there is none. */
  async write(signal: AbortSignal): Promise<void> {
    if (this.#frames.length === 0) return;
    const { values } = await this.#trajectory.sample([this.#start]) as Sample;
    const joined = this.#info.fields.map(({ constant }, i) => {
      if (constant) return values[i]!;
      const size = this.#frames[0]![i]!.length;
      const all = new Float32Array(size * this.#frames.length);
      for (const [t, frame] of this.#frames.entries()) all.set(frame[i]!, t * size);
      return all;
    });
    const sample = { info: this.#info, times: Float64Array.from(this.#times), values: joined };
    await writeFileAtomic(this.#path, await writeSamples([sample], this.#attributes), signal);
  }
}
