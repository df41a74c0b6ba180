// Data sets of a folder as the systems of a run: their splits, and statistics where they lie beside.

import { type Dataset, openData, type SampleInfo, type Split, type Statistics } from "walrus";
import type { Model } from "walrus/models";
import type { RunConfig } from "walrus/train";

/** One data set of a run. */
export interface System extends Disposable {
  /** Folder name. */
  readonly name: string;
  readonly folder: string;
  readonly train: Split;
  /** Null where the data set has no such split. */
  readonly valid: Split | null;
  readonly statistics: Statistics | null;
}

async function foldersOf(root: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(root));
    return entries.filter((e) => e.isDirectory || e.isSymlink).map((e) => e.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A data set to train on: one that is not divided is all training data. */
async function systemOf(folder: string, name: string, data: Dataset): Promise<System> {
  const trained = data.splits.find((split) => split === "train" || split === "all");
  if (trained === undefined) {
    throw new RangeError(`"${folder}" has no training data, its splits are ${data.splits.join(", ")}`);
  }
  return {
    name,
    folder,
    train: await data.split(trained),
    valid: data.splits.includes("valid") ? await data.split("valid") : null,
    statistics: await data.statistics(),
    [Symbol.dispose]: () => data[Symbol.dispose](),
  };
}

/**
 * Opens the systems that a configuration names.
 *
 * @throws RangeError for a folder without data sets, or a data set without training data
 */
export async function openSystems(
  { root, systems, exclude, masks = {} }: RunConfig["data"],
): Promise<System[]> {
  const folder = root.replace(/\/+$/, "");
  const found = await foldersOf(folder);
  const names = (systems ?? found).filter((name) => !exclude.includes(name));
  if (names.length === 0) throw new RangeError(`data.root "${root}" has no data sets`);
  const unknown = names.find((name) => !found.includes(name));
  if (unknown) throw new RangeError(`data.root "${root}" has no "${unknown}", it has ${found.join(", ")}`);
  using opened = new DisposableStack();
  const all: System[] = [];
  for (const name of names) {
    const path = `${folder}/${name}`;
    all.push(await systemOf(path, name, opened.use(await openData(path, { masks }))));
  }
  opened.move();
  return all;
}

/** What the trajectories of a split have in common. */
export function infoOf(split: Split): SampleInfo {
  return split.trajectory(0).info;
}

/** Whether data have three axes of more than one point. */
export function isDeep({ grid: { shape } }: SampleInfo): boolean {
  return shape.length === 3 && shape.every((n) => n > 1);
}

/** Input frames of a system. */
export function framesOf(split: Split, model: Model, data: RunConfig["data"]): number {
  const info = infoOf(split);
  const { usual } = model.contextFrames(info);
  return isDeep(info) ? data.context_3d ?? usual : usual;
}
