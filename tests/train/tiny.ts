// A network of two blocks and a micro-batch for it: small enough for every test of training.

import type { Window } from "../../lib/data/window.ts";
import { makeBatch, type TrainingBatch } from "../../lib/train/batch.ts";
import type { BatchShape, TrainingSettings } from "../../lib/train/step.ts";
import { RELEASED_TRAINING } from "../../lib/train/step.ts";
import { sizeOf } from "../../lib/ir/types.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import { type Geometry, geometryOf } from "../../lib/models/walrus/geometry.ts";
import { uniformNumbers } from "../../lib/random/philox.ts";

/** Normal numbers, reproducible from a seed. */
export function normals(count: number, seed: number): Float32Array {
  const draws = uniformNumbers(2 * count, seed, 0, 0);
  return Float32Array.from(
    { length: count },
    (_, i) => Math.sqrt(-2 * Math.log(draws[2 * i]!)) * Math.cos(2 * Math.PI * draws[2 * i + 1]!),
  );
}

/** The network. */
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

/** A micro-batch of 2D data. */
export const TINY_BATCH: BatchShape = {
  frames: 3,
  samples: 1,
  points: [32, 32, 1],
  channels: 2,
  constants: 0,
  hidden: false,
  jitter: false,
  pathDrop: false,
  fieldDrop: false,
};

/** One micro-batch a step, no recomputation. */
export const TINY_SETTINGS: TrainingSettings = { ...RELEASED_TRAINING, accumulate: 1, rematEvery: 0 };

/** Geometry of the micro-batch: periodic along x, walls along y. */
export function tinyGeometry(jitter = false): Geometry {
  return geometryOf(TINY_BATCH.points, [[2, 2], [0, 0], [2, 2]], jitter);
}

/** A window of two scalars on a periodic plane or in a periodic cube, with one frame more than the inputs. */
export function tinyWindow(seed: number, shape: readonly [number, number, number] = [32, 32, 1]): Window {
  const group = (name: string, start: number) => ({ name, order: 0, start, components: 1 });
  return {
    frames: normals(4 * shape[0] * shape[1] * shape[2] * 2, seed),
    constants: new Float32Array(0),
    shape,
    times: new Float64Array(3 + 1),
    channels: ["a", "c"],
    constantChannels: [],
    groups: [group("a", 0), group("c", 1)],
    constantGroups: [],
    channelMask: new Uint8Array(2).fill(1),
    hidden: null,
    boundaries: [[2, 2], [2, 2], [2, 2]],
    dataset: "test",
  };
}

/** A micro-batch of one such window. */
export function tinyBatch(index: number, config: WalrusConfig = TINY): TrainingBatch {
  return makeBatch([tinyWindow(index)], config, { seed: 3, index, source: `test ${index}` });
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
