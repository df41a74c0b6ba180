// Compressible flow in one, two or three dimensions: `density`, `pressure`, `Vx`, `Vy`, `Vz`, each `[N, T, x(, y(, z))]`.

import type { Hdf5File } from "../../../io/hdf5.ts";
import type { FileContext, StoredRun } from "../stored/collection.ts";
import { hdf5Array, type StoredArray } from "../stored/stored_array.ts";
import type { StoredField } from "../stored/stored_field.ts";
import { sideOfName } from "./boundaries.ts";
import { axisOf, parametersOf, timesOf } from "./coordinates.ts";

/** The run of a file. */
export async function flowRun(file: Hdf5File, context: FileContext, warnings: string[]): Promise<StoredRun> {
  const density = await hdf5Array(file, "density");
  const [trajectories = 0, steps = 0, ...points] = density.shape;
  const space = "xyz".slice(0, points.length);
  const axes = `nt${space}`;
  const part = async (path: string) => {
    const array: StoredArray = path === "density" ? density : await hdf5Array(file, path);
    const fits = array.shape.length === density.shape.length &&
      array.shape.every((n, i) => n === density.shape[i]);
    if (space === "" || points.length > 3 || !fits) {
      throw new SyntaxError(
        `Cannot read "${file.name}": "${path}" has shape [${
          array.shape.join(", ")
        }], wanted [N, T, X(, Y(, Z))] as of "density", [${density.shape.join(", ")}]`,
      );
    }
    return { array, axes };
  };
  const scalar = async (name: string): Promise<StoredField> => ({
    name,
    order: 0,
    constant: false,
    parts: [await part(name)],
  });
  const fields = [await scalar("density"), await scalar("pressure")];
  const velocity = [];
  for (const axis of space) velocity.push(await part(`V${axis}`));
  const side = sideOfName(context.name, context.boundaries, warnings);
  const coordinates: Float64Array[] = [];
  for (const [i, axis] of [...space].entries()) {
    coordinates.push(await axisOf(file, `${axis}-coordinate`, points[i]!));
  }
  const times = await timesOf(file, "t-coordinate", steps);
  const scalars = await parametersOf(file);
  return {
    trajectories,
    steps,
    space,
    coordinates: () => coordinates,
    boundaries: [...space].map(() => [side, side] as const),
    fields: [...fields, { name: "velocity", order: 1, constant: false, parts: velocity }],
    times: () => Promise.resolve(times.slice()),
    scalars: () => scalars,
  };
}
