// Writes one Well file of some trajectories, frame by frame.

import type { Trajectory } from "walrus";
import { boundaryCodes, streamWell, type WellLayout } from "walrus/data";
import type { ByteSink } from "walrus/io";
import { batchesOf, equal, sharedConstants, writtenFields, writtenValues } from "./frames.ts";
import type { Settings } from "./settings.ts";

/** Run parameters that all trajectories share, and those that differ; NaN where one lacks it. */
function scalarsOf(trajectories: readonly Trajectory[], names: readonly string[]) {
  const all = names.map((name) => [name, trajectories.map(({ info }) => info.scalars[name] ?? NaN)] as const);
  const isShared = ([, list]: (typeof all)[number]) => list.every((value) => Object.is(value, list[0]));
  return {
    parameters: Object.fromEntries(all.filter(isShared).map(([name, list]) => [name, list[0]!])),
    scalars: Object.fromEntries(all.filter((entry) => !isShared(entry))),
  };
}

/** Coordinates of each axis: once where all trajectories share them. */
function axesOf(trajectories: readonly Trajectory[]): WellLayout["axes"] {
  return trajectories[0]!.info.grid.axes.map((name, axis) => {
    const all = trajectories.map(({ info }) => info.grid.coordinates[axis]!);
    return { name, coordinates: all.every((own) => equal(own, all[0]!)) ? all[0]! : all };
  });
}

/**
 * Writes a file.
 *
 * @param trajectories of one kind
 * @param settings how
 * @param sink takes the bytes
 * @param onFrames told of progress
 * @returns bytes of the file
 */
export async function writeWellFile(
  trajectories: readonly Trajectory[],
  settings: Settings,
  sink: ByteSink,
  onFrames: (count: number) => void,
): Promise<number> {
  const { info } = trajectories[0]!;
  const { fields, added } = writtenFields(info);
  const shared = await sharedConstants(trajectories);
  const times: Float64Array[] = [];
  for (const trajectory of trajectories) times.push(await trajectory.times());
  const { framesPerChunk, level, source } = settings;
  const file = streamWell(sink, {
    dataset: settings.name,
    gridType: info.grid.system,
    axes: axesOf(trajectories),
    trajectories: trajectories.length,
    times: times.every((own) => equal(own, times[0]!)) ? times[0]! : times,
    boundaries: boundaryCodes(info.boundaries),
    fields: fields.map(({ name, order, constant }, i) => ({ name, order, constant, shared: shared[i]! })),
    ...scalarsOf(trajectories, settings.scalars),
    attributes: { converted_from: source.format, source: source.name },
    framesPerChunk,
    level,
  });
  for (const [number, trajectory] of trajectories.entries()) {
    let isFirst = true;
    for await (const sample of batchesOf(trajectory, Math.max(1, framesPerChunk))) {
      for (const [i, values] of writtenValues(sample, added).entries()) {
        const { constant } = fields[i]!;
        if (!constant || (isFirst && (number === 0 || !shared[i]))) await file.append(i, values);
      }
      isFirst = false;
      onFrames(sample.times.length);
    }
  }
  return await file.finish();
}
