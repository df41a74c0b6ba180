// Parameters of a network as inputs of a program that is traced: only what is asked for becomes one.

import type { Tensor } from "../ir/node.ts";
import { input } from "../ir/tensor.ts";
import type { Parameters } from "../nn/parameters.ts";
import { PARAMETER_PREFIX, scaleName, type WeightStore } from "./store.ts";

/** Parameters as a checkpoint's store keeps them; matrices of 8-bit numbers come with their scales. */
export function storedParameters(store: WeightStore): Parameters {
  return (name) => {
    const { weight, scale } = store.types(name);
    return input(PARAMETER_PREFIX + name, weight);
  };
}
