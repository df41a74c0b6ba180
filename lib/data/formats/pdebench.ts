// PDEBench's files, found by what lies at their root (data.md section 7): fields `[N, T, x(, y(, z))]` of compressible
// flow, `tensor` in one dimension, a group a run (shallow water, diffusion and reaction), `velocity` with `particles`
// (incompressible flow). Files do not say what holds at the sides: see pdebench/boundaries.ts.

import type { Hdf5File } from "../../io/hdf5.ts";
import { flowRun } from "./pdebench/flow.ts";
import { groupRuns, RUN } from "./pdebench/groups.ts";
import { incompressibleRun } from "./pdebench/incompressible.ts";
import { scalarRun } from "./pdebench/scalar.ts";
import {
  collectionReader,
  type FileContext,
  openFileWith,
  stemOf,
  type StoredRun,
} from "./stored/collection.ts";
import { recogniseHdf5 } from "./recognise_hdf5.ts";

const FILES = /\.(?:hdf5|h5)$/i;

/** A layout: what of the root tells it from others, what it must have, how it is read. */
interface Layout {
  readonly marks: (keys: readonly string[]) => boolean;
  /** What is lacking, in words; null: nothing. */
  readonly lacks: (keys: readonly string[]) => string | null;
  readonly runs: (
    file: Hdf5File,
    context: FileContext,
    warnings: string[],
  ) => Promise<readonly StoredRun[]>;
}

const has = (keys: readonly string[], ...names: readonly string[]) =>
  names.every((name) => keys.includes(name));

function missing(keys: readonly string[], names: readonly string[]): string | null {
  const absent = names.filter((name) => !keys.includes(name));
  return absent.length === 0 ? null : absent.join(", ");
}

const LAYOUTS: readonly Layout[] = [
  {
    marks: (keys) => has(keys, "Vx") || has(keys, "density", "x-coordinate"),
    lacks: (keys) => missing(keys, ["density", "pressure", "Vx", "x-coordinate"]),
    runs: async (file, context, warnings) => [await flowRun(file, context, warnings)],
  },
  {
    marks: (keys) => has(keys, "tensor"),
    lacks: (keys) => missing(keys, ["x-coordinate"]),
    runs: async (file, context, warnings) => [await scalarRun(file, context, warnings)],
  },
  {
    marks: (keys) => has(keys, "velocity") && (has(keys, "particles") || has(keys, "force")),
    lacks: (keys) => missing(keys, ["velocity", "particles"]),
    runs: async (file) => [await incompressibleRun(file)],
  },
  {
    marks: (keys) => keys.some((name) => RUN.test(name)),
    lacks: () => null,
    runs: (file) => groupRuns(file),
  },
];

async function fits(file: Hdf5File): Promise<true | string> {
  const keys = await file.keys("/");
  const layout = LAYOUTS.find(({ marks }) => marks(keys));
  if (!layout) {
    return "its root has no density and Vx, no tensor, no velocity and particles, no groups 0000, 0001, ..";
  }
  const lack = layout.lacks(keys);
  return lack === null ? true : `"${file.name}" looks like PDEBench, but has no ${lack}`;
}

/** Reads PDEBench's files. */
export const pdebenchReader = collectionReader({
  format: "pdebench",
  files: FILES,
  recognise: (source) => recogniseHdf5(source, FILES, fits),
  open: (bytes, context) =>
    openFileWith(bytes, async (file) => {
      const keys = await file.keys("/");
      const warnings: string[] = [];
      const runs = await LAYOUTS.find(({ marks }) => marks(keys))!.runs(file, context, warnings);
      return { dataset: stemOf(context.name), splits: new Map([["all", runs]]), warnings };
    }),
});
