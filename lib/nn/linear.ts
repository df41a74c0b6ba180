// Products with a matrix of a network, whatever it is stored as.

import { parseSpec } from "../ir/contract_spec.ts";
import type { Tensor } from "../ir/node.ts";
import { add, contract, mul, reshape } from "../ir/tensor.ts";
import { at, type Shape } from "../ir/types.ts";
import type { AdaptedMatrix, Parameters } from "./parameters.ts";

/**
 * Product with the two factors of an adapter, one after the other: no matrix is made, and none has a gradient (Hu et
 * al., "LoRA", ICLR 2022, equation 3).
 */
function lowRank(spec: string, x: Tensor, { down, up, scale }: AdaptedMatrix, shape: Shape): Tensor {
  const { a, b, out } = parseSpec(spec);
  const letter = at([...b], 0);
  const rank = [..."rstuvwxyz"].find((candidate) => !spec.includes(candidate))!;
  const inner = out.replace(letter, rank);
  const factor = reshape(down, [at(down.shape, 0), ...shape.slice(1)]);
  const small = contract(`${a},${b.replace(letter, rank)}->${inner}`, x, factor);
  return mul(contract(`${inner},${letter}${rank}->${out}`, small, up), scale);
}

/**
 * Contraction with a parameter. Where it is kept as 8-bit numbers each output is scaled after its sum, which is the
 * product with the scaled matrix and costs next to nothing. Where it has an adapter, its factors are multiplied by
 * themselves.
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
  const adapted = parameters.adapted?.(name);
  const matrix = (small ?? adapted)?.matrix ?? parameters(name);
  const y = contract(spec, x, reshape(matrix, shape));
  if (small) return mul(y, small.scale);
  return adapted ? add(y, lowRank(spec, x, adapted, shape)) : y;
}
