// PDEGym's files (Poseidon's data): netCDF-4, which is HDF5, one array `[N, T, C, x, y]`, named `data`, `solution` or
// `velocity`, whose channels follow from the set's name (data.md section 7, poseidon.md section 9). Trajectories are
// divided by their order: the last ones are the test split, those before them the validation split.

import type { Hdf5File } from "../../io/hdf5.ts";
import type { SampleField } from "../dataset.ts";
import { roleOf } from "./cf/roles.ts";
import { channelsOf, type System } from "./pdegym/systems.ts";
import { collectionReader, openFileWith, stemOf, type StoredRun, unitAxis } from "./stored/collection.ts";
import { recogniseHdf5 } from "./recognise_hdf5.ts";
import { hdf5Array } from "./stored/stored_array.ts";
import type { StoredField } from "./stored/stored_field.ts";

const FILES = /\.nc$/i;
const ARRAYS = ["data", "solution", "velocity"];

/** The array with the fields: the first of the names that has frames and, with channels, five axes. */
async function arrayOf(file: Hdf5File): Promise<string | null> {
  const keys = await file.keys("/");
  return ARRAYS.find((name) => keys.includes(name)) ?? null;
}

/** Names of axes in another order are those of another file, which has an array of the same name. */
async function inOrder(file: Hdf5File, name: string): Promise<true | string> {
  const names = (await file.scales(name)).map((scale) => scale?.split("/").at(-1) ?? "");
  const roles = names.map((axis) => roleOf(axis));
  const isOther = roles[0] === "t" || roles.slice(1).includes("n") || roles.slice(-2).join("") === "yx";
  return isOther ? `"${name}" has the axes ${names.join(", ")}, wanted trajectories, time, x, y` : true;
}

async function fits(file: Hdf5File): Promise<true | string> {
  const name = await arrayOf(file);
  if (name === null) return `it has no ${ARRAYS.join(", ")}`;
  const { shape } = await file.dataset(name);
  if (shape.length === 4 || shape.length === 5) return await inOrder(file, name);
  const looks = shape.length === 3 ? "; a set of PDEGym without time has nothing to forecast" : "";
  return `"${name}" has shape [${shape.join(", ")}], wanted [N, T, C, X, Y] or [N, T, X, Y]${looks}`;
}

function fieldsOf(system: System, array: StoredField["parts"][number]["array"], axes: string): StoredField[] {
  return system.fields.map(({ name, order, channels }) => ({
    name,
    order,
    constant: false,
    parts: channels.map((channel) => ({ array, axes, channel })),
  }));
}

async function runsOf(file: Hdf5File, set: string, warnings: string[]) {
  const name = (await arrayOf(file))!;
  const array = await hdf5Array(file, name);
  const hasChannels = array.shape.length === 5;
  const [trajectories = 0, steps = 0] = array.shape;
  const channels = hasChannels ? array.shape[2]! : 1;
  const points = array.shape.slice(-2);
  const system = channelsOf(set, name, channels, file.name);
  warnings.push(...system.notes.map((note) => `"${file.name}": ${note}`));
  const fields = fieldsOf(system, array, hasChannels ? "ntcxy" : "ntxy");
  if ((await file.keys("/")).includes("c")) {
    const speed = await hdf5Array(file, "c");
    const constant: SampleField = { name: "speed_of_sound", order: 0, constant: true };
    fields.push({ ...constant, parts: [{ array: speed, axes: speed.shape.length === 3 ? "nxy" : "xy" }] });
  }
  const coordinates = points.map((n) => unitAxis(n));
  const run = (from: number, count: number): StoredRun => ({
    trajectories: count,
    steps,
    space: "xy",
    coordinates: () => coordinates,
    boundaries: [[system.side, system.side], [system.side, system.side]],
    fields: fields.map((field) => ({
      ...field,
      parts: field.parts.map((part) => ({
        ...part,
        array: from === 0 || !part.axes.startsWith("n") ? part.array : {
          ...part.array,
          read: ([n, ...start], size) => part.array.read([n! + from, ...start], size),
        },
      })),
    })),
    times: () => Promise.resolve(Float64Array.from({ length: steps }, (_, i) => i)),
    scalars: () => ({}),
  });
  const held = system.valid + system.test;
  if (trajectories <= held) return new Map([["all", [run(0, trajectories)]]]);
  const train = trajectories - held;
  return new Map([
    ["train", [run(0, train)]],
    ["valid", [run(train, system.valid)]],
    ["test", [run(train + system.valid, system.test)]],
  ]);
}

/** Reads PDEGym's files. */
export const pdegymReader = collectionReader({
  format: "pdegym",
  files: FILES,
  recognise: (source) => recogniseHdf5(source, FILES, fits),
  open: (bytes, { name }) =>
    openFileWith(bytes, async (file) => {
      const dataset = stemOf(name);
      const warnings: string[] = [];
      return { dataset, splits: await runsOf(file, dataset, warnings), warnings };
    }),
});
