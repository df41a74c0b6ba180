// The training loss: mean absolute error of the normalised increments, teacher-forced over the window
// (model.md section 11, training.md section 1).

import type { Tensor } from "../../ir/node.ts";
import { abs, add, concat, div, mean, mul, reshape, sliceAxis, sub } from "../../ir/tensor.ts";
import { namedScope } from "../../ir/trace.ts";
import { at } from "../../ir/types.ts";
import type { Parameters } from "../../nn/parameters.ts";
import type { WalrusConfig } from "./config.ts";
import type { Geometry } from "./geometry.ts";
import { type ModelOptions, walrus } from "./model.ts";
import { normalize } from "./normalize.ts";
import {
  blank,
  firstChannels,
  hide,
  onDataGrid,
  seenFrames,
  stepStatistics,
  type StepTensors,
} from "./next_frame.ts";

/** Settings of the loss. */
export interface LossSettings {
  /** Factor of the mean, 100 in the released recipe. */
  readonly multiplier: number;
  /** Predictions from fewer frames than this are left out when there are others. */
  readonly minimumContext: number;
}

/** The released settings. */
export const RELEASED_LOSS: LossSettings = { multiplier: 100, minimumContext: 1 };

/** What the loss reads besides the parameters. */
export interface LossTensors extends StepTensors {
  /** The frame that follows the window, `[1, B, X, Y, Z, C]`. */
  readonly target: Tensor;
}

/**
 * Loss of one micro-batch, a tensor of one element.
 *
 * @param parameters of the network
 * @param tensors window, the frame after it and what goes with them
 * @param config the network
 * @param geometry of the grid
 * @param settings multiplier and context
 * @param options stochastic depth and field dropout
 */
export function lossOf(
  parameters: Parameters,
  tensors: LossTensors,
  config: WalrusConfig,
  geometry: Geometry,
  settings: LossSettings = RELEASED_LOSS,
  options: Pick<ModelOptions, "fieldKeep" | "pathKeep"> = {},
): Tensor {
  const { window, fields, mask, hidden, target } = tensors;
  const [T = 1] = window.shape;
  const C = at(window.shape, 5);
  const x = seenFrames(tensors, geometry);
  const statistics = stepStatistics(x, config, tensors.scales);
  const jitter = tensors.jitter ?? null;
  const normal = normalize(x, statistics);
  const y = walrus(parameters, normal, fields, config, geometry, { ...options, jitter });
  return namedScope("loss", () => {
    const own = firstChannels(statistics, C);
    const frames = concat([window, target], 0);
    const later = sliceAxis(frames, 0, 1, T);
    const wanted = config.prediction === "delta"
      ? div(sub(sub(later, sliceAxis(frames, 0, 0, T)), own.deltaMean), own.deltaStd)
      : normalize(later, own);
    // A network that is not causal predicts the last frame only.
    const predicted = at(y.shape, 0);
    const first = predicted > settings.minimumContext ? settings.minimumContext : 0;
    const cut = (t: Tensor) => {
      const skip = at(t.shape, 0) - predicted + first;
      return sliceAxis(sliceAxis(t, 5, 0, C), 0, skip, at(t.shape, 0) - skip);
    };
    // On the grid of the data, as a forecast is; of a whole frame the network's grid gives the increment alone.
    const back = (t: Tensor) => onDataGrid(t, tensors, geometry);
    const there = tensors.fit && config.prediction === "full"
      ? add(cut(normalize(window, own)), back(sub(cut(y), cut(normal))))
      : back(cut(y));
    const prediction = blank(there, mask, hidden);
    const truth = hide(cut(wanted), hidden);
    const error = mean(abs(sub(prediction, truth)), [0, 1, 2, 3, 4, 5]);
    return reshape(mul(error, settings.multiplier), []);
  });
}
