// Products with a matrix of the network, whatever it is stored as.

import type { Tensor } from "../../ir/node.ts";
import { contract, mul, reshape } from "../../ir/tensor.ts";
import type { Shape } from "../../ir/types.ts";
import { parameter, type Parameters } from "./encoder.ts";
import { scaleName } from "./parameters.ts";

/**
 * Contraction with a parameter. Where it is kept as 8-bit numbers each output is scaled after its sum, which is the
 * product with the scaled matrix and costs next to nothing.
 *
 * @param params the network
 * @param spec as `contract` takes it: the parameter second, its first axis last in the result
 * @param x first operand
 * @param name of the parameter `[o, ..]`
 * @param shape to see it under
 */
export function project(params: Parameters, spec: string, x: Tensor, name: string, shape: Shape): Tensor {
  const y = contract(spec, x, reshape(parameter(params, name), shape));
  const scale = params[scaleName(name)];
  return scale ? mul(y, scale) : y;
}
