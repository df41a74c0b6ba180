// Inputs that change from step to step: shifts of the grid, dropped branches and fields, slots of the KV cache. Draws
// depend on the step's source alone.

import type { Inputs, StepPlace } from "../model.ts";
import type { Purpose } from "../../random/philox.ts";
import type { RandomSource } from "../../random/random_source.ts";
import type { WalrusConfig } from "./config.ts";
import { jitterFeeds } from "./geometry.ts";
import { drawShifts } from "./jitter.ts";
import { slotFeeds } from "./kv_cache.ts";
import { gridOf, type WalrusShape } from "./shape.ts";

/** Factors that keep (divided by the share that is kept) or drop. */
function keepFactors(uniform: Float64Array, probability: number): Float32Array {
  return Float32Array.from(uniform, (u) => u < probability ? 0 : 1 / (1 - probability));
}

/**
 * Factors of stochastic depth (model.md section 8): block b drops with probability `dropPath b / (L - 1)`, time
 * mixing each frame, space mixing each frame of each sample.
 */
function pathFactors(
  config: WalrusConfig,
  { frames, samples }: WalrusShape,
  random: RandomSource,
): Record<string, Float32Array> {
  const factors: Record<string, Float32Array> = {};
  const each = frames * (samples + 1);
  const uniform = random.uniform("pathDrop", each * (config.blocks - 1));
  for (let b = 1; b < config.blocks; b++) {
    const own = uniform.subarray((b - 1) * each, b * each);
    const probability = config.dropPath * b / (config.blocks - 1);
    factors[`pathKeep/time${b}`] = keepFactors(own.subarray(0, frames), probability);
    factors[`pathKeep/space${b}`] = keepFactors(own.subarray(frames), probability);
  }
  return factors;
}

/** Factors of field dropout `[B, C + Cc]`. */
function fieldFactors(config: WalrusConfig, shape: WalrusShape, random: RandomSource): Float32Array {
  const count = shape.channels + shape.constants;
  const uniform = random.uniform("fieldDrop", shape.samples * count);
  return keepFactors(uniform, Math.min(1, config.inputFieldDrop / count));
}

/** Indices of the shifts of a step. */
function shiftIndices(config: WalrusConfig, shape: WalrusShape, random: RandomSource): Inputs {
  const geometry = gridOf(shape);
  const purpose: Purpose = shape.training ? "jitter" : "rollout";
  const shifts = drawShifts(geometry, config.blocks, { below: (n) => random.below(purpose, n) });
  return Object.fromEntries(jitterFeeds(geometry, shifts));
}

/**
 * Inputs of a step of a rollout, or of a micro-batch where the shape is one of training.
 *
 * @param config the network
 * @param shape of the program
 * @param place which step, and its draws
 */
export function stepInputsOf(
  config: WalrusConfig,
  shape: WalrusShape,
  { decoded, random }: StepPlace,
): Inputs {
  return {
    ...(shape.jitter ? shiftIndices(config, shape, random) : {}),
    ...(shape.training?.pathDrop ? pathFactors(config, shape, random) : {}),
    ...(shape.training?.fieldDrop ? { fieldKeep: fieldFactors(config, shape, random) } : {}),
    ...(decoded > 0 ? slotFeeds(decoded, shape.frames) : {}),
  };
}
