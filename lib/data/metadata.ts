// Metadata of a Well file with boundaries as numbers.

import type { AttributeValue, Hdf5File } from "../io/hdf5.ts";
import { type Boundaries, boundaryCodes } from "./boundaries.ts";
import { type FieldInfo, readMetadata as readNamed, type ScalarInfo } from "./formats/well/metadata.ts";

export type { FieldInfo, ScalarInfo } from "./formats/well/metadata.ts";

/** Everything about a file but its numbers. */
export interface WellMetadata {
  /** Path or URL. */
  readonly file: string;
  /** The attribute `dataset_name`. */
  readonly dataset: string;
  /** `cartesian`, or anything else for curvilinear grids. */
  readonly gridType: string;
  /** Axis names in storage order. */
  readonly axes: readonly string[];
  /** Points of the axes. */
  readonly resolution: readonly number[];
  /** Number of trajectories. */
  readonly trajectories: number;
  /** Frames of a trajectory. */
  readonly steps: number;
  /** Time stamps are `[trajectories, steps]` when true. */
  readonly timeSampleVarying: boolean;
  /** Variable fields by order, then constant ones by order, each as `field_names` lists them. */
  readonly fields: readonly FieldInfo[];
  /** Single values. */
  readonly scalars: readonly ScalarInfo[];
  /** Codes of the near and far side of each axis. */
  readonly boundaries: Boundaries;
  /** Run parameters that hold for the file. */
  readonly parameters: Readonly<Record<string, AttributeValue>>;
  /** What was odd but could be read. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a file's metadata.
 *
 * @param file an open HDF5 file
 * @throws SyntaxError naming the file, the object, its value and what was wanted
 */
export async function readMetadata(file: Hdf5File): Promise<WellMetadata> {
  const metadata = await readNamed(file);
  return { ...metadata, boundaries: boundaryCodes(metadata.boundaries) };
}
