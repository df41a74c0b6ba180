// Data sets of a folder as the systems of a run: files of each split in order, statistics where they are needed.

import { fieldIndices } from "../../lib/data/fields.ts";
import { openSplit, type Split } from "../../lib/data/split.ts";
import { globalScales, readStatistics } from "../../lib/data/statistics.ts";
import type { RunConfig } from "../../lib/train/run_config.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";

/** Scales of every channel. */
export interface Scales {
  readonly std: Float32Array;
  readonly deltaStd: Float32Array;
}

/** One data set of a run. */
export interface System extends Disposable {
  /** Folder name. */
  readonly name: string;
  readonly train: Split;
  /** Null where the data set has no such split. */
  readonly valid: Split | null;
  /** Names of all channels, constant ones last. */
  readonly channels: readonly string[];
  readonly folder: string;
  /** Training files in order. */
  readonly files: readonly string[];
}

async function listed(folder: string): Promise<Deno.DirEntry[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** HDF5 files of a folder in order; none where it does not exist. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await listed(folder);
  return entries.filter(({ name }) => /\.(?:hdf5|h5)$/.test(name)).map(({ name }) => `${folder}/${name}`);
}

async function openSystem(root: string, name: string): Promise<System> {
  const folder = `${root}/${name}`;
  const files = await filesOf(`${folder}/data/train`);
  if (files.length === 0) throw new RangeError(`"${folder}/data/train" has no HDF5 files`);
  const train = await openSplit(files);
  const held = await filesOf(`${folder}/data/valid`);
  const valid = held.length > 0 ? await openSplit(held) : null;
  const { channels, constantChannels } = await train.trajectory(0, 0).window({ from: 0, length: 1 });
  return {
    name,
    train,
    valid,
    channels: [...channels, ...constantChannels],
    folder,
    files,
    [Symbol.dispose]() {
      train[Symbol.dispose]();
      valid?.[Symbol.dispose]();
    },
  };
}

/**
 * Opens the systems that a configuration names.
 *
 * @throws RangeError for a folder without data sets, or a data set without training files
 */
export async function openSystems({ root, systems, exclude }: RunConfig["data"]): Promise<System[]> {
  const folder = root.replace(/\/+$/, "");
  const found = (await listed(folder)).filter((e) => e.isDirectory || e.isSymlink).map((e) => e.name);
  const names = (systems ?? found).filter((name) => !exclude.includes(name));
  if (names.length === 0) throw new RangeError(`data.root "${root}" has no data sets`);
  const unknown = names.find((name) => !found.includes(name));
  if (unknown) throw new RangeError(`data.root "${root}" has no "${unknown}", it has ${found.join(", ")}`);
  const opened: System[] = [];
  try {
    for (const name of names) opened.push(await openSystem(folder, name));
    return opened;
  } catch (error) {
    for (const system of opened) system[Symbol.dispose]();
    throw error;
  }
}

/** Names under which the network knows the channels of all systems. */
export function fieldNames(systems: readonly System[], map: RunConfig["data"]["field_map"]): string[] {
  return systems.flatMap(({ channels }) =>
    channels.flatMap((name) => {
      const mapped = map[name] ?? name;
      return typeof mapped === "string" ? [mapped] : [];
    })
  );
}

/** Checks that the network's table has every field of the systems. */
export function checkFields(systems: readonly System[], config: WalrusConfig, data: RunConfig["data"]): void {
  for (const { channels } of systems) fieldIndices(channels, config.fields, data.field_map);
}

/** Scales of a system for data-set-wide normalisation, from its `stats.yaml`. */
export async function scalesOf(system: System, config: WalrusConfig): Promise<Scales> {
  const window = await system.train.trajectory(0, 0).window({ from: 0, length: 1 });
  return globalScales(await readStatistics(`${system.folder}/stats.yaml`), window, config.epsilon);
}

/** Input frames of a system. */
export function framesOf(split: Split, config: WalrusConfig, data: RunConfig["data"]): number {
  const deep = split.shape.every((n) => n > 1);
  return deep ? data.context_3d ?? Math.max(1, Math.floor(config.contextFrames / 2)) : config.contextFrames;
}
