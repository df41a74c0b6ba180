// The next frame in the data's units: normalise, predict, scale back, add to the last frame, blank hidden cells and
// padded channels (model.md section 10, evaluation.md section 5).

import type { Tensor } from "../../ir/node.ts";
import {
  add,
  broadcastTo,
  concat,
  constant,
  equal,
  mul,
  reshape,
  select,
  sliceAxis,
  sub,
} from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at } from "../../ir/types.ts";
import type { Parameters } from "../../nn/parameters.ts";
import type { CacheHook } from "./block.ts";
import type { WalrusConfig } from "./config.ts";
import { fitConstants, type GridFit, interpolate } from "./fit.ts";
import type { JitterInputs } from "./frame.ts";
import type { Geometry } from "./geometry.ts";
import { walrus } from "./model.ts";
import { denormalizeDelta, normalize, type Statistics, windowStatistics } from "./normalize.ts";

/** What a step reads besides the parameters. */
export interface StepTensors {
  /** `[T, B, X, Y, Z, C]` */
  readonly window: Tensor;
  /** `[B, X, Y, Z, Cc]` */
  readonly constants?: Tensor;
  /** Columns of the channels, constant ones last, i32 `[C + Cc]`. */
  readonly fields: Tensor;
  /** 1 for real channels, 0 for padded ones, `[C]`. */
  readonly mask: Tensor;
  /** 1 for hidden cells, `[X, Y, Z]`. */
  readonly hidden?: Tensor;
  readonly jitter?: JitterInputs;
  /** Scales of a data-set-wide normalisation `[C + Cc]`, in place of the window's own. */
  readonly scales?: { readonly std: Tensor; readonly deltaStd: Tensor };
  /** Set where the network sees another grid than the data's. */
  readonly fit?: GridFit;
}

/** Frames with the constant channels behind the variable ones: `[T, B, X, Y, Z, C + Cc]`. */
export function withConstants(window: Tensor, constants: Tensor | undefined): Tensor {
  if (!constants) return window;
  const sizes = [...window.shape.slice(0, 5), at(constants.shape, 4)];
  return concat([window, broadcastTo(constants, sizes)], 5);
}

/** Frames with constant channels on the grid that the network sees, `[T, B, X', Y', Z', C + Cc]`, hidden cells 0 there. */
export function seenFrames(
  { window, constants, hidden, fit }: Pick<StepTensors, "window" | "constants" | "hidden" | "fit">,
  geometry: Geometry,
): Tensor {
  if (!fit) return withConstants(window, constants);
  return namedScope("fit", () => {
    const own = (x: Tensor) => hide(x, hidden);
    const frames = interpolate(own(window), fit.points, geometry);
    return withConstants(frames, constants && fitConstants(constants, fit, geometry, own));
  });
}

/** Increments `[T, B, X', Y', Z', C]` that the network predicted, on the grid of the data. */
export function onDataGrid(
  increments: Tensor,
  { window, fit }: Pick<StepTensors, "window" | "fit">,
  geometry: Geometry,
): Tensor {
  if (!fit) return increments;
  const [, , X = 1, Y = 1, Z = 1] = window.shape;
  return namedScope("fit", () => interpolate(increments, [X, Y, Z], geometry));
}

/** Statistics the step normalises with: of the window, or given for the whole data set. */
export function stepStatistics(x: Tensor, config: WalrusConfig, scales: StepTensors["scales"]): Statistics {
  if (config.normalization !== "global") return windowStatistics(x, config.normalization, config.epsilon);
  if (!scales) throw new TypeError("Data-set-wide normalisation needs the scales of stats.yaml");
  const zero = constant(0, [1, 1, 1, 1, 1, 1]);
  const shaped = (t: Tensor) => reshape(t, [1, 1, 1, 1, 1, at(t.shape, 0)]);
  return { mean: zero, std: shaped(scales.std), deltaMean: zero, deltaStd: shaped(scales.deltaStd) };
}

/** Sets hidden cells of `[.., X, Y, Z, C]` to 0. */
export function hide(x: Tensor, hidden: Tensor | undefined): Tensor {
  return hidden ? select(equal(reshape(hidden, [...hidden.shape, 1]), 0), x, 0) : x;
}

/** Sets hidden cells and padded channels of `[.., X, Y, Z, C]` to 0. */
export function blank(x: Tensor, mask: Tensor, hidden: Tensor | undefined): Tensor {
  return hide(select(broadcastTo(mask, x.shape), x, 0), hidden);
}

/** Statistics cut to the first `channels` channels. */
export function firstChannels(statistics: Statistics, channels: number): Statistics {
  const cut = (t: Tensor) => at(t.shape, 5) === 1 ? t : sliceAxis(t, 5, 0, channels);
  return {
    mean: cut(statistics.mean),
    std: cut(statistics.std),
    deltaMean: cut(statistics.deltaMean),
    deltaStd: cut(statistics.deltaStd),
  };
}

/**
 * The next frame, given what to normalise with.
 *
 * @param parameters of the network
 * @param tensors window and what goes with it
 * @param statistics of the window with its constant channels
 * @param config the network
 * @param geometry of the grid
 * @param cache KV cache of each block, by its number
 * @returns `[B, X, Y, Z, C]` in the data's units
 */
export function nextFrameFrom(
  parameters: Parameters,
  tensors: StepTensors,
  statistics: Statistics,
  config: WalrusConfig,
  geometry: Geometry,
  cache?: (block: number) => CacheHook,
): Tensor {
  const { window, fields, mask, hidden, fit } = tensors;
  const [T = 1, B = 1, X = 1, Y = 1, Z = 1, C = 1] = window.shape;
  const x = seenFrames(tensors, geometry);
  const normal = namedScope("normalize", () => normalize(x, statistics));
  const y = walrus(parameters, normal, fields, config, geometry, {
    jitter: tensors.jitter ?? null,
    outputs: "last",
    ...(cache ? { cache } : {}),
  });
  return namedScope("denormalize", () => {
    const own = firstChannels(statistics, C);
    const predicted = sliceAxis(y, 5, 0, C);
    const last = (t: Tensor) => sliceAxis(t, 0, T - 1, 1);
    let next: Tensor;
    if (config.prediction === "delta") {
      next = add(last(window), onDataGrid(denormalizeDelta(predicted, own), tensors, geometry));
    } else {
      next = add(mul(predicted, own.std), own.mean);
      // What the network's grid can not hold stays as it was.
      if (fit) {
        next = add(last(window), onDataGrid(sub(next, sliceAxis(last(x), 5, 0, C)), tensors, geometry));
      }
    }
    return reshape(blank(next, mask, hidden), [B, X, Y, Z, C]);
  });
}

/**
 * The next frame, normalised with the window's own statistics or those of the data set.
 *
 * @param parameters of the network
 * @param tensors window and what goes with it
 * @param config the network
 * @param geometry of the grid
 * @returns `[B, X, Y, Z, C]` in the data's units
 */
export function nextFrame(
  parameters: Parameters,
  tensors: StepTensors,
  config: WalrusConfig,
  geometry: Geometry,
): Tensor {
  const x = seenFrames(tensors, geometry);
  const statistics = namedScope("normalize", () => stepStatistics(x, config, tensors.scales));
  return nextFrameFrom(parameters, tensors, statistics, config, geometry);
}
