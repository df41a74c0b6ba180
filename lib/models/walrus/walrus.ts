// A network of some configuration as the rest of the library sees it: every part of the interface and the file it lies
// in.

import type { RandomSource } from "../../random/random_source.ts";
import type { Model, ParameterInfo } from "../model.ts";
import { rotated } from "./augment.ts";
import type { WalrusConfig } from "./config.ts";
import { gridWords } from "./fit_grid.ts";
import { tokenGrid } from "./geometry.ts";
import { gradientMask } from "./gradient_mask.ts";
import { startNumbers } from "./initialize.ts";
import { inputsOf } from "./inputs.ts";
import { outputFrames } from "./output_frames.ts";
import { isBlockMatrix, mayBeFp16, parameterShapes } from "./parameters.ts";
import { cachePrograms, forecastProgram, lossProgram } from "./programs.ts";
import { knownFields } from "./field_table.ts";
import { contextFrames, fieldPlaces, gridOf, shapeOf, type WalrusShape } from "./shape.ts";
import { stepInputsOf } from "./step_inputs.ts";
import { releasedTransforms } from "./transforms.ts";

/** Name of the family. */
export const FAMILY = "walrus";
/** Name of the configuration file beside a checkpoint. */
export const CONFIG_FILE = "extended_config.yaml";

/** All tensors in the checkpoint's order. */
function parametersOf(config: WalrusConfig): Map<string, ParameterInfo> {
  const narrow = (name: string) => isBlockMatrix(name) ? "i8" : mayBeFp16(name) ? "f16" : "f32";
  const fixed = (name: string) => config.rotary === "fixed" && name.includes("rotary_emb.freqs");
  return new Map(
    [...parameterShapes(config)].map(([name, shape]) => [name, {
      shape,
      narrow: narrow(name),
      use: fixed(name) ? "fixed" : "trained",
      start: (random: RandomSource) => startNumbers(name, shape, config, random),
    }]),
  );
}

/** Tokens of all frames of all samples. */
function tokensOf(shape: WalrusShape): number {
  return shape.frames * shape.samples * tokenGrid(gridOf(shape)).reduce((n, tokens) => n * tokens, 1);
}

/**
 * A Walrus network.
 *
 * @param config legal, as `parseConfig` gives it
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "./config.ts";
 * const model = walrusModel(RELEASED_CONFIG);
 * assert.equal(model.description, "40 blocks of width 1408");
 * assert.equal(model.parameters.get("encoder_dummy")!.narrow, "f32");
 * ```
 */
export function walrusModel(config: WalrusConfig): Model<WalrusShape> {
  const kvCache = cachePrograms(config);
  return {
    family: FAMILY,
    description: `${config.blocks} blocks of width ${config.hiddenDim}`,
    config,
    parameters: parametersOf(config),
    regions: Array.from({ length: config.blocks }, (_, b) => `block${b}`),
    contextFrames: (info) => contextFrames(config, info),
    fields: (info, map, transforms) => fieldPlaces(config, info, map, transforms),
    knownFields: () => knownFields(config.fields),
    transforms: releasedTransforms,
    shape: (info, options) => shapeOf(config, info, options),
    gridNotes: (shape) => [gridWords(shape.points, gridOf(shape), config.includeD)],
    draws: config.jitter,
    inputs: (samples, shape, statistics, options) => inputsOf(config, samples, shape, statistics, options),
    stepInputs: (shape, place) => stepInputsOf(config, shape, place),
    frames: outputFrames,
    forecast: forecastProgram(config),
    ...(kvCache ? { kvCache } : {}),
    loss: lossProgram(config),
    gradientMask: (name, shape) => gradientMask(name, config, gridOf(shape)),
    examples: (steps, frames) =>
      Array.from(
        { length: Math.max(0, steps - frames) },
        (_, from) => Array.from({ length: frames + 1 }, (_, t) => from + t),
      ),
    augment: rotated,
    tokens: tokensOf,
    async files() {
      // Of use to those who export, and loaded by them.
      const { writeConfig } = await import("./write_config.ts");
      return { [CONFIG_FILE]: writeConfig(config) };
    },
    weightsFile: "walrus.safetensors",
  };
}
