// A training run in one file: weights, moments and, among the file's texts, counts, position and configuration. One
// file is renamed into place whole, so a run is never half of one step and half of another.

import { type Checkpoint, openCheckpoint } from "../io/checkpoint.ts";
import { type StreamedTensor, streamSafetensors } from "../io/safetensors_writer.ts";
import type { SourceInput } from "../io/source.ts";
import type { Shape } from "../ir/types.ts";
import { checkLearnt, withLearnt } from "../models/learnt.ts";
import type { Model, ModelEntry } from "../models/model.ts";
import { findModel, modelEntries, modelEntry } from "../models/registry.ts";
import type { TrainerState } from "./trainer_state.ts";

/** Where a run stands. */
export interface RunState {
  /** Optimiser steps done. */
  readonly step: number;
  /** Micro-batches drawn: the sampler goes on from here. */
  readonly microBatches: number;
  /** Best score of a validation so far, and its step; null before the first. */
  readonly best: { readonly score: number; readonly step: number } | null;
  /** Step of the last validation, 0 before the first. */
  readonly validated: number;
  /** Configuration of the run, YAML. */
  readonly runConfig: string;
  /** The network. */
  readonly model: Model;
  /** Weights, moments, counts. */
  readonly trainer: TrainerState;
}

type Position = Pick<RunState, "step" | "microBatches" | "best" | "validated">;

const FORMAT = "training run 2";
/** Runs of earlier versions, which knew one family: its configuration lies in its own format, some of it beside. */
const OLD_FORMAT = /training run 1$/;

/**
 * A run's state as the bytes of a safetensors file.
 *
 * @param state to write
 * @param shapes of the network's tensors and adapters
 */
export function encodeRunState(
  state: RunState,
  shapes: ReadonlyMap<string, Shape>,
): AsyncGenerator<Uint8Array> {
  const { trainer, runConfig, model, ...position } = state;
  const tensors = [...trainer.tensors].map(([name, data]): StreamedTensor => ({
    name,
    shape: shapes.get(name.slice(name.indexOf("/") + 1))!,
    read: () => data,
  }));
  return streamSafetensors(tensors, "f32", {
    format: FORMAT,
    position: JSON.stringify(position),
    counts: JSON.stringify(trainer.counts),
    runConfig,
    family: model.family,
    network: JSON.stringify(model.config),
    ...(model.learnt ? { learnt: JSON.stringify(model.learnt) } : {}),
  });
}

function text(file: Checkpoint, name: string): string {
  const found = file.metadata.get(name);
  if (found === undefined) {
    throw new SyntaxError(`Cannot read "${file.name}": it has no ${name}, it is no training run`);
  }
  return found;
}

/** The network of a run of an earlier version, found by the names of its tensors. */
async function oldModel(file: Checkpoint, registry: readonly ModelEntry[]): Promise<Model> {
  const masters = [...file.tensors].flatMap(([name, { shape }]) =>
    name.startsWith("params/") ? [[name.slice("params/".length), shape] as const] : []
  );
  const shapes = new Map(masters.filter(([name]) => !/\.lora_[ab]$/.test(name)));
  const entry = findModel({ names: new Set(shapes.keys()), name: file.name }, registry);
  const family = await entry.load();
  const position = JSON.parse(text(file, "position")) as Record<string, unknown>;
  return family.fromConfig({ ...position, networkConfig: text(file, "networkConfig") });
}

async function modelOf(file: Checkpoint, registry: readonly ModelEntry[]): Promise<Model> {
  const format = file.metadata.get("format") ?? "unknown";
  if (OLD_FORMAT.test(format)) return await oldModel(file, registry);
  if (format !== FORMAT) {
    throw new SyntaxError(`Cannot read "${file.name}": its format is "${format}", wanted "${FORMAT}"`);
  }
  const family = await modelEntry(text(file, "family"), registry).load();
  const model = family.fromConfig(JSON.parse(text(file, "network")));
  const learnt = file.metadata.get("learnt");
  return learnt === undefined ? model : withLearnt(model, checkLearnt(JSON.parse(learnt), file.name));
}

/**
 * Reads a run's state.
 *
 * @param input path, URL, Blob or bytes
 * @param registry families of networks that are looked for; those of the library unless given
 * @throws SyntaxError for a file that is torn, broken or something else
 */
export async function decodeRunState(
  input: SourceInput,
  registry: readonly ModelEntry[] = modelEntries(),
): Promise<RunState> {
  using file = await openCheckpoint(input);
  const model = await modelOf(file, registry);
  const { step, microBatches, best, validated } = JSON.parse(text(file, "position")) as Position;
  const counts = JSON.parse(text(file, "counts")) as Record<string, number>;
  const tensors = new Map<string, Float32Array>();
  for (const [name, tensor] of file.tensors) tensors.set(name, await tensor.read());
  return {
    step,
    microBatches,
    // Earlier versions took a score that is not a number, which JSON has as null, for the best one.
    best: best && Number.isFinite(best.score) ? best : null,
    validated,
    runConfig: text(file, "runConfig"),
    model,
    trainer: { tensors, counts },
  };
}
