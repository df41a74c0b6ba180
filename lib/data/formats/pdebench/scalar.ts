// One field in one dimension (advection, Burgers, diffusion and reaction): `tensor`, `[N, T, x]`.

import type { Hdf5File } from "../../../io/hdf5.ts";
import type { FileContext, StoredRun } from "../stored/collection.ts";
import { hdf5Array } from "../stored/stored_array.ts";
import { sideOfName } from "./boundaries.ts";
import { axisOf, parametersOf, timesOf } from "./coordinates.ts";

/** The run of a file. */
export async function scalarRun(
  file: Hdf5File,
  context: FileContext,
  warnings: string[],
): Promise<StoredRun> {
  const array = await hdf5Array(file, "tensor");
  const [trajectories = 0, steps = 0, points = 0, ...more] = array.shape;
  if (array.shape.length < 3 || more.length > 0) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "tensor" has shape [${array.shape.join(", ")}], wanted [N, T, X]`,
    );
  }
  const x = await axisOf(file, "x-coordinate", points);
  const times = await timesOf(file, "t-coordinate", steps);
  const scalars = await parametersOf(file);
  const side = sideOfName(context.name, context.boundaries, warnings);
  return {
    trajectories,
    steps,
    space: "x",
    coordinates: () => [x],
    boundaries: [[side, side]],
    fields: [{ name: "tensor", order: 0, constant: false, parts: [{ array, axes: "ntx" }] }],
    times: () => Promise.resolve(times.slice()),
    scalars: () => scalars,
  };
}
