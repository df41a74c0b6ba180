// Samples as a Well file: what a forecast, or a part of a data set, is written with.

import { boundaryCodes } from "./boundaries.ts";
import { frameSize } from "./components.ts";
import type { Sample, SampleInfo } from "./dataset.ts";
import { type WritableField, writeWell } from "./write_well.ts";

/** Frames of one trajectory, fields as in a sample. */
export type WritableSample = Pick<Sample, "info" | "times" | "values">;

/** What describes the grid, for comparison. */
function gridWords({ dataset, grid, boundaries, fields }: SampleInfo): string {
  const coordinates = grid.coordinates.map((axis) => [...axis]);
  return JSON.stringify([dataset, { ...grid, coordinates }, boundaries, fields]);
}

/** Numbers of a field of all samples one after the other. */
function joined(samples: readonly WritableSample[], field: number): Float32Array {
  const parts = samples.map(({ info, times, values }) => {
    const description = info.fields[field]!;
    const wanted = frameSize(info, description) * (description.constant ? 1 : times.length);
    const numbers = values[field];
    if (numbers?.length !== wanted) {
      throw new RangeError(
        `Field "${description.name}" has ${numbers?.length ?? 0} numbers, wanted ${wanted}`,
      );
    }
    return numbers;
  });
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Run parameters: those that all share, and those that differ or that some lack (NaN there). */
function scalarsOf(samples: readonly WritableSample[]) {
  const names = [...new Set(samples.flatMap(({ info }) => Object.keys(info.scalars)))];
  const values = names.map((name) => [name, samples.map(({ info }) => info.scalars[name] ?? NaN)] as const);
  const shared = ([, list]: (typeof values)[number]) => list.every((value) => Object.is(value, list[0]));
  return {
    parameters: Object.fromEntries(values.filter(shared).map(([name, list]) => [name, list[0]!])),
    scalars: Object.fromEntries(values.filter((entry) => !shared(entry))),
  };
}

/**
 * A Well file of samples, each a trajectory.
 *
 * @param samples of one grid, with the same fields and number of frames
 * @param attributes of the file: where it comes from
 * @returns the bytes of the file
 * @throws TypeError for scattered points, which the format does not have, or samples that differ in kind; RangeError for a
 *   field of wrong length
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const sample = await (await data.split()).trajectory(0).sample([0, 5]);
 * using copy = await openData(await writeSamples([sample], { source: "gray_scott_mini" }));
 * const again = await (await copy.split()).trajectory(0).sample([0, 1]);
 * assert.deepEqual(again.values, sample.values);
 * assert.deepEqual(again.times, sample.times);
 * ```
 */
export async function writeSamples(
  samples: readonly WritableSample[],
  attributes: Readonly<Record<string, string | number>> = {},
): Promise<Uint8Array> {
  const [first] = samples;
  if (!first) throw new RangeError("Cannot write a file of no samples");
  const { info, times } = first;
  const { grid } = info;
  if (grid.coordinates.length !== grid.axes.length) {
    throw new TypeError(
      `Cannot write scattered points ("${info.dataset}") in The Well's format, which has grids only`,
    );
  }
  const words = gridWords(info);
  const other = samples.findIndex((sample) => gridWords(sample.info) !== words);
  if (other >= 0) {
    throw new TypeError(
      `Cannot write samples in one file: number ${other} differs from the first in grid or fields`,
    );
  }
  const sameTimes = samples.every((sample) =>
    sample.times.length === times.length && sample.times.every((time, i) => Object.is(time, times[i]))
  );
  return await writeWell({
    dataset: info.dataset,
    gridType: grid.system,
    axes: grid.axes.map((name, i) => ({ name, coordinates: grid.coordinates[i]! })),
    trajectories: samples.length,
    times: sameTimes ? times : samples.map((sample) => sample.times),
    boundaries: boundaryCodes(info.boundaries),
    fields: info.fields.map(({ name, order, constant }, i): WritableField => ({
      name,
      order,
      constant,
      data: joined(samples, i),
    })),
    ...scalarsOf(samples),
    attributes,
  });
}
