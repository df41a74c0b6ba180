// A training run in one file: weights, moments and, among the file's texts, counts, position and configuration. One
// file is renamed into place whole, so a run is never half of one step and half of another.

import { type Checkpoint, openCheckpoint } from "../io/checkpoint.ts";
import { type StreamedTensor, streamSafetensors } from "../io/safetensors_writer.ts";
import type { SourceInput } from "../io/source.ts";
import { parseConfig, writeConfig } from "../models/walrus/extended_config.ts";
import type { Shape } from "../ir/types.ts";
import type { WalrusConfig } from "../models/walrus/config.ts";
import type { TrainerState } from "./trainer.ts";

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
  readonly network: WalrusConfig;
  /** Weights, moments, counts. */
  readonly trainer: TrainerState;
}

const FORMAT = "walrus training run 1";

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
  const { trainer, runConfig, network, ...position } = state;
  const { rotary, apeShape } = network;
  const tensors = [...trainer.tensors].map(([name, data]): StreamedTensor => ({
    name,
    shape: shapes.get(name.slice(name.indexOf("/") + 1))!,
    read: () => data,
  }));
  return streamSafetensors(tensors, "f32", {
    format: FORMAT,
    // What the released configuration does not say lies in the names and shapes of a checkpoint's tensors.
    position: JSON.stringify({ ...position, rotary, apeShape }),
    counts: JSON.stringify(trainer.counts),
    runConfig,
    networkConfig: writeConfig(network),
  });
}

function text(file: Checkpoint, name: string): string {
  const found = file.metadata.get(name);
  if (found === undefined) {
    throw new SyntaxError(`Cannot read "${file.name}": it has no ${name}, it is no training run`);
  }
  return found;
}

/**
 * Reads a run's state.
 *
 * @param input path, URL, Blob or bytes
 * @throws SyntaxError for a file that is torn, broken or something else
 */
export async function decodeRunState(input: SourceInput): Promise<RunState> {
  using file = await openCheckpoint(input);
  const format = file.metadata.get("format");
  if (format !== FORMAT) {
    throw new SyntaxError(
      `Cannot read "${file.name}": its format is "${format ?? "unknown"}", wanted "${FORMAT}"`,
    );
  }
  const position = JSON.parse(text(file, "position")) as
    & Pick<RunState, "step" | "microBatches" | "best" | "validated">
    & Pick<WalrusConfig, "rotary" | "apeShape">;
  const { rotary, apeShape, ...place } = position;
  const { config } = parseConfig(text(file, "networkConfig"), file.name);
  const counts = JSON.parse(text(file, "counts")) as Record<string, number>;
  const tensors = new Map<string, Float32Array>();
  for (const [name, tensor] of file.tensors) tensors.set(name, await tensor.read());
  return {
    ...place,
    runConfig: text(file, "runConfig"),
    network: { ...config, rotary, apeShape },
    trainer: { tensors, counts },
  };
}
