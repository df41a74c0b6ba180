// How tensors of a network are kept on a device.

import type { Shape } from "../ir/types.ts";

/** Storage of matrices on a device. */
export type WeightStorage = "stored" | "f16" | "f32" | "int8" | "int8-dot";

/** Number types of weights. */
export type WeightType = "f32" | "f16" | "i8";

/** Inputs of programs that hold weights have this before the tensor's name. */
export const PARAMETER_PREFIX = "params/";

/** What storing a tensor has to know of it. */
export interface WeightInfo {
  /** As in the checkpoint. */
  readonly shape: Shape;
  /** The narrowest type it may be stored as. */
  readonly narrow: WeightType;
}

/**
 * The type a tensor is kept as: as narrow as it may be and was requested.
 *
 * @param narrow narrowest type the tensor may have
 * @param storage what was requested
 * @param stored its type in the checkpoint
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(weightType("i8", "stored", "f16"), "f16");
 * assert.equal(weightType("i8", "int8", "f32"), "i8");
 * assert.equal(weightType("f32", "int8", "f16"), "f32");
 * ```
 */
export function weightType(
  narrow: WeightType,
  storage: WeightStorage,
  stored: string | undefined,
): WeightType {
  if (storage === "f32" || narrow === "f32") return "f32";
  if (storage === "int8" || storage === "int8-dot") return narrow;
  return storage === "f16" || stored === "f16" ? "f16" : "f32";
}

/** Whether products with 8-bit weights quantise their activations as well. */
export function quantisesActivations(storage: WeightStorage): boolean {
  return storage === "int8-dot";
}
