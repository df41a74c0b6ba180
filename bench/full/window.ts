// The step that the full-size bench times: six frames of a shipped simulation, repeated over 512 x 512 points (1,024
// tokens) and bent by a slow wave, so that no two tokens are alike. Also as a file, for the same step elsewhere.

import type { Sample } from "walrus";
import { openData } from "walrus/data";
import { streamSafetensors, writeFileAtomic } from "walrus/io";
import { type WalrusConfig, walrusModel } from "walrus/models/walrus";
import { gridOf } from "../../lib/models/walrus/shape.ts";

const FRAMES = 6;
const POINTS = 512;
const DATA = new URL("../../examples/data/gray_scott_mini.hdf5", import.meta.url).pathname;

/** Numbers of a scalar field, repeated and bent: `[T, 512, 512]`. */
function enlarged(values: Float32Array, [nx = 1, ny = 1]: readonly number[]): Float32Array {
  const out = new Float32Array(FRAMES * POINTS * POINTS);
  let i = 0;
  for (let t = 0; t < FRAMES; t++) {
    for (let x = 0; x < POINTS; x++) {
      for (let y = 0; y < POINTS; y++) {
        const wave = 1 + 0.5 * Math.sin(2 * Math.PI * (3 * x + 5 * y) / POINTS);
        out[i++] = values[(t * nx + x % nx) * ny + y % ny]! * wave;
      }
    }
  }
  return out;
}

/** Six frames on a periodic grid. */
export async function fullSample(): Promise<Sample> {
  using data = await openData(DATA);
  const split = await data.split();
  const small = await split.trajectory(0).sample(Array.from({ length: FRAMES }, (_, t) => t));
  const { grid } = small.info;
  const coordinates = [0, 1].map(() => Float64Array.from({ length: POINTS }, (_, i) => i / POINTS));
  return {
    ...small,
    info: { ...small.info, grid: { ...grid, shape: [POINTS, POINTS], coordinates } },
    values: small.values.map((values) => enlarged(values, grid.shape)),
  };
}

/** Numbers of scalar fields of one frame, the fields innermost: as the network and PyTorch have them. */
export function channelsLast(fields: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(fields.length * fields[0]!.length);
  fields.forEach((values, c) => values.forEach((value, i) => out[i * fields.length + c] = value));
  return out;
}

/** Writes the window, and what a step needs to know besides, as one safetensors file. */
export async function writeFullStep(path: string, sample: Sample, config: WalrusConfig): Promise<void> {
  const model = walrusModel(config);
  const shape = model.shape(sample.info, { samples: 1, frames: FRAMES, draws: false });
  const { fields, "state/window": window } = model.inputs([sample], shape, null);
  const none = [0, 0];
  const step = {
    axes: gridOf(shape).slice(0, 2),
    fields: [...fields!],
    states: config.states,
    heads: config.heads,
    epsilon: config.epsilon,
    patch: none,
    rolls: Array.from({ length: config.blocks }, () => none),
  };
  const sizes = [FRAMES, 1, ...shape.points, shape.channels];
  const tensor = { name: "window", shape: sizes, read: () => window as Float32Array };
  await writeFileAtomic(path, streamSafetensors([tensor], "f32", { step: JSON.stringify(step) }));
}
