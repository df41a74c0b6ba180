// The training step that throughput.ts times: the shipped network, two windows of six frames on 64 x 64 points of a
// shipped simulation, random shifts on. Also as a file, for the same step elsewhere.

import { consecutive, openData, placesOf, readPlace } from "walrus/data";
import { streamSafetensors, writeFileAtomic } from "walrus/io";
import type { Model } from "walrus/models";
import { type WalrusConfig, walrusFamily, type WalrusShape } from "walrus/models/walrus";
import {
  DEFAULT_TRAINING,
  makeBatch,
  randomSource,
  startModel,
  type TrainingBatch,
  type TrainingSettings,
} from "walrus/train";
import { drawShifts } from "../../lib/models/walrus/jitter.ts";
import { gridOf } from "../../lib/models/walrus/shape.ts";

export const LEARNING_RATE = 1e-4;
const SEED = 1;

/** One micro-batch a step, nothing computed twice. */
export const SETTINGS: TrainingSettings = DEFAULT_TRAINING;

/** Data of the step: open boundaries on one, periodic ones on the other. */
export type Data = "euler_quadrants_mini" | "gray_scott_mini";

/** A network and a micro-batch. */
export interface Workload {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly batch: TrainingBatch;
}

/** A path in the repository. */
function here(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

/** The shipped network and two windows of shipped data. */
export async function workload(name: Data): Promise<Workload> {
  using data = await openData(here(`examples/data/${name}.hdf5`));
  const split = await data.split();
  const { info } = split.trajectory(0);
  const { model, weights } = await startModel({
    family: walrusFamily,
    settings: walrusFamily.settings({ drop_path: 0, input_field_drop: 0 }, "bench"),
    from: here("examples/walrus_small/walrus.safetensors"),
    config: here("examples/walrus_small/extended_config.yaml"),
    data: [info],
    map: {},
    seed: SEED,
  });
  const frames = model.contextFrames(info).usual;
  const places = placesOf(split, consecutive(frames + 1)).slice(0, 2);
  const samples = await Promise.all(places.map((place) => readPlace(split, place)));
  const batch = makeBatch(samples, model, {
    seed: SEED,
    index: 0,
    source: name,
    frames,
    parts: 1,
    loss: SETTINGS.loss,
  });
  return { model, weights: await weights(), batch };
}

/** Writes weights and micro-batch, and what a step needs to know besides, as one safetensors file. */
export async function writeWorkload(path: string, { model, weights, batch }: Workload): Promise<void> {
  const config = model.config as WalrusConfig;
  const shape = batch.shape as WalrusShape;
  const geometry = gridOf(shape);
  const random = randomSource(SEED, 0);
  const { patch, blocks } = drawShifts(geometry, config.blocks, { below: (n) => random.below("jitter", n) });
  const { frames, samples, points, channels } = shape;
  const grid = [samples, ...points, channels];
  const inputs = [
    ["window", "state/window", [frames, ...grid]],
    ["target", "target", [1, ...grid]],
    ["mask", "mask", [channels]],
  ] as const;
  const tensors = [
    ...[...model.parameters].map(([name, { shape }]) => ({
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
  };
  await writeFileAtomic(path, streamSafetensors(tensors, "f32", { step: JSON.stringify(step) }));
}
