/**
 * Layers: plain functions over tensors. A network is a function that calls them; its parameters are requested by name,
 * so that the same function serves weights in f32, fp16 or 8 bits, with or without adapters.
 *
 * @example A gated unit
 * ```ts
 * import assert from "node:assert/strict";
 * import { referenceEvaluation, trace } from "walrus/ir";
 * import { inputParameters, linear, swiglu } from "walrus/nn";
 *
 * const shapes = new Map([["mlp.weight", { shape: [4, 2] }]]);
 * const graph = trace({ x: { dtype: "f32", shape: [1, 2] } } as const, ({ x }) => ({
 *   y: swiglu(linear(inputParameters(shapes), "bi,oi->bo", x, "mlp.weight", [4, 2])),
 * }));
 * const weight = [1, 0, 0, 1, 0, 0, 0, 0];
 * assert.deepEqual([...referenceEvaluation(graph, { x: [3, 4], "params/mlp.weight": weight }).y!], [0, 0]);
 * ```
 *
 * @module
 */

export { silu, swiglu } from "../nn/activation.ts";
export { bucket, bucketBias, MASKED, relativeBias } from "../nn/bias.ts";
export { conv, convTranspose, type Triple, wrap } from "../nn/conv.ts";
export { linear } from "../nn/linear.ts";
export { GROUP_NORM_EPSILON, rmsNorm } from "../nn/norm.ts";
export {
  type AdaptedMatrix,
  inputParameters,
  type ParameterRecord,
  type Parameters,
  type QuantizedMatrix,
  recordParameters,
  scaleName,
} from "../nn/parameters.ts";
export { modulo, rollIndices } from "../nn/roll.ts";
export { axialTables, positions } from "../nn/rope.ts";
