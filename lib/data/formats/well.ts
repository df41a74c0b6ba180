// The Well: HDF5 files of trajectories on one grid, alone, several, or in a folder `data/train|valid|test/*.hdf5` with a
// `stats.yaml` (data.md section 1). Field values are handed out as stored.

import type { Hdf5File } from "../../io/hdf5.ts";
import type { Dataset, Split } from "../dataset.ts";
import { Lifetime } from "../lifetime.ts";
import { makeDataset } from "../make_dataset.ts";
import { makeSplit, type SplitEntry } from "../make_split.ts";
import { maskKind, type Masks } from "../masks.ts";
import type { Fault, OpenOptions, Reader } from "../reader.ts";
import { filesLike, type Source } from "../source.ts";
import { filesBySplit } from "../split_names.ts";
import { recogniseHdf5 } from "./recognise_hdf5.ts";
import { wellFaults } from "./well/faults.ts";
import { openWellFile, type WellFile } from "./well/file.ts";
import { wellTrajectory } from "./well/trajectory.ts";

/** What tells a Well file from other HDF5 files: any of these, so that a broken one is refused as what it is. */
const MARKS = ["dataset_name", "grid_type", "n_spatial_dims", "n_trajectories", "simulation_parameters"];

/** Endings of the files that are read of a folder. */
export const WELL_FILES = /\.(?:hdf5|h5)$/i;

async function fits(file: Hdf5File): Promise<true | string> {
  const attributes = await file.attributes("/");
  if (MARKS.some((name) => attributes[name] !== undefined)) return true;
  return `"${file.name}" is HDF5 but no Well file: it has none of the root attributes ${MARKS.join(", ")}`;
}

/** All files of a split must be of one data set, grid and list of fields. */
function checkAlike(files: readonly WellFile[]): void {
  const words = ({ metadata: { dataset, resolution, fields } }: WellFile) =>
    `${dataset} on ${resolution.join(" x ")} with ${fields.map(({ name }) => name).join(", ")}`;
  const [first, ...others] = files;
  const other = others.find((file) => words(file) !== words(first!));
  if (!other) return;
  throw new TypeError(
    `Cannot open a split: "${other.metadata.file}" is ${words(other)}, "${first!.metadata.file}" is ${
      words(first!)
    }`,
  );
}

/** Trajectories of files in order, file after file. Those that hide cells are a kind of their own each. */
function entriesOf(files: readonly WellFile[], lifetime: Lifetime, masks: Masks): SplitEntry[] {
  return files.flatMap((file, number) => {
    const { boundaries, fields, trajectories } = file.metadata;
    const hides = fields.some(({ name, order, timeVarying }) =>
      maskKind({ name, order, constant: !timeVarying }, masks)
    );
    return Array.from({ length: trajectories }, (_, index): SplitEntry => ({
      kind: JSON.stringify([boundaries, hides ? [number, index] : null]),
      open: () => wellTrajectory(file, index, lifetime, masks),
    }));
  });
}

async function open(source: Source, { masks = {}, boundaries }: OpenOptions = {}): Promise<Dataset> {
  const { splits, others } = filesBySplit(filesLike(source, WELL_FILES));
  const lifetime = new Lifetime(source.name);
  const opened = new Map<string, Promise<WellFile>>();
  const warnings = others.length === 0
    ? []
    : [`"${source.name}": ${others.join(", ")} lie in no split and are left out`];
  const openFile = async (name: string): Promise<WellFile> => {
    const file = await openWellFile(await source.files.get(name)!(), boundaries);
    // Who disposed of the data set meanwhile could not close it.
    if (lifetime.ended) file.hdf5.close();
    else warnings.push(...file.warnings);
    return file;
  };
  const fileOf = (name: string): Promise<WellFile> => {
    const found = opened.get(name) ?? openFile(name);
    opened.set(name, found);
    found.catch(() => opened.delete(name));
    return found;
  };
  const openSplit = async (split: string, names: readonly string[]): Promise<Split> => {
    const files: WellFile[] = [];
    for (const name of names) files.push(await fileOf(name));
    checkAlike(files);
    return makeSplit(split, files[0]!.metadata.dataset, entriesOf(files, lifetime, masks));
  };
  const [firstNames] = splits.values();
  const first = await fileOf(firstNames![0]!);
  return makeDataset({
    name: first.metadata.dataset,
    format: "well",
    source,
    lifetime,
    warnings: () => [...warnings],
    splits: new Map([...splits].map(([split, names]) => [split, () => openSplit(split, names)])),
    close() {
      for (const file of opened.values()) file.then(({ hdf5 }) => hdf5.close(), () => {});
    },
  });
}

async function faults(source: Source): Promise<readonly Fault[]> {
  const found: Fault[] = [];
  for (const name of filesLike(source, WELL_FILES)) {
    found.push(...await wellFaults(await source.files.get(name)!()));
  }
  return found;
}

/** Reads The Well's files. */
export const wellReader: Reader = {
  format: "well",
  recognise: (source) => recogniseHdf5(source, WELL_FILES, fits),
  open,
  faults,
};
