// A micro-batch as the training programs take it: samples stacked, their last frames as target, and the random numbers
// of this micro-batch. All draws depend on seed and position only.

import type { Sample } from "../data/dataset.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldMap, GridTreatment, Inputs, Model } from "../models/model.ts";
import { randomSource } from "../random/random_source.ts";

/** Numbers of a micro-batch and what its program is made for. */
export interface TrainingBatch {
  /** What determines the program, besides the network. */
  readonly shape: unknown;
  /** Equal for micro-batches that one program serves. */
  readonly key: string;
  /** Numbers of every input but the parameters. */
  readonly inputs: Inputs;
  /** How many samples. */
  readonly samples: number;
  /** Tokens of all frames of all samples; 0 where the network counts none. */
  readonly tokens: number;
  /** Where the data come from, in words. */
  readonly source: string;
}

/** How micro-batches are made. */
export interface BatchOptions {
  /** Seed of all draws. */
  readonly seed: number;
  /** Position in the run. */
  readonly index: number;
  /** Where the data come from, for messages. */
  readonly source: string;
  /** Input frames of each sample; those beyond are the target. */
  readonly frames: number;
  /** Micro-batches of a training step, over all processes. */
  readonly parts: number;
  /** Settings of the loss. */
  readonly loss: Readonly<Record<string, unknown>>;
  /** Names of the data's fields in the model's table, where they differ. */
  readonly map?: FieldMap;
  /** What is done with a grid of an unusual size; `auto` unless given. */
  readonly grid?: GridTreatment;
  /** Statistics of the data set, for networks that are normalised with them. */
  readonly statistics?: Statistics | null;
}

/**
 * Makes a micro-batch.
 *
 * @param samples of one data set and one kind
 * @param model the network
 * @param options seed, position, loss
 * @throws TypeError when samples differ in what a batch shares; RangeError for unknown fields or a grid that the
 *   network can not take
 */
export function makeBatch(samples: readonly Sample[], model: Model, options: BatchOptions): TrainingBatch {
  const { seed, index, source, frames, parts, loss, map, grid, statistics = null } = options;
  const first = samples[0]!;
  const fields = map ? { map } : {};
  const shape = model.shape(first.info, {
    samples: samples.length,
    frames,
    ...fields,
    ...(grid ? { grid } : {}),
    training: { parts, loss },
  });
  const { times } = first;
  const lead = times.length > 1 ? times.at(-1)! - times.at(-2)! : 1;
  const place = { index, decoded: 0, lead, random: randomSource(seed, index) };
  let inputs: Inputs;
  try {
    inputs = { ...model.inputs(samples, shape, statistics, fields), ...model.stepInputs?.(shape, place) };
  } catch (error) {
    if (error instanceof TypeError) error.message += ` (${source})`;
    throw error;
  }
  return {
    shape,
    key: JSON.stringify(shape),
    inputs,
    samples: samples.length,
    tokens: model.tokens?.(shape) ?? 0,
    source,
  };
}
