// One forecast step in the data's units: normalise, predict, scale back, add to the last frame, blank hidden cells
// and padded channels (model.md section 10, evaluation.md section 5).

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
} from "../../ir/tensor.ts";
import { block } from "../../ir/trace.ts";
import { at, type DType, type Type } from "../../ir/types.ts";
import type { Recall } from "./block.ts";
import type { WalrusConfig } from "./config.ts";
import type { Parameters } from "./encoder.ts";
import type { JitterInputs } from "./frame.ts";
import { type Geometry } from "./geometry.ts";
import { jitterSignature, walrus } from "./model.ts";
import { denormalizeDelta, normalize, type Statistics, windowStatistics } from "./normalize.ts";
import { parameterShapes, scaleName } from "./parameters.ts";

/** What determines the program of a step: a change of anything else is a change of inputs only. */
export interface StepShape {
  /** Frames of the window. */
  readonly frames: number;
  /** Windows at once. */
  readonly samples: number;
  /** Points of the data; differs from the geometry on a resampled axis. */
  readonly points: readonly [number, number, number];
  /** Predicted channels. */
  readonly channels: number;
  /** Channels that do not change in time. */
  readonly constants: number;
  /** Whether some cells are hidden. */
  readonly hidden: boolean;
  /** Whether the grid is shifted by run-time indices. */
  readonly jitter: boolean;
}

/** Inputs of a step. */
export interface StepInputs {
  readonly params: Parameters;
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
}

/** Number of non-singleton axes. */
function dimensionsOf(geometry: Geometry): number {
  return geometry.filter((a) => !a.singleton).length;
}

/**
 * Types of a step's inputs, nested as {@link forecastStep} takes them.
 *
 * @param config the network
 * @param shape what is forecast
 * @param geometry of the grid, made with the same jitter setting
 * @param weightType number type of each parameter, f32 unless given
 */
export function stepSignature(
  config: WalrusConfig,
  shape: StepShape,
  geometry: Geometry,
  weightType: (name: string) => DType = () => "f32",
) {
  const f32 = (...sizes: number[]): Type => ({ dtype: "f32", shape: sizes });
  const { frames: T, samples: B, points, channels: C, constants: Cc } = shape;
  const params = Object.fromEntries(
    [...parameterShapes(config, [dimensionsOf(geometry)])].flatMap(([name, s]): [string, Type][] => {
      const dtype = weightType(name);
      const scale: [string, Type] = [scaleName(name), f32(at(s, 0))];
      return [[name, { dtype, shape: s }], ...(dtype === "i8" ? [scale] : [])];
    }),
  );
  const signature: Record<string, Type | Record<string, Type>> = {
    params,
    window: f32(T, B, ...points, C),
    fields: { dtype: "i32", shape: [C + Cc] },
    mask: f32(C),
  };
  if (Cc > 0) signature.constants = f32(B, ...points, Cc);
  if (shape.hidden) signature.hidden = f32(...points);
  if (shape.jitter) signature.jitter = jitterSignature(geometry, config.blocks);
  if (config.normalization === "global") signature.scales = { std: f32(C + Cc), deltaStd: f32(C + Cc) };
  return signature;
}

/** Frames with the constant channels behind the variable ones: `[T, B, X, Y, Z, C + Cc]`. */
export function withConstants(window: Tensor, constants: Tensor | undefined): Tensor {
  if (!constants) return window;
  const sizes = [...window.shape.slice(0, 5), at(constants.shape, 4)];
  return concat([window, broadcastTo(constants, sizes)], 5);
}

/** Statistics the step normalises with: of the window, or given for the whole data set. */
export function stepStatistics(x: Tensor, config: WalrusConfig, scales: StepInputs["scales"]): Statistics {
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
 * @param inputs tensors as {@link stepSignature} types them
 * @param statistics of the window with its constant channels
 * @param config the network
 * @param geometry of the grid
 * @param recall frames to attend to, by block, other than those of the window
 * @returns `[B, X, Y, Z, C]` in the data's units
 */
export function predictNext(
  inputs: StepInputs,
  statistics: Statistics,
  config: WalrusConfig,
  geometry: Geometry,
  recall?: (block: number) => Recall,
): Tensor {
  const { params, window, fields, mask, hidden } = inputs;
  const [T = 1, B = 1, X = 1, Y = 1, Z = 1, C = 1] = window.shape;
  const x = withConstants(window, inputs.constants);
  const normal = block("normalize", () => normalize(x, statistics));
  const y = walrus(params, normal, fields, config, geometry, {
    jitter: inputs.jitter ?? null,
    outputs: "last",
    ...(recall ? { recall } : {}),
  });
  return block("denormalize", () => {
    const own = firstChannels(statistics, C);
    const predicted = sliceAxis(y, 5, 0, C);
    const next = config.prediction === "delta"
      ? add(sliceAxis(window, 0, T - 1, 1), denormalizeDelta(predicted, own))
      : add(mul(predicted, own.std), own.mean);
    return reshape(blank(next, mask, hidden), [B, X, Y, Z, C]);
  });
}

/**
 * The next frame.
 *
 * @param inputs tensors as {@link stepSignature} types them
 * @param config the network
 * @param geometry of the grid
 * @returns `[B, X, Y, Z, C]` in the data's units
 */
export function forecastStep(inputs: StepInputs, config: WalrusConfig, geometry: Geometry): Tensor {
  const x = withConstants(inputs.window, inputs.constants);
  const statistics = block("normalize", () => stepStatistics(x, config, inputs.scales));
  return predictNext(inputs, statistics, config, geometry);
}
