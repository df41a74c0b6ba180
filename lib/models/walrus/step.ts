// The same step with parameters as a record and inputs nested by kind, for callers that build programs by hand.

import type { Tensor } from "../../ir/node.ts";
import { at, type DType, type Type } from "../../ir/types.ts";
import { type ParameterRecord, recordParameters } from "../../nn/parameters.ts";
import type { Recall } from "./block.ts";
import type { WalrusConfig } from "./config.ts";
import type { Geometry } from "./geometry.ts";
import { jitterSignature } from "./model.ts";
import { nextFrame, nextFrameFrom, type StepTensors } from "./next_frame.ts";
import type { Statistics } from "./normalize.ts";
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
export interface StepInputs extends StepTensors {
  readonly params: ParameterRecord;
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

/** The next frame, given what to normalise with: `nextFrameFrom` on a record. */
export function predictNext(
  inputs: StepInputs,
  statistics: Statistics,
  config: WalrusConfig,
  geometry: Geometry,
  recall?: (block: number) => Recall,
): Tensor {
  return nextFrameFrom(recordParameters(inputs.params), inputs, statistics, config, geometry, recall);
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
  return nextFrame(recordParameters(inputs.params), inputs, config, geometry);
}
