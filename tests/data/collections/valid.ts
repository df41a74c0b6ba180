// A small valid file of each collection's layout, to break and to fuzz.

import { writeNpz } from "../../../lib/io/npy_writer.ts";
import type { WritableDataset } from "../../../lib/io/hdf5_writer.ts";
import { counted, dataset, list, placed } from "./make.ts";

/** Datasets of a file by name. */
export type Datasets = Readonly<Record<string, WritableDataset>>;

/** PDEBench's compressible flow. */
export function flow(): Datasets {
  const field = (c: number) => dataset("ntxy", [1, 3, 4, 2], { c });
  return {
    density: field(0),
    pressure: field(1),
    Vx: field(2),
    Vy: field(3),
    "t-coordinate": counted(4),
    "x-coordinate": counted(4),
    "y-coordinate": counted(2),
  };
}

/** A split of PDEArena. */
export function smoke(): Datasets {
  const field = (c: number) => dataset("ntxy", [2, 3, 4, 2], { c });
  return {
    u: field(0),
    vx: field(1),
    vy: field(2),
    t: { shape: [2, 3], data: Float64Array.of(0, 1, 2, 0, 1, 2) },
    x: { shape: [2, 4], data: Float64Array.of(0, 1, 2, 3, 0, 1, 2, 3) },
    y: { shape: [2, 2], data: Float64Array.of(0, 1, 0, 1) },
    buo_y: list(0.1, 0.2),
  };
}

/** A set of PDEGym. */
export function gas(): Datasets {
  return { data: dataset("ntcxy", [2, 3, 4, 2, 2]) };
}

/** A run of BubbleML. */
export function boiling(): Datasets {
  const field = (c: number) => dataset("tyx", [3, 2, 4], { c });
  return {
    temperature: field(0),
    pressure: field(1),
    velx: field(2),
    vely: field(3),
    dfun: field(4),
    x: dataset("tyx", [3, 2, 4]),
    y: dataset("tyx", [3, 2, 4]),
  };
}

/** A run of FlowBench. */
export function pastObject(shape: readonly number[] = [3, 2, 4, 3]): Uint8Array {
  return writeNpz({ data: { shape, data: placed("tyxc".slice(0, shape.length), shape) } });
}
