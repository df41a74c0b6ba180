// The training step that throughput.ts times: the shipped network, two windows of six frames on 64 x 64 points of a
// shipped simulation, random shifts on. Also as a file, for the same step elsewhere.

import {
  makeBatch,
  openSplit,
  parameterShapes,
  RELEASED_TRAINING,
  startNetwork,
  type TrainingBatch,
  type TrainingSettings,
  UNCHANGED_MODEL,
  type WalrusConfig,
} from "../../mod.ts";
import { drawShifts } from "../../lib/models/walrus/jitter.ts";
import { PURPOSES, randomStream } from "../../lib/random/philox.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { streamSafetensors } from "../../lib/io/safetensors_writer.ts";

export const LEARNING_RATE = 1e-4;
const SEED = 1;

/** One micro-batch a step, nothing computed twice. */
export const SETTINGS: TrainingSettings = { ...RELEASED_TRAINING, accumulate: 1, rematEvery: 0 };

/** Data of the step: open boundaries on one, periodic ones on the other. */
export type Data = "euler_quadrants_mini" | "gray_scott_mini";

/** A network and a micro-batch. */
export interface Workload {
  readonly config: WalrusConfig;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly batch: TrainingBatch;
}

/** A path in the repository. */
function here(path: string): string {
  return new URL(`../../${path}`, import.meta.url).pathname;
}

/** The shipped network and two windows of shipped data. */
export async function workload(data: Data): Promise<Workload> {
  using split = await openSplit([here(`examples/data/${data}.hdf5`)]);
  const { channels } = await split.trajectory(0, 0).window({ from: 0, length: 1 });
  const model = {
    ...UNCHANGED_MODEL,
    from: here("examples/walrus_small/walrus.safetensors"),
    config: here("examples/walrus_small/extended_config.yaml"),
    drop_path: 0,
    input_field_drop: 0,
  };
  const { config, weights } = await startNetwork(model, channels, SEED);
  const windows = await Promise.all(
    split.places(config.contextFrames, 1).slice(0, 2).map((place) =>
      split.window(place, config.contextFrames + 1, 1)
    ),
  );
  const batch = makeBatch(windows, config, { seed: SEED, index: 0, source: data });
  return { config, weights: await weights(), batch };
}

/** Writes weights and micro-batch, and what a step needs to know besides, as one safetensors file. */
export async function writeWorkload(path: string, { config, weights, batch }: Workload): Promise<void> {
  const { geometry, shape: { frames, samples, points, channels }, feeds } = batch;
  const { patch, blocks } = drawShifts(geometry, config.blocks, randomStream(SEED, 0, PURPOSES.jitter));
  const grid = [samples, ...points, channels];
  const inputs = [["window", [frames, ...grid]], ["target", [1, ...grid]], ["mask", [channels]]] as const;
  const tensors = [
    ...[...parameterShapes(config)].map(([name, shape]) => ({
      name: `params/${name}`,
      shape,
      read: () => weights.get(name)!,
    })),
    ...inputs.map(([name, shape]) => ({
      name: `batch/${name}`,
      shape: [...shape],
      read: () => feeds[name] as Float32Array,
    })),
  ];
  const step = {
    axes: geometry.slice(0, 2),
    fields: [...feeds.fields!],
    states: config.states,
    heads: config.heads,
    epsilon: config.epsilon,
    patch: patch.slice(0, 2),
    rolls: blocks.map((roll) => roll.slice(0, 2)),
    learningRate: LEARNING_RATE,
  };
  await writeFileAtomic(path, streamSafetensors(tensors, "f32", { step: JSON.stringify(step) }));
}
