// Weights in half precision for computing: which tensors, and their numbers. Masters and moments stay f32, since an
// optimiser step is often smaller than the distance of two halves.

import { narrowToHalf } from "../io/numbers.ts";
import { type DType, notFiniteHalf } from "../ir/types.ts";
import { mayBeHalf } from "../models/walrus/parameters.ts";
import { isAdapter } from "./lora.ts";

/** How the network's matrices are held for computing. */
export type ComputeWeights = "f32" | "f16";

/** Whether a tensor is computed with as halves; norms, biases, tables and adapters never are. */
export function isHalf(name: string, weights: ComputeWeights): boolean {
  return weights === "f16" && !isAdapter(name) && mayBeHalf(name);
}

/** Number type of a tensor in a program. */
export function computeType(name: string, weights: ComputeWeights): DType {
  return isHalf(name, weights) ? "f16" : "f32";
}

/**
 * Numbers as halves, rounded to nearest even as devices do.
 *
 * @throws RangeError naming the tensor and the first number beyond half precision
 */
export function halvesOf(name: string, values: Float32Array): Uint16Array {
  const halves = narrowToHalf(values);
  const bad = notFiniteHalf(halves);
  if (bad >= 0) {
    throw new RangeError(
      `Cannot train "${name}" with halves: element ${bad} is ${values[bad]}, wanted a number up to 65504`,
    );
  }
  return halves;
}
