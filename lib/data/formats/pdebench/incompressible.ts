// Incompressible flow between walls: `velocity` `[n, T, x, y, 2]`, `particles` `[n, T, x, y, 1]`, `force` `[n, x, y, 2]`,
// which stays, and `t` `[n, T]`.

import type { Hdf5File } from "../../../io/hdf5.ts";
import { type StoredRun, unitAxis } from "../stored/collection.ts";
import { hdf5Array, type StoredArray } from "../stored/stored_array.ts";
import type { StoredField } from "../stored/stored_field.ts";

/** The run of a file. */
export async function incompressibleRun(file: Hdf5File): Promise<StoredRun> {
  const keys = await file.keys("/");
  const velocity = await hdf5Array(file, "velocity");
  const [trajectories = 0, steps = 0, width = 0, height = 0] = velocity.shape;
  const check = (array: StoredArray, wanted: readonly number[]): StoredArray => {
    if (array.shape.length === wanted.length && array.shape.every((n, i) => n === wanted[i])) return array;
    throw new SyntaxError(
      `Cannot read "${file.name}": "${array.name}" has shape [${array.shape.join(", ")}], wanted [${
        wanted.join(", ")
      }]${array === velocity ? ", two components at the end" : ' beside "velocity"'}`,
    );
  };
  check(velocity, [trajectories, steps, width, height, 2]);
  const particles = check(await hdf5Array(file, "particles"), [trajectories, steps, width, height, 1]);
  const vector = (name: string, array: StoredArray, axes: string, constant: boolean): StoredField => ({
    name,
    order: 1,
    constant,
    parts: [0, 1].map((channel) => ({ array, axes, channel })),
  });
  const force = keys.includes("force")
    ? check(await hdf5Array(file, "force"), [trajectories, width, height, 2])
    : null;
  const t = keys.includes("t") ? await file.readFloat64("t") : null;
  if (t && t.length !== trajectories * steps) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "t" has ${t.length} numbers, wanted ${trajectories} times ${steps}`,
    );
  }
  const coordinates = [unitAxis(width), unitAxis(height)];
  return {
    trajectories,
    steps,
    space: "xy",
    coordinates: () => coordinates,
    boundaries: [["wall", "wall"], ["wall", "wall"]],
    fields: [
      { name: "tracer", order: 0, constant: false, parts: [{ array: particles, axes: "ntxyc" }] },
      vector("velocity", velocity, "ntxyc", false),
      ...force ? [vector("force", force, "nxyc", true)] : [],
    ],
    times: (index) =>
      Promise.resolve(
        t?.slice(index * steps, (index + 1) * steps) ?? Float64Array.from({ length: steps }, (_, i) => i),
      ),
    scalars: () => ({}),
  };
}
