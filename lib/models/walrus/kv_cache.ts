// The KV cache: keys and values that every block's time mixing made of past frames stay on the device, so that a step
// computes one frame in place of the whole window. That is not quite the released model: scales and shift stay those of
// the first window, and past frames know what came before the window. A network that is causal in time only.

import type { Tensor } from "../../ir/node.ts";
import { broadcastTo, reshape, select } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at, type Shape, type Type } from "../../ir/types.ts";
import { bucket } from "../../nn/bias.ts";
import type { Parameters } from "../../nn/parameters.ts";
import type { CacheHook } from "./block.ts";
import type { WalrusConfig } from "./config.ts";
import { type Geometry, tokenGrid } from "./geometry.ts";
import { nextFrameFrom, seenFrames, stepStatistics, type StepTensors } from "./next_frame.ts";
import type { Statistics } from "./normalize.ts";
import { headDim } from "./parameters.ts";
import type { StepShape } from "./shape.ts";

/** Keys or values of every block, `[B, S, T, heads, e]`, by the block's number. */
type Cached = Readonly<Record<string, Tensor>>;

/** What a step keeps. */
export interface Cache {
  readonly keys: Cached;
  readonly values: Cached;
}

/** What a step after the first reads; its window is the newest frame alone, `[1, B, X, Y, Z, C]`. */
export interface DecodeTensors extends StepTensors, Cache {
  /** Those of the first window. */
  readonly statistics: Statistics;
  /** 1 for the slot of the newest frame, which replaces the oldest, `[T]`. */
  readonly newest: Tensor;
  /** Bucket of the distance to the frame in every slot, i32 `[T]`. */
  readonly buckets: Tensor;
}

/**
 * Types of the cache.
 *
 * @param config the network
 * @param shape what is forecast; its frames are the slots
 * @param geometry of the grid
 */
export function cacheSignature(
  config: WalrusConfig,
  shape: Pick<StepShape, "samples" | "frames">,
  geometry: Geometry,
): Record<"keys" | "values", Record<string, Type>> {
  const tokens = tokenGrid(geometry).reduce((a, b) => a * b);
  const sizes: Shape = [shape.samples, tokens, shape.frames, config.heads, headDim(config)];
  const blocks = () =>
    Object.fromEntries(
      Array.from(
        { length: config.blocks },
        (_, b): [string, Type] => [`${b}`, { dtype: "f32", shape: sizes }],
      ),
    );
  return { keys: blocks(), values: blocks() };
}

/** Types of the statistics that the first step leaves to the others. */
export function statisticsSignature(
  { samples, channels, constants }: Pick<StepShape, "samples" | "channels" | "constants">,
): Record<keyof Statistics, Type> {
  const scale: Type = { dtype: "f32", shape: [1, samples, 1, 1, 1, channels + constants] };
  return { mean: scale, std: scale, deltaMean: scale, deltaStd: scale };
}

/** What a step gives. */
interface CachedStep extends Cache {
  /** `[B, X, Y, Z, C]` */
  readonly next: Tensor;
}

/**
 * The first step of a rollout: a forecast step that fills the cache.
 *
 * @param parameters of the network
 * @param tensors window and what goes with it
 * @param config the network, causal in time
 * @param geometry of the grid
 * @returns the next frame, keys and values, and the statistics of the window
 */
export function prefillStep(
  parameters: Parameters,
  tensors: StepTensors,
  config: WalrusConfig,
  geometry: Geometry,
): CachedStep & { readonly statistics: Statistics } {
  const x = seenFrames(tensors, geometry);
  const statistics = namedScope("normalize", () => stepStatistics(x, config, tensors.scales));
  const kept = { keys: {} as Record<string, Tensor>, values: {} as Record<string, Tensor> };
  const hook = (index: number): CacheHook => (keys, values) => {
    kept.keys[index] = keys;
    kept.values[index] = values;
    return { keys, values };
  };
  const next = nextFrameFrom(parameters, tensors, statistics, config, geometry, hook);
  const [, B = 1, , , , C = 1] = x.shape;
  const whole = (t: Tensor) => broadcastTo(t, [1, B, 1, 1, 1, C]);
  const { mean, std, deltaMean, deltaStd } = statistics;
  return {
    next,
    ...kept,
    statistics: {
      mean: whole(mean),
      std: whole(std),
      deltaMean: whole(deltaMean),
      deltaStd: whole(deltaStd),
    },
  };
}

/**
 * A later step: the newest frame's keys and values take the place of the oldest's.
 *
 * @param parameters of the network
 * @param tensors newest frame, cache and where in it the frame goes
 * @param config the network, causal in time
 * @param geometry of the grid
 * @returns the next frame, keys and values
 */
export function decodeStep(
  parameters: Parameters,
  tensors: DecodeTensors,
  config: WalrusConfig,
  geometry: Geometry,
): CachedStep {
  const kept = { keys: {} as Record<string, Tensor>, values: {} as Record<string, Tensor> };
  const isNewest = reshape(tensors.newest, [1, 1, at(tensors.newest.shape, 0), 1, 1]);
  const hook = (index: number): CacheHook => (keys, values) => {
    const store = (cached: Cached, own: Tensor) => {
      const before = cached[index]!;
      return select(isNewest, broadcastTo(own, before.shape), before);
    };
    const pair = { keys: store(tensors.keys, keys), values: store(tensors.values, values) };
    kept.keys[index] = pair.keys;
    kept.values[index] = pair.values;
    return { ...pair, buckets: tensors.buckets };
  };
  const next = nextFrameFrom(parameters, tensors, tensors.statistics, config, geometry, hook);
  return { next, ...kept };
}

/**
 * Where the newest frame of a later step goes, and how far the frames in the slots are from it.
 *
 * @param step number of the step, from 1 after the first
 * @param frames slots
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { newest, buckets } = slotFeeds(1, 4);
 * assert.deepEqual([...newest], [1, 0, 0, 0]);
 * assert.deepEqual([...buckets], [0, 3, 2, 1]);
 * ```
 */
export function slotFeeds(step: number, frames: number): { newest: Float32Array; buckets: Int32Array } {
  const slot = (step - 1) % frames;
  return {
    newest: Float32Array.from({ length: frames }, (_, i) => i === slot ? 1 : 0),
    buckets: Int32Array.from({ length: frames }, (_, i) => bucket((slot - i + frames) % frames, true)),
  };
}
