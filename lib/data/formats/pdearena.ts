// PDEArena's Navier-Stokes files: a group of a split with smoke `u` and velocities `vx`, `vy` `[N, T, x, y]`, with times,
// coordinates and buoyancy of each trajectory (data.md section 7). Walls on all sides: velocity is zero there, smoke has
// no gradient across.

import type { Hdf5File } from "../../io/hdf5.ts";
import { collectionReader, openFileWith, stemOf, type StoredRun } from "./stored/collection.ts";
import { recogniseHdf5 } from "./recognise_hdf5.ts";
import { hdf5Array } from "./stored/stored_array.ts";

const FILES = /\.(?:hdf5|h5)$/i;
/** The splits that its groups are named after. */
const GROUPS = ["train", "valid", "test"];
const WANTED = ["u", "vx", "vy"];

async function groupsOf(file: Hdf5File): Promise<string[]> {
  const names = await file.keys("/");
  return GROUPS.filter((group) => names.includes(group));
}

async function fits(file: Hdf5File): Promise<true | string> {
  const [group] = await groupsOf(file);
  if (group === undefined) return `it has no group ${GROUPS.join(", ")}`;
  if ((await file.kind(group)) !== "group") return `"${group}" is no group`;
  const keys = await file.keys(group);
  const missing = WANTED.filter((name) => !keys.includes(name));
  return missing.length === 0 ||
    (missing.length < WANTED.length
      ? `"${file.name}" looks like PDEArena, but "${group}" has no ${missing.join(", ")}`
      : `"${group}" has no ${WANTED.join(", ")}`);
}

/** Numbers of each trajectory, `[N]`; null where there are none. */
async function perTrajectory(file: Hdf5File, keys: readonly string[], group: string, name: string) {
  return keys.includes(name) ? await file.readFloat64(`${group}/${name}`) : null;
}

async function runOf(file: Hdf5File, group: string): Promise<StoredRun> {
  const keys = await file.keys(group);
  const [u, vx, vy] = await Promise.all(WANTED.map((name) => hdf5Array(file, `${group}/${name}`)));
  const [trajectories = 0, steps = 0, ...points] = u!.shape;
  for (const array of [u!, vx!, vy!]) {
    if (array.shape.length !== 4 || array.shape.some((n, i) => n !== u!.shape[i])) {
      throw new SyntaxError(
        `Cannot read "${file.name}": "${array.name}" has shape [${
          array.shape.join(", ")
        }], wanted [N, T, X, Y]${array === u ? "" : ` as of "${u!.name}", [${u!.shape.join(", ")}]`}`,
      );
    }
  }
  const numbers = async (name: string, count: number, spacing: string): Promise<Float64Array> => {
    const given = await perTrajectory(file, keys, group, name);
    if (given?.length === trajectories * count) return given;
    if (given) {
      throw new SyntaxError(
        `Cannot read "${file.name}": "${group}/${name}" has ${given.length} numbers, wanted ${trajectories} times ${count}`,
      );
    }
    const step = await perTrajectory(file, keys, group, spacing);
    return Float64Array.from(
      { length: trajectories * count },
      (_, i) => (i % count) * (step?.[Math.floor(i / count)] ?? 1),
    );
  };
  const t = await numbers("t", steps, "dt");
  const axes = await Promise.all([numbers("x", points[0]!, "dx"), numbers("y", points[1]!, "dy")]);
  const buoyancy = await perTrajectory(file, keys, group, "buo_y");
  const own = (all: Float64Array, index: number, count: number) =>
    all.slice(index * count, (index + 1) * count);
  const part = (array: typeof u) => ({ array: array!, axes: "ntxy" });
  return {
    trajectories,
    steps,
    space: "xy",
    coordinates: (index) => axes.map((axis, i) => own(axis, index, points[i]!)),
    boundaries: [["wall", "wall"], ["wall", "wall"]],
    fields: [
      { name: "tracer", order: 0, constant: false, parts: [part(u)] },
      { name: "velocity", order: 1, constant: false, parts: [part(vx), part(vy)] },
    ],
    times: (index) => Promise.resolve(own(t, index, steps)),
    scalars: (index): Record<string, number> => buoyancy ? { buo_y: buoyancy[index]! } : {},
  };
}

/** Reads PDEArena's files. */
export const pdearenaReader = collectionReader({
  format: "pdearena",
  files: FILES,
  recognise: (source) => recogniseHdf5(source, FILES, fits),
  open: (bytes, { name }) =>
    openFileWith(bytes, async (file) => {
      const splits = new Map<string, StoredRun[]>();
      for (const group of await groupsOf(file)) splits.set(group, [await runOf(file, group)]);
      return { dataset: stemOf(name), splits, warnings: [] };
    }),
});
