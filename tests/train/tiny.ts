// A network of two blocks and a micro-batch for it: small enough for every test of training.

import type { Sample } from "../../lib/data/dataset.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import type { Device } from "../../lib/compile/device.ts";
import type { Model } from "../../lib/models/model.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import type { WalrusShape } from "../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../lib/models/walrus/walrus.ts";
import { uniformNumbers } from "../../lib/random/philox.ts";
import { makeBatch, type TrainingBatch } from "../../lib/train/batch.ts";
import { DEFAULT_TRAINING, type Trainable, type TrainingSettings } from "../../lib/train/settings.ts";
import { startWeights } from "../../lib/train/start_weights.ts";
import { Trainer, type TrainerOptions } from "../../lib/train/trainer.ts";
import type { TrainerState } from "../../lib/train/trainer_state.ts";
import { adapterShapes, initialAdapters } from "../../lib/weights/lora.ts";

/** Normal numbers, reproducible from a seed. */
export function normals(count: number, seed: number): Float32Array {
  const draws = uniformNumbers(2 * count, seed, 0, 0);
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sqrt(-2 * Math.log(draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!),
  );
}

/** The network's configuration. */
export const TINY: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 32,
  intermediateDim: 4,
  states: 7,
  blocks: 2,
  heads: 2,
  mlpDim: 64,
  contextFrames: 3,
  fields: { closed_boundary: 0, open_boundary: 1, bias_correction: 2, a: 3, b: 4, c: 5, d: 6 },
};

/** A micro-batch of 2D data without draws: periodic along x, walls along y. */
export const TINY_SHAPE: WalrusShape = {
  frames: 3,
  samples: 1,
  points: [32, 32, 1],
  channels: 2,
  constants: 0,
  hidden: false,
  jitter: false,
  boundaries: [[2, 2], [0, 0], [2, 2]],
  resampled: null,
  training: {
    pathDrop: false,
    fieldDrop: false,
    parts: 1,
    loss: { multiplier: 100, minimumContext: 1 },
  },
};

/** One micro-batch a step, no recomputation. */
export const TINY_SETTINGS: TrainingSettings = DEFAULT_TRAINING;

/** The network. */
export function tinyModel(changes: Partial<WalrusConfig> = {}): Model<WalrusShape> {
  return walrusModel({ ...TINY, ...changes });
}

/** Everything that a network's recipe trains. */
export function trainedOf({ parameters }: Pick<Model, "parameters">): Trainable {
  return (name) => parameters.get(name)?.use === "trained";
}

/** Frames of two scalars on a periodic plane or in a periodic cube: three inputs and the one after them. */
export function tinySample(seed: number, shape: readonly number[] = [32, 32]): Sample {
  const frames = 3 + 1;
  const count = frames * sizeOf(shape);
  const numbers = normals(2 * count, seed);
  const scalar = (name: string) => ({ name, order: 0, constant: false });
  return {
    info: {
      dataset: "test",
      grid: {
        system: "cartesian",
        axes: ["x", "y", "z"].slice(0, shape.length),
        shape,
        coordinates: shape.map((n) => Float64Array.from({ length: n }, (_, i) => i)),
      },
      boundaries: shape.map(() => ["periodic", "periodic"] as const),
      fields: [scalar("a"), scalar("c")],
      masked: false,
      scalars: {},
    },
    times: Float64Array.from({ length: frames }, (_, t) => t),
    values: [0, 1].map((field) => Float32Array.from({ length: count }, (_, i) => numbers[2 * i + field]!)),
    hidden: null,
  };
}

/** A micro-batch of some samples. */
export function batchOf(
  samples: readonly Sample[],
  index: number,
  model: Model<WalrusShape> = tinyModel(),
  parts = 1,
): TrainingBatch {
  return makeBatch(samples, model, {
    seed: 3,
    index,
    source: `test ${index}`,
    frames: 3,
    parts,
    loss: TINY_SETTINGS.loss,
  });
}

/** A micro-batch of one sample. */
export function tinyBatch(index: number, model?: Model<WalrusShape>, parts?: number): TrainingBatch {
  return batchOf([tinySample(index)], index, model, parts);
}

/** Start weights by configuration: drawing them takes as long as a step. */
const started = new Map<string, ReadonlyMap<string, Float32Array>>();

/** Weights of a network at its start; nobody may write into them. */
function startOf(model: Model): ReadonlyMap<string, Float32Array> {
  const key = JSON.stringify(model.config);
  const weights = started.get(key) ?? startWeights(model, 5);
  started.set(key, weights);
  return weights;
}

/** Weights of a network, and of its adapters, at their start. */
export function tinyStart(model: Model, { lora }: Pick<TrainingSettings, "lora">): TrainerState {
  const shapes = [...model.parameters].map(([name, { shape }]) => [name, shape] as const);
  const factors = lora ? initialAdapters(adapterShapes(shapes, lora), 5) : [];
  const tensors = [...startOf(model), ...factors].map(([name, data]) => [`params/${name}`, data] as const);
  return { tensors: new Map(tensors), counts: {} };
}

/** A trainer of a network at its start; trains what the recipe does unless told otherwise. */
export async function tinyTrainer(
  device: Device,
  {
    model = tinyModel(),
    settings = TINY_SETTINGS,
    trainable = trainedOf(model),
    ...options
  }: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  const trainer = new Trainer({ device, model, settings, trainable, ...options });
  await trainer.load(tinyStart(model, settings));
  return trainer;
}

/** Random numbers for every floating-point input of a graph, weights small; squares of gradients not negative. */
export function tinyFeeds(graph: Graph): Record<string, Float32Array | Int32Array> {
  const feeds: Record<string, Float32Array | Int32Array> = {};
  let seed = 1;
  for (const [name, { dtype, shape }] of graph.inputs) {
    seed++;
    if (name === "fields") feeds[name] = Int32Array.of(3, 5);
    else if (name === "mask") feeds[name] = new Float32Array(sizeOf(shape)).fill(1);
    else if (name === "rates") feeds[name] = new Float32Array(sizeOf(shape)).fill(1e-3);
    else if (/^(?:mean|square|sum)\//.test(name)) feeds[name] = new Float32Array(sizeOf(shape));
    else if (dtype === "f32") {
      const near = /norm\d?\.weight|encoder_dummy/.test(name) ? 1 : 0;
      const spread = name.startsWith("params/") ? 0.1 : 1;
      feeds[name] = normals(sizeOf(shape), seed).map((v) => near + spread * v);
    }
  }
  return feeds;
}
