// Data to convert, made on the spot: trajectories that no two share a number of, not divided into splits.

import type { SampleInfo } from "../../lib/data/dataset.ts";
import { type WritableSample, writeSamples } from "../../lib/data/write_samples.ts";

/** What is made. */
export interface MadeData {
  readonly trajectories: number;
  readonly steps: number;
  readonly points: readonly number[];
  /** Whether it has a constant field that hides cells where it is 0. */
  readonly fluid?: boolean;
}

/** Trajectories of a scalar and a vector, and run parameters that differ. */
export function madeSamples({ trajectories, steps, points, fluid = false }: MadeData): WritableSample[] {
  const size = points.reduce((n, size) => n * size, 1);
  const info = (run: number): SampleInfo => ({
    dataset: "made",
    grid: {
      system: "cartesian",
      axes: ["x", "y", "z"].slice(0, points.length),
      shape: points,
      coordinates: points.map((n) => Float64Array.from({ length: n }, (_, i) => i / n)),
    },
    boundaries: points.map((_, axis) =>
      axis === 0 ? ["wall", "open"] as const : ["periodic", "periodic"] as const
    ),
    fields: [
      { name: "density", order: 0, constant: false },
      { name: "velocity", order: 1, constant: false },
      ...fluid ? [{ name: "fluid", order: 0, constant: true }] : [],
    ],
    masked: fluid,
    scalars: { nu: 0.1, run },
  });
  let state = 1;
  const numbers = (count: number, run: number) =>
    Float32Array.from({ length: count }, (_, i) => {
      state = Math.imul(state, 1664525) + 1013904223 >>> 0;
      return run + Math.sin(i / 7) + state / 2 ** 40;
    });
  return Array.from({ length: trajectories }, (_, run) => ({
    info: info(run),
    times: Float64Array.from({ length: steps }, (_, t) => t * (run % 2 === 0 ? 0.1 : 0.2)),
    values: [
      numbers(steps * size, run),
      numbers(steps * size * points.length, run),
      ...fluid ? [Float32Array.from({ length: size }, (_, i) => i % 3 === 0 ? 0 : 1)] : [],
    ],
  }));
}

/** Writes them as one file. */
export async function makeData(path: string, data: MadeData): Promise<void> {
  await Deno.writeFile(path, await writeSamples(madeSamples(data)));
}
