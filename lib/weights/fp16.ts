// Weights in half precision for computing: which tensors, and their numbers. Masters and moments stay f32, since an
// optimiser step is often smaller than the distance of two fp16 numbers.

import { narrowToHalf } from "../io/numbers.ts";
import { notFiniteFp16 } from "../ir/types.ts";
import type { WeightInfo } from "./storage.ts";

/** How the network's matrices are held for computing. */
export type ComputeWeights = "f32" | "f16";

/** Whether a tensor is computed with as fp16; norms, biases, tables and adapters never are. */
export function isFp16(
  name: string,
  infos: ReadonlyMap<string, Pick<WeightInfo, "narrow">>,
  weights: ComputeWeights,
): boolean {
  return weights === "f16" && (infos.get(name)?.narrow ?? "f32") !== "f32";
}

/**
 * Numbers as fp16, rounded to nearest even as devices do.
 *
 * @throws RangeError naming the tensor and the first number beyond half precision
 */
export function fp16Of(name: string, values: Float32Array): Uint16Array {
  const narrow = narrowToHalf(values);
  const bad = notFiniteFp16(narrow);
  if (bad >= 0) {
    throw new RangeError(
      `Cannot train "${name}" with fp16 weights: element ${bad} is ${
        values[bad]
      }, wanted a number up to 65504`,
    );
  }
  return narrow;
}
