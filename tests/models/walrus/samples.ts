// Samples of files that are made, in the file's own fields.

import type { Sample } from "../../../lib/data/dataset.ts";
import { openData } from "../../../lib/data/open_data.ts";
import type { DataInput } from "../../../lib/data/source.ts";
import { type WritableField, writeWell } from "../../../lib/data/write_well.ts";
import { uniformNumbers } from "../../../lib/random/philox.ts";

/** Reproducible numbers between -1 and 1. */
export function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from(uniformNumbers(count, seed, 0, 0), (u) => 2 * u - 1);
}

/** Frames of a file's first trajectory. */
export async function readSample(
  input: DataInput,
  { from, length }: { from: number; length: number },
): Promise<Sample> {
  using data = await openData(input);
  const split = await data.split();
  return await split.trajectory(0).sample(Array.from({ length }, (_, i) => from + i));
}

/** What a made file has. */
export interface Made {
  readonly dataset?: string;
  readonly gridType?: string;
  readonly shape: readonly number[];
  readonly steps: number;
  readonly boundaries: readonly (readonly [number, number])[];
  /** Name, order, and whether it is constant. */
  readonly fields: readonly (readonly [name: string, order: number, constant?: boolean])[];
  readonly seed?: number;
}

/** A Well file of random numbers; a constant `mask` hides every third cell. */
export function madeWell(
  { dataset = "made", gridType = "cartesian", shape, steps, boundaries, fields, seed = 1 }: Made,
): Promise<Uint8Array> {
  const points = shape.reduce((n, size) => n * size, 1);
  const names = gridType === "cartesian" ? ["x", "y", "z"] : ["r", "theta", "phi"];
  const made = fields.map(([name, order, constant = false], i): WritableField => {
    const count = (constant ? 1 : steps) * points * shape.length ** order;
    const data = name === "mask"
      ? Float32Array.from({ length: count }, (_, p) => p % 3 === 0 ? 1 : 0)
      : numbers(count, seed + i).map((v) => name === "density" ? 1.5 + v : v);
    return { name, order, constant, data };
  });
  return writeWell({
    dataset,
    gridType,
    axes: shape.map((n, axis) => ({
      name: names[axis]!,
      coordinates: Float32Array.from({ length: n }, (_, i) => i / n),
    })),
    times: Float64Array.from({ length: steps }, (_, t) => t),
    boundaries,
    fields: made,
  });
}
