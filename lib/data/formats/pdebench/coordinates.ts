// Times of PDEBench's files: `t-coordinate` has often one more entry than there are frames.

import type { Hdf5File } from "../../../io/hdf5.ts";

/**
 * The times of the frames.
 *
 * @param file that has them
 * @param path of the dataset
 * @param steps frames
 * @throws SyntaxError for fewer times than frames
 */
export async function timesOf(file: Hdf5File, path: string, steps: number): Promise<Float64Array> {
  const times = await file.readFloat64(path);
  if (times.length < steps) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "${path}" has ${times.length} times for ${steps} frames`,
    );
  }
  return times.slice(0, steps);
}

/** Root attributes that are numbers: the run's parameters. */
export async function parametersOf(file: Hdf5File, path = "/"): Promise<Record<string, number>> {
  const entries = Object.entries(await file.attributes(path)).map(([name, value]) =>
    [name, Array.isArray(value) && value.length === 1 ? value[0] : value] as const
  );
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

/** Coordinates along an axis, as many as there are points. */
export async function axisOf(file: Hdf5File, path: string, points: number): Promise<Float64Array> {
  const values = await file.readFloat64(path);
  if (values.length !== points) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "${path}" has ${values.length} numbers for ${points} points`,
    );
  }
  return values;
}
