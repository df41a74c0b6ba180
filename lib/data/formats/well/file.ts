// One open Well file: its metadata, and what of it is read when it is opened (coordinates, run parameters), so that a
// trajectory can say everything about itself but its numbers.

import { type Hdf5File, openHdf5 } from "../../../io/hdf5.ts";
import type { ByteSource } from "../../../io/source.ts";
import type { BoundaryNames } from "../../boundaries.ts";
import { readMetadata, type WellMetadata } from "./metadata.ts";

/** Constant fields of this many trajectories are kept. */
const KEPT = 16;

/** An open file. */
export interface WellFile {
  readonly metadata: WellMetadata;
  /** Coordinates along each axis; of every trajectory where they differ. */
  readonly coordinates: readonly (readonly Float64Array[])[];
  /** Single values by name; of every trajectory where they differ. */
  readonly scalars: Readonly<Record<string, Float64Array>>;
  /** What was odd but could be read. */
  readonly warnings: readonly string[];
  readonly hdf5: Hdf5File;
  /** Constant fields that have been read, the most recent ones, by path and trajectory. */
  readonly constants: Map<string, Promise<Float32Array>>;
}

/** Coordinates of an axis: `[n]`, or `[trajectories, n]`. */
async function readAxis(
  hdf5: Hdf5File,
  { axes, resolution, trajectories }: WellMetadata,
  axis: number,
  warnings: string[],
): Promise<Float64Array[]> {
  const path = `dimensions/${axes[axis]}`;
  const n = resolution[axis]!;
  const { shape } = await hdf5.dataset(path);
  const values = await hdf5.readFloat64(path);
  if (shape.length === 1) return [values];
  if (shape.length === 2 && shape[0] === trajectories) {
    return Array.from({ length: trajectories }, (_, i) => values.slice(i * n, (i + 1) * n));
  }
  warnings.push(
    `"${hdf5.name}": "${path}" has shape [${shape.join(", ")}], its first ${n} numbers are taken`,
  );
  return [values.slice(0, n)];
}

/** Numbers by name in the tables of a group; datasets of other kinds, and those that are broken, do not matter here. */
async function readTables(hdf5: Hdf5File, group: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of await hdf5.keys(group)) {
    const path = group === "/" ? name : `${group}/${name}`;
    if ((await hdf5.kind(path)) !== "dataset") continue;
    try {
      const { holds } = await hdf5.dataset(path);
      if (holds === "parameters") Object.assign(found, await hdf5.parameters(path));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return found;
}

/** Tables and run parameters of the file, then scalars that do not change in time. */
async function readScalars(
  hdf5: Hdf5File,
  { parameters, scalars, trajectories }: WellMetadata,
  warnings: string[],
): Promise<Record<string, Float64Array>> {
  const tables = await readTables(hdf5, "/");
  if ((await hdf5.kind("scalars")) === "group") Object.assign(tables, await readTables(hdf5, "scalars"));
  const found: Record<string, Float64Array> = Object.fromEntries(
    Object.entries({ ...tables, ...parameters }).map(([name, value]) => [name, Float64Array.of(value)]),
  );
  for (const { name, sampleVarying, timeVarying } of scalars) {
    if (timeVarying) continue;
    const path = `scalars/${name}`;
    const { holds, fault, shape } = await hdf5.dataset(path);
    if (holds === "parameters") continue;
    const count = shape.reduce((n, size) => n * size, 1);
    if (fault || count !== (sampleVarying ? trajectories : 1)) {
      warnings.push(
        `"${hdf5.name}": "${path}" ${
          fault ?? `is no number for ${trajectories} trajectories`
        }, it is left out`,
      );
    } else found[name] = await hdf5.readFloat64(path);
  }
  return found;
}

/**
 * Opens a file: reads and checks its metadata, coordinates and run parameters, no field.
 *
 * @param source becomes the file's own and is closed with it
 * @param kinds what further kinds of boundary are taken for
 * @throws SyntaxError for a file that is no valid Well file
 */
export async function openWellFile(source: ByteSource, kinds: BoundaryNames = {}): Promise<WellFile> {
  const hdf5 = await openHdf5(source);
  try {
    const metadata = await readMetadata(hdf5, kinds);
    const warnings = [...metadata.warnings];
    const coordinates: Float64Array[][] = [];
    for (const axis of metadata.axes.keys()) {
      coordinates.push(await readAxis(hdf5, metadata, axis, warnings));
    }
    const scalars = await readScalars(hdf5, metadata, warnings);
    return { metadata, coordinates, scalars, warnings, hdf5, constants: new Map() };
  } catch (error) {
    hdf5.close();
    throw error;
  }
}

/** What is read once for some trajectories: kept, the oldest dropped; a failure is forgotten. */
export async function kept(
  { constants }: WellFile,
  key: string,
  read: () => Promise<Float32Array>,
): Promise<Float32Array> {
  const found = constants.get(key) ?? read();
  constants.delete(key);
  constants.set(key, found);
  if (constants.size > KEPT) constants.delete(constants.keys().next().value!);
  try {
    return await found;
  } catch (error) {
    constants.delete(key);
    throw error;
  }
}
