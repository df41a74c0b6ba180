// The network of a run at its start: from scratch, or from a checkpoint that is widened to what the run asks for
// (training.md section 8).

import type { SampleInfo } from "../data/dataset.ts";
import { openCheckpoint } from "../io/checkpoint.ts";
import type { SourceInput } from "../io/source.ts";
import { withLearnt } from "../models/learnt.ts";
import type { FieldMap, Model, ModelEntry, ModelFamily } from "../models/model.ts";
import { modelOfCheckpoint } from "../forecast/open_model.ts";
import { randomSource } from "../random/random_source.ts";
import { readWeight } from "../weights/read.ts";

/** A network at the start of a run. */
export interface StartedModel {
  /** What it is. */
  readonly model: Model;
  /** What was noticed about the checkpoint, and what the run added to its network, in words. */
  readonly notes: readonly string[];
  /** Makes or reads its tensors by name: after it is known that they fit. */
  readonly weights: () => Promise<ReadonlyMap<string, Float32Array>>;
}

/** What a run says about its network. */
export interface StartOptions {
  /** Family of networks. */
  readonly family: ModelFamily;
  /** As {@link ModelFamily.settings} gave them. */
  readonly settings: unknown;
  /** Checkpoint to start from; null: from scratch. */
  readonly from: SourceInput | null;
  /** Its configuration file; null: the one beside it. */
  readonly config: SourceInput | null;
  /** Files beside the checkpoint by name, where they are known; others are looked for. */
  readonly beside?: ReadonlyMap<string, SourceInput>;
  /** What will be trained on. */
  readonly data: readonly SampleInfo[];
  /** Names of the data's fields in the model's table, where they differ. */
  readonly map: FieldMap;
  /** Seed of start values. */
  readonly seed: number;
  /** Families that are looked for. */
  readonly registry?: readonly ModelEntry[];
}

/** Opens the checkpoint a run starts from: its network, and its tensors under the network's names. */
async function openStart({ from, config, beside, registry }: StartOptions) {
  if (from === null) return null;
  const opened = await openCheckpoint(from);
  try {
    return await modelOfCheckpoint(opened, from, {
      ...(config === null ? {} : { config }),
      ...(beside ? { beside } : {}),
      ...(registry ? { registry } : {}),
    });
  } catch (error) {
    opened.close();
    throw error;
  }
}

async function modelAt(options: StartOptions): Promise<{ model: Model; warnings: readonly string[] } | null> {
  const opened = await openStart(options);
  opened?.checkpoint.close();
  return opened;
}

/** Tensors of a checkpoint, all of them: widening one may need another. */
async function tensorsOf(options: StartOptions): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  const opened = await openStart(options);
  if (!opened) return tensors;
  using checkpoint = opened.checkpoint;
  for (const [name, tensor] of checkpoint.tensors) tensors.set(name, await readWeight(checkpoint, tensor));
  return tensors;
}

/**
 * The network of a run: what it is at once, its tensors when they are asked for.
 *
 * @param options family and settings, checkpoint, data
 * @throws TypeError or RangeError for a checkpoint or settings that do not fit
 */
export async function startModel(options: StartOptions): Promise<StartedModel> {
  const { family, settings, data, map, seed, from } = options;
  const { model: old = null, warnings = [] } = await modelAt(options) ?? {};
  if (old && old.family !== family.family) {
    throw new TypeError(`model.family is ${family.family}, the checkpoint "${from}" holds a ${old.family}`);
  }
  const { model, notes, carry } = await family.create(settings, data, map, old);
  const weights = async () => {
    const tensors = await tensorsOf(options);
    return new Map(
      [...model.parameters].map(([name, { start }], i) => {
        const fresh = () => start(randomSource(seed, i));
        return [name, carry(name, (name) => tensors.get(name), fresh)] as const;
      }),
    );
  };
  // What the old network has learnt, the new one knows; what it learns is added by who trains it.
  return {
    model: old?.learnt ? withLearnt(model, old.learnt) : model,
    notes: [...warnings, ...notes],
    weights,
  };
}
