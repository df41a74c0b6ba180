// Writes the arrays of one split: an archive of its fields, frame by frame; and, once all are there, what describes them.

import type { Dataset, Trajectory } from "walrus";
import { type ByteSink, streamNpz, writeNpy, writeYaml } from "walrus/io";
import { batchesOf, differing, equal, sharedConstants, writtenFields, writtenValues } from "./frames.ts";
import type { Plan } from "./plan.ts";
import type { Settings } from "./settings.ts";

/**
 * Writes an archive: `[N, T, ..points, ..components]` of each field, constant ones without T, those that all trajectories
 * have in common without N.
 *
 * @param trajectories of a split
 * @param sink takes the bytes
 * @param onFrames told of progress
 * @returns bytes of the archive
 */
export async function writeArrays(
  trajectories: readonly Trajectory[],
  sink: ByteSink,
  onFrames: (count: number) => void,
): Promise<number> {
  const { info, steps } = trajectories[0]!;
  const { fields, added } = writtenFields(info);
  const shared = await sharedConstants(trajectories);
  const { shape, coordinates } = info.grid;
  const shapes = fields.map(({ name, order, constant }, i): [string, number[]] => [name, [
    ...shared[i] ? [] : [trajectories.length],
    ...constant ? [] : [steps],
    ...shape,
    ...new Array<number>(order).fill(coordinates.length),
  ]]);
  const archive = streamNpz(sink, Object.fromEntries(shapes));
  for (const [number, trajectory] of trajectories.entries()) {
    let isFirst = true;
    for await (const sample of batchesOf(trajectory)) {
      for (const [i, values] of writtenValues(sample, added).entries()) {
        const { name, constant } = fields[i]!;
        if (!constant || (isFirst && (number === 0 || !shared[i]))) await archive.append(name, values);
      }
      isFirst = false;
      onFrames(sample.times.length);
    }
  }
  return await archive.finish();
}

/** Files beside the archives, and what could not be carried over. */
export interface Beside {
  /** Bytes by path, in the order in which they are written: what makes the folder a data set comes last. */
  readonly files: readonly (readonly [path: string, bytes: Uint8Array])[];
  readonly notes: readonly string[];
}

const array = (data: Float64Array, shape: readonly number[] = [data.length]) => writeNpy({ shape, data });

/** A file's name for a run parameter. */
const fileOf = (kind: string, name: string) => `${kind}_${name.replace(/[^\p{L}\p{N}.-]+/gu, "_")}.npy`;

/** Times, coordinates and run parameters of a split. */
async function besideSplit(trajectories: readonly Trajectory[], { scalars }: Settings, notes: string[]) {
  const [first] = trajectories;
  const { grid } = first!.info;
  const files: [string, Uint8Array][] = [];
  const times: Float64Array[] = [];
  for (const trajectory of trajectories) times.push(await trajectory.times());
  const isShared = times.every((own) => equal(own, times[0]!));
  const all = isShared ? times[0]! : Float64Array.from(times.flatMap((own) => [...own]));
  files.push(["time.npy", array(all, isShared ? [all.length] : [times.length, times[0]!.length])]);
  for (const [i, values] of grid.coordinates.entries()) {
    files.push([`coordinate_${i}.npy`, array(values)]);
    notes.push(
      ...differing(
        `coordinates ${grid.axes[i] ?? i}`,
        trajectories,
        (n) => equal(trajectories[n]!.info.grid.coordinates[i]!, values),
      ),
    );
  }
  for (const name of scalars) {
    const values = Float64Array.from(trajectories, ({ info }) => info.scalars[name] ?? NaN);
    files.push([fileOf("scalar", name), array(values)]);
  }
  return files;
}

/**
 * What describes the arrays: `arrays.yaml`, and beside each archive times, coordinates and run parameters.
 *
 * @param data the source
 * @param plan what was written
 * @param settings how
 */
export async function besideArrays(data: Dataset, plan: Plan, settings: Settings): Promise<Beside> {
  const notes: string[] = [];
  const files: [string, Uint8Array][] = [];
  for (const [split, items] of plan.splits) {
    const trajectories: Trajectory[] = [];
    for (const item of items) trajectories.push((await data.split(item.split)).trajectory(item.index));
    for (const [name, bytes] of await besideSplit(trajectories, settings, notes)) {
      files.push([`${split}/${name}`, bytes]);
    }
  }
  const [first] = [...plan.splits.values()].flat();
  const { info } = (await data.split(first!.split)).trajectory(first!.index);
  const { grid, boundaries } = info;
  const names = grid.axes.length === grid.coordinates.length ? grid.axes : ["x", "y", "z"];
  const description = {
    name: settings.name,
    grid: {
      axes: grid.axes,
      system: grid.system,
      coordinates: Object.fromEntries(grid.coordinates.map((_, i) => [names[i]!, `coordinate_${i}.npy`])),
    },
    boundaries: Object.fromEntries(grid.axes.map((axis, i) => [axis, [...boundaries[i]!]])),
    time: "time.npy",
    fields: Object.fromEntries(
      writtenFields(info).fields.map(({ name, order, constant }) => [
        name,
        { file: "fields.npz", order, constant },
      ]),
    ),
    ...settings.scalars.length > 0
      ? { scalars: Object.fromEntries(settings.scalars.map((name) => [name, fileOf("scalar", name)])) }
      : {},
    splits: [...plan.splits.keys()],
  };
  files.push(["arrays.yaml", new TextEncoder().encode(writeYaml(description))]);
  return { files, notes: [...new Set(notes)] };
}
