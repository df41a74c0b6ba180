// A group a run, `0000`, `0001`, ..: `data` `[T, x, y, C]` with `grid/x`, `grid/y`, `grid/t`. One channel is the height of
// shallow water (a dam that breaks; waves leave the domain), two are the concentrations of diffusion and reaction (nothing
// flows through the sides).

import type { Hdf5File } from "../../../io/hdf5.ts";
import type { Boundary } from "../../dataset.ts";
import type { StoredRun } from "../stored/collection.ts";
import { hdf5Array } from "../stored/stored_array.ts";
import { axisOf, timesOf } from "./coordinates.ts";

/** Names of the groups. */
export const RUN = /^\d{4,}$/;

/** Fields by number of channels, and what holds at the sides. */
const SYSTEMS: Readonly<Record<number, { readonly fields: readonly string[]; readonly side: Boundary }>> = {
  1: { fields: ["height"], side: "open" },
  2: { fields: ["A", "B"], side: "wall" },
};

async function groupRun(file: Hdf5File, group: string): Promise<StoredRun> {
  const array = await hdf5Array(file, `${group}/data`);
  const [steps = 0, width = 0, height = 0, channels = 0] = array.shape;
  const system = SYSTEMS[channels];
  if (array.shape.length !== 4 || !system) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "${array.name}" has shape [${
        array.shape.join(", ")
      }], wanted [T, X, Y, 1] of shallow water or [T, X, Y, 2] of diffusion and reaction`,
    );
  }
  const coordinates = [
    await axisOf(file, `${group}/grid/x`, width),
    await axisOf(file, `${group}/grid/y`, height),
  ];
  const times = await timesOf(file, `${group}/grid/t`, steps);
  const { fields, side } = system;
  return {
    trajectories: 1,
    steps,
    space: "xy",
    coordinates: () => coordinates,
    boundaries: [[side, side], [side, side]],
    fields: fields.map((name, channel) => ({
      name,
      order: 0,
      constant: false,
      parts: [{ array, axes: "txyc", channel }],
    })),
    times: () => Promise.resolve(times.slice()),
    scalars: () => ({}),
  };
}

/** The runs of a file. */
export async function groupRuns(file: Hdf5File): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  for (const group of await file.keys("/")) if (RUN.test(group)) runs.push(await groupRun(file, group));
  return runs;
}
