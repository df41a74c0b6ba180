/**
 * The language: functions of tensors are traced into graphs, graphs are differentiated, checked, printed, evaluated in
 * double precision, planned and compiled for a device.
 *
 * A `Tensor` is symbolic: it holds no numbers. Numbers go in as arrays by the names of inputs, and come out by the names
 * of outputs.
 *
 * @example A function, its gradient, and both on a device
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "walrus/devices";
 * import { compile, grad, tensor, trace } from "walrus/ir";
 *
 * const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => {
 *   const loss = tensor.reshape(tensor.sum(tensor.mul(x, x), [0]), []);
 *   return { loss, slope: grad(loss, { x }) };
 * });
 * using device = await wasm({ threads: 1 });
 * using program = await compile(graph, device);
 * const { loss, "slope/x": slope } = await program.run({ x: Float32Array.of(1, 2, 3) });
 * assert.equal(loss![0], 14);
 * assert.deepEqual([...slope!], [2, 4, 6]);
 * ```
 *
 * @module
 */

export { grad } from "../autodiff/grad.ts";
export { rematBlocks, rematerialize, type RematPolicy, rematScopes } from "../autodiff/remat.ts";
export { compile, Compiled, type Feed, loadPlan } from "../compile/compile.ts";
export {
  type CompileOptions,
  type Part,
  type PassObserver,
  type Plan,
  plan,
  type PlanTarget,
} from "../compile/pipeline.ts";
export { check } from "../ir/check.ts";
export { evaluate as referenceEvaluation } from "../ir/evaluate.ts";
export { attention } from "../ir/fused/attention.ts";
export { groupNorm } from "../ir/fused/group_norm.ts";
export { layerNorm } from "../ir/fused/layer_norm.ts";
export { rope } from "../ir/fused/rope.ts";
export { softmax } from "../ir/fused/softmax.ts";
export type { Layout } from "../ir/layout.ts";
export type {
  Attributes,
  Fused,
  FusedAttributes,
  GroupNormAttributes,
  Node as GraphNode,
  Op,
  Primitive,
  PrimitiveAttributes,
  Tensor,
} from "../ir/node.ts";
export { print } from "../ir/print.ts";
export type { Expression, ScalarFunction } from "../ir/scalar.ts";
/** Builders of graphs: `tensor.add`, `tensor.contract`, .. */
export * as tensor from "../ir/tensor.ts";
export { type Graph, namedScope, type Tensors, trace, type Tree } from "../ir/trace.ts";
export { type DType, type HostArray, type Shape, sizeOf, type Type } from "../ir/types.ts";
