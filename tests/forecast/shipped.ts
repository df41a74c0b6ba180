// The shipped network and data, as the tests of this folder use them.

import type { Sample } from "../../lib/data/dataset.ts";
import { openData } from "../../lib/data/open_data.ts";
import type { ForecastModel } from "../../lib/forecast/forecast_model.ts";
import type { RolloutOptions } from "../../lib/forecast/rollout.ts";
import { inRepository } from "../shared.ts";

/** The shipped network. */
export const CHECKPOINT = inRepository("examples/walrus_small/walrus.safetensors");
/** Simulations that it knows. */
export const GRAY_SCOTT = inRepository("examples/data/gray_scott_mini.hdf5");
export const EULER = inRepository("examples/data/euler_quadrants_mini.hdf5");

/** Frames of the first trajectory of a file. */
export async function framesOf(file: string, from: number, count: number): Promise<Sample> {
  using data = await openData(file);
  return await (await data.split()).trajectory(0).sample(Array.from({ length: count }, (_, i) => from + i));
}

/** Fields of every frame of a rollout. */
export async function collect(
  model: ForecastModel,
  start: Sample,
  options: RolloutOptions,
): Promise<(readonly Float32Array[])[]> {
  const frames: (readonly Float32Array[])[] = [];
  for await (const { values } of model.rollout(start, options)) frames.push(values);
  return frames;
}
