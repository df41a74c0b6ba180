// BubbleML's files, both versions: a run of boiling a file, `temperature`, `velx`, `vely` and, where it is stored,
// `pressure` as `[T, y, x]`. Coordinates are full grids (version 1) or centres of cells (version 2); run parameters are
// tables of the file, or a JSON file beside it (data.md section 7). The liquid stands between walls on a heater and flows
// out at the top. The signed distance to the bubbles, `dfun`, is no field of a forecast and is left out.

import type { Hdf5File } from "../../io/hdf5.ts";
import { readSmall } from "../../io/source.ts";
import {
  collectionReader,
  type FileContext,
  openFileWith,
  stemOf,
  type StoredRun,
  unitAxis,
} from "./stored/collection.ts";
import { recogniseHdf5 } from "./recognise_hdf5.ts";
import { hdf5Array, type StoredArray } from "./stored/stored_array.ts";
import type { StoredField } from "./stored/stored_field.ts";

const FILES = /\.(?:hdf5|h5)$/i;
const WANTED = ["temperature", "velx", "vely"];
const TABLES = ["real-runtime-params", "int-runtime-params"];
const LARGEST_JSON = 1 << 20;

async function fits(file: Hdf5File): Promise<true | string> {
  const keys = await file.keys("/");
  const missing = WANTED.filter((name) => !keys.includes(name));
  if (missing.length === 0) return true;
  return keys.includes("velx") || keys.includes("dfun")
    ? `"${file.name}" looks like BubbleML, but has no ${missing.join(", ")}`
    : `it has no ${missing.join(", ")}`;
}

/** Coordinates along an axis: centres of cells, or the first line of a full grid. */
async function axisOf(file: Hdf5File, keys: readonly string[], axis: "x" | "y", points: number) {
  const centres = [`${axis}_centers`, `${axis}_centres`].find((name) => keys.includes(name));
  const name = centres ?? (keys.includes(axis) ? axis : null);
  if (name === null) return unitAxis(points);
  const { shape } = await file.dataset(name);
  const line = shape.length - (axis === "x" ? 1 : 2);
  if (shape.length === 1 ? shape[0] !== points : shape[line] !== points) {
    throw new SyntaxError(
      `Cannot read "${file.name}": "${name}" has shape [${
        shape.join(", ")
      }], wanted ${points} points along ${axis}`,
    );
  }
  if (shape.length === 1) return await file.readFloat64(name);
  return await file.readFloat64(name, shape.map(() => 0), shape.map((_, i) => i === line ? points : 1));
}

/** Numbers of a JSON file of the same name; none where there is no such file. */
async function besideOf({ name, source }: FileContext): Promise<Record<string, number>> {
  const open = source.files.get(name.replace(/\.\w+$/, ".json"));
  if (!open) return {};
  using file = await open();
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(await readSmall(file, LARGEST_JSON)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read "${file.name}": it is no JSON: ${error.message}`, { cause: error });
  }
  const entries = Object.entries((parsed ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

async function scalarsOf(file: Hdf5File, keys: readonly string[], context: FileContext) {
  const found = await besideOf(context);
  for (const table of TABLES.filter((name) => keys.includes(name))) {
    for (const [name, value] of Object.entries(await file.parameters(table))) found[name.trim()] = value;
  }
  return found;
}

async function runOf(file: Hdf5File, context: FileContext): Promise<StoredRun> {
  const keys = await file.keys("/");
  const names = [...WANTED, ...keys.filter((name) => name === "pressure")];
  const arrays = new Map<string, StoredArray>();
  for (const name of names) arrays.set(name, await hdf5Array(file, name));
  const shape = arrays.get("temperature")!.shape;
  for (const array of arrays.values()) {
    if (array.shape.length !== 3 || array.shape.some((n, i) => n !== shape[i])) {
      throw new SyntaxError(
        `Cannot read "${file.name}": "${array.name}" has shape [${
          array.shape.join(", ")
        }], wanted [T, Y, X] as of "temperature", [${shape.join(", ")}]`,
      );
    }
  }
  const [steps, rows, columns] = shape as [number, number, number];
  const coordinates = [await axisOf(file, keys, "x", columns), await axisOf(file, keys, "y", rows)];
  const part = (name: string) => ({ array: arrays.get(name)!, axes: "tyx" });
  const scalar = (name: string): StoredField => ({ name, order: 0, constant: false, parts: [part(name)] });
  const scalars = await scalarsOf(file, keys, context);
  return {
    trajectories: 1,
    steps,
    space: "xy",
    coordinates: () => coordinates,
    boundaries: [["wall", "wall"], ["wall", "open"]],
    fields: [
      scalar("temperature"),
      ...arrays.has("pressure") ? [scalar("pressure")] : [],
      { name: "velocity", order: 1, constant: false, parts: [part("velx"), part("vely")] },
    ],
    times: () => Promise.resolve(Float64Array.from({ length: steps }, (_, i) => i)),
    scalars: () => scalars,
  };
}

/** Reads BubbleML's files. */
export const bubblemlReader = collectionReader({
  format: "bubbleml",
  files: FILES,
  recognise: (source) => recogniseHdf5(source, FILES, fits),
  open: (bytes, context) =>
    openFileWith(bytes, async (file) => ({
      dataset: stemOf(context.name),
      splits: new Map([["all", [await runOf(file, context)]]]),
      warnings: [`"${file.name}": BubbleML's files have no times, frames are counted from 0`],
    })),
});
