// The training steps that throughput.ts times: windows of six frames on 64 x 64 points of a shipped simulation, random
// shifts on. Also as a file, for the same step elsewhere.

import { consecutive, openData, placesOf, readPlace } from "walrus/data";
import { streamSafetensors, writeFileAtomic } from "walrus/io";
import type { Model } from "walrus/models";
import { type WalrusConfig, walrusFamily, type WalrusShape } from "walrus/models/walrus";
import {
  adapterShapes,
  DEFAULT_TRAINING,
  initialAdapters,
  isAdapter,
  type LoraSettings,
  makeBatch,
  randomSource,
  startModel,
  type Trainable,
  type TrainingBatch,
  type TrainingSettings,
} from "walrus/train";
import { drawShifts } from "../../lib/models/walrus/jitter.ts";
import { gridOf } from "../../lib/models/walrus/shape.ts";

export const LEARNING_RATE = 1e-4;
const SEED = 1;

/** Data of the step: open boundaries on one, periodic ones on the other. */
export type Data = "euler_quadrants_mini" | "gray_scott_mini";

/** A network that is trained. */
interface Network {
  /** Settings of a new one; null: the one that ships. */
  readonly settings: Readonly<Record<string, unknown>> | null;
  readonly lora: LoraSettings | null;
  /** Windows of a micro-batch. */
  readonly samples: number;
}

/** Width, heads and MLP of the released network; on 64 x 64 periodic points a frame is 256 tokens. */
const RELEASED_WIDTH = { hidden_dim: 1408, intermediate_dim: 352, heads: 16, blocks: 2, include_d: [2] };

/** Matrices of the blocks. */
const LORA: LoraSettings = {
  rank: 16,
  alpha: 16,
  adapts: (name) => /(?:fused_ff_qkv|attn_out|ff_out|input_head|output_head)\.weight$/.test(name),
};

/** Networks by name. */
export const NETWORKS = {
  shipped: { settings: null, lora: null, samples: 2 },
  "released width": { settings: RELEASED_WIDTH, lora: null, samples: 1 },
  "released width, LoRA": { settings: RELEASED_WIDTH, lora: LORA, samples: 1 },
} as const satisfies Readonly<Record<string, Network>>;

/** See {@link NETWORKS}. */
export type NetworkName = keyof typeof NETWORKS;

/** What is trained. */
export interface Workload {
  readonly model: Model;
  /** One micro-batch a step, nothing computed twice. */
  readonly settings: TrainingSettings;
  readonly trainable: Trainable;
  /** Of the network and its adapters. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly batch: TrainingBatch;
}

/** A path in the repository. */
function here(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

/** A network and windows of shipped data. */
export async function workload(network: NetworkName, name: Data): Promise<Workload> {
  const { settings: changed, lora, samples: count }: Network = NETWORKS[network];
  using data = await openData(here(`examples/data/${name}.hdf5`));
  const split = await data.split();
  const { info } = split.trajectory(0);
  const { model, weights } = await startModel({
    family: walrusFamily,
    settings: walrusFamily.settings({ drop_path: 0, input_field_drop: 0, ...changed }, "bench"),
    from: changed ? null : here("examples/walrus_small/walrus.safetensors"),
    config: changed ? null : here("examples/walrus_small/extended_config.yaml"),
    data: [info],
    map: {},
    seed: SEED,
  });
  const settings = { ...DEFAULT_TRAINING, lora };
  const frames = model.contextFrames(info).usual;
  const places = placesOf(split, consecutive(frames + 1)).slice(0, count);
  const samples = await Promise.all(places.map((place) => readPlace(split, place)));
  const batch = makeBatch(samples, model, {
    seed: SEED,
    index: 0,
    source: name,
    frames,
    parts: 1,
    loss: settings.loss,
  });
  const shapes = [...model.parameters].map(([name, { shape }]) => [name, shape] as const);
  const factors = lora ? initialAdapters(adapterShapes(shapes, lora), SEED) : [];
  return {
    model,
    settings,
    trainable: lora ? isAdapter : (name) => model.parameters.get(name)?.use === "trained",
    weights: new Map([...await weights(), ...factors]),
    batch,
  };
}

/** Writes weights and micro-batch, and what a step needs to know besides, as one safetensors file. */
export async function writeWorkload(
  path: string,
  { model, settings: { lora }, weights, batch }: Workload,
): Promise<void> {
  const config = model.config as WalrusConfig;
  const shape = batch.shape as WalrusShape;
  const geometry = gridOf(shape);
  const random = randomSource(SEED, 0);
  const { patch, blocks } = drawShifts(geometry, config.blocks, { below: (n) => random.below("jitter", n) });
  const { frames, samples, points, channels } = shape;
  const grid = [samples, ...points, channels];
  const own = new Map([...model.parameters].map(([name, { shape }]) => [name, shape] as const));
  const shapes = lora ? new Map([...own, ...adapterShapes(own, lora)]) : own;
  const inputs = [
    ["window", "state/window", [frames, ...grid]],
    ["target", "target", [1, ...grid]],
    ["mask", "mask", [channels]],
  ] as const;
  const tensors = [
    ...[...shapes].map(([name, shape]) => ({
      name: `params/${name}`,
      shape,
      read: () => weights.get(name)!,
    })),
    ...inputs.map(([name, input, shape]) => ({
      name: `batch/${name}`,
      shape: [...shape],
      read: () => batch.inputs[input] as Float32Array,
    })),
  ];
  const step = {
    axes: geometry.slice(0, 2),
    fields: [...batch.inputs.fields!],
    states: config.states,
    heads: config.heads,
    epsilon: config.epsilon,
    patch: patch.slice(0, 2),
    rolls: blocks.map((roll) => roll.slice(0, 2)),
    learningRate: LEARNING_RATE,
    loraScale: lora ? lora.alpha / lora.rank : null,
  };
  await writeFileAtomic(path, streamSafetensors(tensors, "f32", { step: JSON.stringify(step) }));
}
