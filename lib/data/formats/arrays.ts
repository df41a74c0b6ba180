// NumPy arrays with a description beside them, `arrays.yaml`: any simulation becomes a data set by writing one page of YAML
// (docs/data.md). Frames are read by range where arrays are stored so that this is possible.

import { readSmall } from "../../io/source.ts";
import { frameSize } from "../components.ts";
import type { Dataset, Split, Trajectory } from "../dataset.ts";
import { Lifetime } from "../lifetime.ts";
import { makeDataset } from "../make_dataset.ts";
import { makeSplit } from "../make_split.ts";
import { makeTrajectory } from "../make_trajectory.ts";
import { maskKind, type Masks } from "../masks.ts";
import type { OpenOptions, Reader } from "../reader.ts";
import type { Source } from "../source.ts";
import { DESCRIPTION, type Description, parseDescription, trajectoriesOf } from "./arrays/description.ts";
import { openRun, type Run } from "./arrays/run.ts";

const LARGEST_DESCRIPTION = 1 << 20;

function recognise({ files }: Source): Promise<true | string> {
  return Promise.resolve(
    !files.has(DESCRIPTION)
      ? `it has no ${DESCRIPTION}`
      : files.size > 1 || `${DESCRIPTION} came alone, open the folder that it lies in`,
  );
}

/** A split's part of a folder of arrays. */
interface Part {
  /** Where its files lie: empty, or `train/`. */
  readonly folder: string;
  /** Which trajectories; null: all. */
  readonly chosen: readonly number[] | null;
}

function partsOf({ splits }: Description): Map<string, Part> {
  if (splits === undefined) return new Map([["all", { folder: "", chosen: null }]]);
  if (Array.isArray(splits)) {
    return new Map(splits.map((name) => [name, { folder: `${name}/`, chosen: null }]));
  }
  return new Map(
    Object.entries(splits).map(([name, chosen]) => [name, { folder: "", chosen: trajectoriesOf(chosen) }]),
  );
}

function trajectoryOf(
  run: Run,
  file: string,
  index: number,
  lifetime: Lifetime,
  masks: Masks,
): Trajectory {
  const info = run.info(index);
  const { steps, times, fields } = run;
  return makeTrajectory({
    file,
    index,
    info,
    masks,
    steps,
    lifetime,
    readTimes: () =>
      Promise.resolve(times.length > steps ? times.slice(index * steps, (index + 1) * steps) : times),
    readField(i, first, count) {
      const { array, sampleVarying, constant } = fields[i]!;
      const before = sampleVarying ? index * (constant ? 1 : steps) : 0;
      const size = frameSize(info, fields[i]!);
      return array.readFloat32((before + first) * size, count * size);
    },
  });
}

/** Trajectories that hide other cells are of another kind. */
function kindOf(run: Run, index: number, masks: Masks): string {
  const own = run.fields.filter((field) => maskKind(field, masks));
  const hides = own.length === 0 ? null : own.some(({ sampleVarying }) => sampleVarying) ? index : "shared";
  return JSON.stringify([run.info(index).boundaries, hides]);
}

async function open(source: Source, { masks = {}, boundaries }: OpenOptions = {}): Promise<Dataset> {
  using file = await source.files.get(DESCRIPTION)!();
  const label = file.name;
  const text = new TextDecoder().decode(await readSmall(file, LARGEST_DESCRIPTION));
  const description = parseDescription(text, label, boundaries);
  const lifetime = new Lifetime(source.name);
  const runs = new Map<string, Promise<Run>>();
  const runOf = async (folder: string): Promise<Run> => {
    const found = runs.get(folder) ?? openRun(source, description, folder, label);
    runs.set(folder, found);
    found.catch(() => runs.delete(folder));
    const run = await found;
    if (lifetime.ended) run.close();
    return run;
  };
  const openSplit = async (split: string, { folder, chosen }: Part): Promise<Split> => {
    const run = await runOf(folder);
    const beyond = chosen?.find((index) => index >= run.trajectories);
    if (beyond !== undefined) {
      throw new SyntaxError(
        `Cannot read "${label}": splits.${split} names trajectory ${beyond}, there are 0 to ${
          run.trajectories - 1
        }`,
      );
    }
    const indices = chosen ?? Array.from({ length: run.trajectories }, (_, i) => i);
    const entries = indices.map((index) => ({
      kind: kindOf(run, index, masks),
      open: () => trajectoryOf(run, label, index, lifetime, masks),
    }));
    return makeSplit(split, description.name, entries);
  };
  const parts = partsOf(description);
  // What is wrong is said when the data set is opened.
  const [first] = parts;
  await openSplit(...first!);
  return makeDataset({
    name: description.name,
    format: "arrays",
    source,
    lifetime,
    warnings: () => [],
    splits: new Map([...parts].map(([split, part]) => [split, () => openSplit(split, part)])),
    close() {
      for (const run of runs.values()) run.then((opened) => opened.close(), () => {});
    },
  });
}

/** Reads arrays that `arrays.yaml` describes. */
export const arraysReader: Reader = { format: "arrays", recognise, open };
