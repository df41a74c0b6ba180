// Grids of any size for a network of one small block: drawn at random, with random fields on them, and the graphs of a
// forecast and of the gradients of a loss.

import type { Boundary, Sample } from "../../../lib/data/dataset.ts";
import { grad } from "../../../lib/autodiff/grad.ts";
import { type Graph, trace } from "../../../lib/ir/trace.ts";
import { sizeOf } from "../../../lib/ir/types.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../../lib/models/walrus/config.ts";
import { gridOf, type WalrusShape } from "../../../lib/models/walrus/shape.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { inputParameters } from "../../../lib/nn/parameters.ts";
import { randomSource } from "../../../lib/random/random_source.ts";
import { type Random, randomStream } from "../../../lib/random/philox.ts";
import { startWeights } from "../../../lib/train/start_weights.ts";
import { numbers } from "./samples.ts";

/** One block, one head; data of one axis take the pair of two. */
export const CONFIG: WalrusConfig = {
  ...RELEASED_CONFIG,
  hiddenDim: 16,
  intermediateDim: 2,
  states: 7,
  blocks: 1,
  heads: 1,
  mlpDim: 16,
  contextFrames: 2,
  dropPath: 0,
  includeD: [2, 3],
  fields: { closed_boundary: 0, open_boundary: 1, bias_correction: 2, a: 3, b: 4, c: 5, mask: 6 },
};
/** The network. */
export const MODEL = walrusModel(CONFIG);

type Sides = readonly [Boundary, Boundary];

/** A grid and what is on it. */
export interface DrawnGrid {
  readonly sizes: readonly number[];
  readonly boundaries: readonly Sides[];
  readonly jitter: boolean;
  /** Whether there are a constant field and hidden cells. */
  readonly more: boolean;
  readonly seed: number;
}

/** A grid in words. */
export function wordsOf({ sizes, boundaries, jitter, more, seed }: DrawnGrid): string {
  const axes = sizes.map((n, i) => `${n} ${boundaries[i]!.join("/")}`);
  return `${axes.join(", ")}${jitter ? ", jitter" : ""}${more ? ", hidden cells" : ""}, seed ${seed}`;
}

/** Draws a grid of axes of 8 to 200 points, at most `most` in all, small ones rather than large ones. */
function drawOnce(seed: number, axes: number, most: number): DrawnGrid {
  const random: Random = randomStream(seed, 0);
  const unit = () => random.below(2 ** 24) / 2 ** 24;
  const limit = 8 ** axes * (most / 8 ** axes) ** unit();
  let sizes: number[];
  do sizes = Array.from({ length: axes }, () => Math.round(8 * 25 ** unit())); while (sizeOf(sizes) > limit);
  const side = () => random.below(2) ? "wall" as const : "open" as const;
  const boundaries = sizes.map((): Sides => random.below(2) ? ["periodic", "periodic"] : [side(), side()]);
  return { sizes, boundaries, jitter: random.below(2) === 1, more: random.below(3) === 0, seed };
}

/**
 * Draws grids of 1, 2 and 3 axes in turn.
 *
 * @param count how many
 * @param most points and tokens of each: attention in double precision takes as long as all else together
 */
export function drawGrids(count: number, most: { points: number; tokens: number }): DrawnGrid[] {
  const grids: DrawnGrid[] = [];
  for (let seed = 1; grids.length < count; seed++) {
    const grid = drawOnce(seed, 1 + grids.length % 3, most.points);
    if (tokensOf(shapeOn(grid)) <= most.tokens) grids.push(grid);
  }
  return grids;
}

/** Two frames and the one after them: smooth waves with noise on them. */
export function sampleOn({ sizes, boundaries, more, seed }: DrawnGrid): Sample {
  const [count, frames] = [sizeOf(sizes), 3];
  const field = (name: string, constant = false) => ({ name, order: 0, constant });
  const waves = (steps: number, phase: number) => {
    const noise = numbers(steps * count, seed + phase);
    return Float32Array.from({ length: steps * count }, (_, at) => {
      const [t, p] = [Math.floor(at / count), at % count];
      return Math.sin(2 * Math.PI * (p / count + 0.1 * t) + phase) + 0.3 * noise[at]!;
    });
  };
  const hidden = more ? Uint8Array.from({ length: count }, (_, p) => p % 11 === 3 ? 1 : 0) : null;
  return {
    info: {
      dataset: "drawn",
      grid: {
        system: "cartesian",
        axes: ["x", "y", "z"].slice(0, sizes.length),
        shape: sizes,
        coordinates: sizes.map((n) => Float64Array.from({ length: n }, (_, i) => i / n)),
      },
      boundaries,
      fields: [field("a"), field("b"), ...(more ? [field("c", true), field("mask", true)] : [])],
      masked: more,
      scalars: {},
    },
    times: Float64Array.from({ length: frames }, (_, t) => t),
    values: [waves(frames, 1), waves(frames, 2), ...(hidden ? [waves(1, 3), Float32Array.from(hidden)] : [])],
    hidden,
  };
}

/** The first frames of a sample. */
export function firstFrames(sample: Sample, frames: number): Sample {
  const count = sizeOf(sample.info.grid.shape);
  return {
    ...sample,
    times: sample.times.subarray(0, frames),
    values: sample.values.map((v, i) => sample.info.fields[i]!.constant ? v : v.subarray(0, frames * count)),
  };
}

/** What the network does with a grid. */
export function shapeOn(grid: DrawnGrid, training = false): WalrusShape {
  return MODEL.shape(sampleOn(grid).info, {
    samples: 1,
    frames: 2,
    draws: grid.jitter,
    ...(training ? { training: { parts: 1, loss: {} } } : {}),
  });
}

/** Tokens of a shape. */
export function tokensOf(shape: WalrusShape): number {
  return gridOf(shape).reduce((n, { tokens }) => n * tokens, 1);
}

/** Weights that leave nothing small: those of the residual branches start near 0. */
export const WEIGHTS: ReadonlyMap<string, Float32Array> = new Map(
  [...startWeights(MODEL, 1)].map(([name, data], i) => {
    const random = numbers(data.length, 100 + i);
    return [name, name.includes("freqs") ? data : data.map((v, j) => v + 0.2 * random[j]!)];
  }),
);

/** Numbers of a graph's inputs. */
export function feedsFor(
  graph: Graph,
  shape: WalrusShape,
  sample: Sample,
  weights: ReadonlyMap<string, ArrayLike<number>> = WEIGHTS,
): Record<string, ArrayLike<number>> {
  const place = { index: 1, decoded: 0, lead: 1, random: randomSource(7, 1) };
  const all: Record<string, ArrayLike<number>> = {
    ...MODEL.inputs([sample], shape, null),
    ...MODEL.stepInputs!(shape, place),
    ...Object.fromEntries([...weights].map(([name, data]) => [`params/${name}`, data])),
  };
  return Object.fromEntries([...graph.inputs.keys()].map((name) => [name, all[name]!]));
}

/** One step: `frames`. */
export function forecastGraph(shape: WalrusShape): Graph {
  return trace(MODEL.forecast.types(shape), (inputs) => {
    const { frames } = MODEL.forecast.trace(inputParameters(MODEL.parameters), inputs, shape);
    return { frames: frames! };
  });
}

/** The loss and its gradients with respect to some tensors. */
export function gradientGraph(shape: WalrusShape, names: readonly string[]): Graph {
  return trace(MODEL.loss.types(shape), (inputs) => {
    const parameters = inputParameters(MODEL.parameters);
    const { loss } = MODEL.loss.trace(parameters, inputs, shape);
    const tensors = names.map((name) => [name, parameters(name)] as const);
    return { loss: loss!, ...grad(loss!, Object.fromEntries(tensors)) };
  });
}
