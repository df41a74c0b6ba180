// Products with a matrix of a network, whatever it is stored as.

import type { Tensor } from "../ir/node.ts";
import { contract, mul, reshape } from "../ir/tensor.ts";
import type { Shape } from "../ir/types.ts";
import type { Parameters } from "./parameters.ts";

/**
 * Contraction with a parameter. Where it is kept as 8-bit numbers each output is scaled after its sum, which is the
 * product with the scaled matrix and costs next to nothing.
 *
 * @param parameters of the network
 * @param spec as `contract` takes it: the parameter second, its first axis last in the result
 * @param x first operand
 * @param name of the parameter `[o, ..]`
 * @param shape to see it under
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../ir/evaluate.ts";
 * import { trace } from "../ir/trace.ts";
 * import { inputParameters } from "./parameters.ts";
 * const shapes = new Map([["w", { shape: [2, 3] }]]);
 * const graph = trace({ x: { dtype: "f32", shape: [1, 3] } } as const, ({ x }) => ({
 *   y: linear(inputParameters(shapes, () => "i8"), "bi,oi->bo", x, "w", [2, 3]),
 * }));
 * const feeds = { x: [1, 2, 3], "params/w": [1, 1, 1, 0, 0, 2], "params/w.scale": [0.5, 10] };
 * assert.deepEqual([...evaluate(graph, feeds).y!], [3, 60]);
 * ```
 */
export function linear(parameters: Parameters, spec: string, x: Tensor, name: string, shape: Shape): Tensor {
  const small = parameters.quantized?.(name);
  const y = contract(spec, x, reshape(small ? small.matrix : parameters(name), shape));
  return small ? mul(y, small.scale) : y;
}
