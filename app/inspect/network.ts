// The network that data are held against, and what it says by itself: of a checkpoint, or of a configuration alone.

import { isUrl, openCheckpoint, openSource } from "walrus/io";
import { type Model, type ModelEntry, modelEntry, openModel } from "walrus/models";
import { imaginedInfo } from "../plan/imagined.ts";
import type { NetworkReport, TableRow } from "./report.ts";

/** How the network is named. */
export interface NetworkSource {
  readonly checkpoint?: string;
  readonly config?: string;
  readonly family?: string;
}

/** A network without its weights. */
export interface Network {
  /** What it was opened from. */
  readonly name: string;
  readonly model: Model;
  /** Whether most of its numbers are stored in 16 bits: they stay so on the device. */
  readonly half: boolean;
  /** Where weights can be read; null for a configuration. */
  readonly checkpoint: string | null;
  /** The configuration that was named; undefined: it lies beside the checkpoint. */
  readonly config: string | undefined;
}

/** Most bytes of a configuration file. */
const LARGEST = 1 << 20;

/** Numbers of a shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((n, size) => n * size, 1);
}

/** Opens the network that was named. */
export async function openNetwork(
  source: NetworkSource,
  registry: readonly ModelEntry[] | undefined,
): Promise<Network> {
  const model = await openModel(source, registry);
  const { checkpoint } = source;
  if (checkpoint === undefined) {
    return {
      name: source.config ?? model.family,
      model,
      half: false,
      checkpoint: null,
      config: source.config,
    };
  }
  using opened = await openCheckpoint(checkpoint);
  let [half, all] = [0, 0];
  for (const { dtype, shape } of opened.tensors.values()) {
    all += countOf(shape);
    if (dtype === "f16" || dtype === "bf16") half += countOf(shape);
  }
  return { name: checkpoint, model, half: 2 * half > all, checkpoint, config: source.config };
}

/** The field table of a network: each name alone, as a scalar of a plane. */
export function tableOf(model: Model, used: ReadonlyMap<number, string> = new Map()): TableRow[] | null {
  const names = model.knownFields?.();
  if (!names) return null;
  const plane = imaginedInfo([64, 64], model, 0);
  return names.flatMap((name) => {
    try {
      const [place] = model.fields({ ...plane, fields: [{ name, order: 0, constant: false }] });
      const column = place!.columns[0]!;
      return [{ column, name, field: used.get(column) ?? null }];
    } catch (error) {
      // A column that only an embedding fills.
      if (error instanceof RangeError) return [];
      throw error;
    }
  });
}

/** The text of a small file; null where there is none. */
async function textOf(place: string | URL): Promise<string | null> {
  try {
    using source = await openSource(place);
    return source.size > LARGEST ? null : new TextDecoder().decode(await source.read(0, source.size));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The text of a file beside a checkpoint, or in the folder that it is; null where there is none. */
async function textBeside(checkpoint: string, name: string): Promise<string | null> {
  if (isUrl(checkpoint)) return await textOf(new URL(name, checkpoint));
  const folder = checkpoint.replace(/[/\\]+$/, "");
  return await textOf(`${folder}/${name}`) ?? await textOf(folder.replace(/[^/\\]*$/, "") + name);
}

/**
 * Data sets that configuration files list.
 *
 * @param files texts by the names of the family's files
 * @param model the network
 * @param registry families to choose among
 */
export async function listedData(
  files: Readonly<Record<string, string>>,
  { family }: Model,
  registry: readonly ModelEntry[] | undefined,
): Promise<readonly string[]> {
  return (await modelEntry(family, registry).load()).trainedOn?.(files) ?? [];
}

/**
 * Data sets that a network was trained on: as its `learnt.yaml` has them; without one, as the configuration files beside
 * the checkpoint list them.
 *
 * @param checkpoint path or URL
 * @param model the network
 * @param registry families to choose among
 */
export async function trainingData(
  checkpoint: string,
  model: Model,
  registry: readonly ModelEntry[] | undefined,
): Promise<readonly string[]> {
  if (model.learnt) return Object.keys(model.learnt.systems);
  const texts: Record<string, string> = {};
  for (const name of modelEntry(model.family, registry).configFiles) {
    const text = await textBeside(checkpoint, name);
    if (text !== null) texts[name] = text;
  }
  return await listedData(texts, model, registry);
}

/** What a network says by itself. */
export function describeNetwork(model: Model, trainedOn: readonly string[]): NetworkReport {
  let [parameters, trained] = [0, 0];
  for (const { shape, use } of model.parameters.values()) {
    parameters += countOf(shape);
    if (use === "trained") trained += countOf(shape);
  }
  return {
    family: model.family,
    description: model.description,
    parameters,
    trained,
    draws: model.draws ?? false,
    kvCache: model.kvCache !== undefined,
    config: model.config,
    table: tableOf(model),
    trainedOn,
    learnt: model.learnt ?? null,
  };
}
