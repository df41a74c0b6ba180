// Readers of collections whose files are no Well files: what they have in common. A collection says what its files look
// like and where their fields lie; here they become a data set.

import { type Hdf5File, openHdf5 } from "../../../io/hdf5.ts";
import type { ByteSource } from "../../../io/source.ts";
import type { BoundaryNames } from "../../boundaries.ts";
import type { Boundary, Dataset, Split, Trajectory } from "../../dataset.ts";
import { Lifetime } from "../../lifetime.ts";
import { makeDataset } from "../../make_dataset.ts";
import { makeSplit, type SplitEntry } from "../../make_split.ts";
import { makeTrajectory } from "../../make_trajectory.ts";
import { maskKind, type Masks } from "../../masks.ts";
import type { OpenOptions, Reader } from "../../reader.ts";
import { filesLike, type Source } from "../../source.ts";
import { filesBySplit } from "../../split_names.ts";
import { readStored, type StoredField } from "./stored_field.ts";

/** Most trajectories of a run: a claim of a few bytes must not become a list that fills the memory. */
const MOST_TRAJECTORIES = 1_000_000;

/** Trajectories of one file that have the same fields, frames and grid. */
export interface StoredRun {
  readonly trajectories: number;
  readonly steps: number;
  /** Axes of space in the order of samples: `xy`. */
  readonly space: string;
  /** What its coordinates are, `cartesian` unless given. */
  readonly system?: string;
  /** Coordinates along each. */
  coordinates(index: number): readonly Float64Array[];
  /** Near and far side of each. */
  readonly boundaries: readonly (readonly [Boundary, Boundary])[];
  /** Those that vary in time first. */
  readonly fields: readonly StoredField[];
  times(index: number): Promise<Float64Array>;
  scalars(index: number): Readonly<Record<string, number>>;
}

/** An open file of a collection. */
export interface StoredFile {
  /** Name of the data set. */
  readonly dataset: string;
  /** Its runs by split; under `all` where it is not divided. */
  readonly splits: ReadonlyMap<string, readonly StoredRun[]>;
  /** What was taken for granted. */
  readonly warnings: readonly string[];
  close(): void;
}

/** What a collection's files are opened with. */
export interface FileContext {
  /** Name of the file in its folder, `2D_CFD_Rand_periodic_128.hdf5`. */
  readonly name: string;
  /** All that was given, for what lies beside the file. */
  readonly source: Source;
  /** What further kinds of boundary are taken for. */
  readonly boundaries: BoundaryNames;
}

/** A collection. */
export interface Collection {
  readonly format: string;
  /** Names of its files in a folder. */
  readonly files: RegExp;
  /** See {@link Reader.recognise}. */
  recognise(source: Source): Promise<true | string>;
  /**
   * Opens a file, which becomes the collection's own; it is closed when this throws.
   *
   * @throws SyntaxError naming the file, what is in it and what was wanted
   */
  open(file: ByteSource, context: FileContext): Promise<StoredFile>;
}

/** Points along evenly spaced coordinates: `0, 1 / n, ..`. */
export function unitAxis(points: number, length = 1): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => (i * length) / points);
}

/** The data set's name from a file's: without its folders and ending. */
export function stemOf(name: string): string {
  return name.split("/").at(-1)!.replace(/\.\w+$/, "");
}

/** Opens an HDF5 file for a collection; closes it when what it holds is refused. */
export async function openFileWith(
  source: ByteSource,
  read: (file: Hdf5File) => Promise<Omit<StoredFile, "close">>,
): Promise<StoredFile> {
  const file = await openHdf5(source);
  try {
    return { ...await read(file), close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A file's runs, and how it is called. */
interface Opened {
  readonly name: string;
  readonly file: StoredFile;
}

function trajectoryOf(
  run: StoredRun,
  dataset: string,
  file: string,
  index: number,
  lifetime: Lifetime,
  masks: Masks,
): Trajectory {
  const { space, fields, boundaries, steps } = run;
  const coordinates = run.coordinates(index);
  const points = coordinates.map(({ length }) => length);
  return makeTrajectory({
    file,
    index,
    masks,
    steps,
    lifetime,
    info: {
      dataset,
      grid: { system: run.system ?? "cartesian", axes: [...space], shape: points, coordinates },
      boundaries,
      fields: fields.map(({ name, order, constant, mask }) => ({
        name,
        order,
        constant,
        ...mask ? { mask } : {},
      })),
      scalars: run.scalars(index),
    },
    readTimes: () => run.times(index),
    readField: (i, first, count) => readStored(fields[i]!, { index, first, count, space, points }),
  });
}

/** The trajectories of files, file after file; those that hide cells are a kind of their own. */
function entriesOf(
  files: readonly Opened[],
  split: string,
  dataset: string,
  lifetime: Lifetime,
  masks: Masks,
): SplitEntry[] {
  let number = 0;
  return files.flatMap(({ name, file }) =>
    (file.splits.get(split) ?? []).flatMap((run) => {
      const hides = run.fields.some((field) => maskKind(field, masks));
      number++;
      return Array.from({ length: run.trajectories }, (_, index): SplitEntry => ({
        kind: JSON.stringify([run.boundaries, hides ? number : null]),
        open: () => trajectoryOf(run, dataset, name, index, lifetime, masks),
      }));
    })
  );
}

/** Refuses runs of nothing. */
function checkCounts(name: string, { splits }: StoredFile): void {
  for (const run of [...splits.values()].flat()) {
    const { trajectories, steps } = run;
    if (trajectories > MOST_TRAJECTORIES) {
      throw new SyntaxError(
        `Cannot read "${name}": it claims ${trajectories} trajectories, wanted at most ${MOST_TRAJECTORIES}`,
      );
    }
    const points = trajectories > 0 ? run.coordinates(0).map(({ length }) => length) : [1];
    if (trajectories > 0 && steps > 0 && points.every((n) => n > 0)) continue;
    throw new SyntaxError(
      `Cannot read "${name}": it has ${trajectories} trajectories of ${steps} frames on ${
        points.join(" x ")
      } points, wanted at least 1 of each`,
    );
  }
}

/** All files under one name of a split: a file's own division does not matter where folders or names divide. */
function asOne({ splits, ...rest }: StoredFile, split: string): StoredFile {
  return { ...rest, splits: new Map([[split, [...splits.values()].flat()]]) };
}

async function openCollection(
  collection: Collection,
  source: Source,
  { masks = {}, boundaries = {} }: OpenOptions,
): Promise<Dataset> {
  const { splits: named, others } = filesBySplit(filesLike(source, collection.files));
  const lifetime = new Lifetime(source.name);
  const opened = new Map<string, Promise<Opened>>();
  const warnings = others.length === 0
    ? []
    : [`"${source.name}": ${others.join(", ")} lie in no split and are left out`];
  const openFile = async (name: string): Promise<Opened> => {
    const bytes = await source.files.get(name)!();
    const file = await collection.open(bytes, { name, source, boundaries });
    try {
      checkCounts(bytes.name, file);
    } catch (error) {
      file.close();
      throw error;
    }
    if (lifetime.ended) file.close();
    else warnings.push(...file.warnings.filter((warning) => !warnings.includes(warning)));
    return { name: bytes.name, file };
  };
  const fileOf = (name: string): Promise<Opened> => {
    const found = opened.get(name) ?? openFile(name);
    opened.set(name, found);
    found.catch(() => opened.delete(name));
    return found;
  };
  const [[firstSplit, firstNames]] = [...named] as [[string, readonly string[]]];
  const { file: first } = await fileOf(firstNames[0]!);
  const openSplit = async (split: string, names: readonly string[], own: boolean): Promise<Split> => {
    const files: Opened[] = [];
    for (const name of names) {
      const { file, ...rest } = await fileOf(name);
      files.push({ ...rest, file: own ? file : asOne(file, split) });
    }
    return makeSplit(split, first.dataset, entriesOf(files, split, first.dataset, lifetime, masks));
  };
  const isOwn = firstSplit === "all";
  const splits = isOwn
    ? new Map([...first.splits.keys()].map((split) => [split, firstNames] as const))
    : named;
  return makeDataset({
    name: first.dataset,
    format: collection.format,
    source,
    lifetime,
    warnings: () => [...warnings],
    splits: new Map([...splits].map(([split, names]) => [split, () => openSplit(split, names, isOwn)])),
    close() {
      for (const each of opened.values()) each.then(({ file }) => file.close(), () => {});
    },
  });
}

/** The reader of a collection. */
export function collectionReader(collection: Collection): Reader {
  return {
    format: collection.format,
    recognise: (source) => collection.recognise(source),
    open: (source, options = {}) => openCollection(collection, source, options),
  };
}
