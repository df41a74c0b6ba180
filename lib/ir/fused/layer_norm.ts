// layerNorm: (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis, biased variance
// (model.md section 7, step 3).

import type { Tensor } from "../node.ts";
import { add, broadcastTo, div, mean, mul, pick, reshape, sqrt, sub, sum } from "../tensor.ts";
import { at, sameShape, type Type } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

/** Definition of `layerNorm`: x [.., e], weight [e], bias [e] -> [.., e]. */
export const layerNormRule: FusedRule<"layerNorm"> = {
  infer: (types, _, scope) => {
    checkOperands("layerNorm", types, [3], scope);
    const [x, weight, bias] = [at(types, 0), at(types, 1), at(types, 2)];
    const e = x.shape.at(-1);
    if (e === undefined) refuse("layerNorm", "x is [], wanted at least one axis", scope);
    if (!sameShape(weight.shape, [e]) || !sameShape(bias.shape, [e])) {
      refuse("layerNorm", `weight is [${weight.shape}] and bias [${bias.shape}], wanted [${e}]`, scope);
    }
    return [{ dtype: "f32", shape: x.shape }];
  },
  expand: (args, { epsilon }) => {
    const x = at(args, 0);
    const last = [x.shape.length - 1];
    const centred = sub(x, mean(x, last));
    const deviation = sqrt(add(mean(mul(centred, centred), last), epsilon));
    const normal = div(centred, deviation);
    return [add(mul(normal, broadcastTo(at(args, 1), x.shape)), broadcastTo(at(args, 2), x.shape))];
  },
  vjp: ([x, weight], { epsilon }, [cotangent]) => {
    if (!x || !weight || !cotangent) return null;
    const all = fusedNode("layerNormGradient", layerNormGradientRule, [x, weight, cotangent], { epsilon });
    return [pick(all, 0), pick(all, 1), pick(all, 2)];
  },
};

/** Definition of `layerNormGradient`: x, weight and the cotangent of the result -> cotangents of x, weight and bias. */
export const layerNormGradientRule: FusedRule<"layerNormGradient"> = {
  infer: (types, _, scope) => {
    checkOperands("layerNormGradient", types, [3], scope);
    const [x, weight, cotangent] = [at(types, 0), at(types, 1), at(types, 2)];
    if (!sameShape(weight.shape, x.shape.slice(-1)) || !sameShape(cotangent.shape, x.shape)) {
      refuse(
        "layerNormGradient",
        `x is [${x.shape}], weight [${weight.shape}], the cotangent [${cotangent.shape}]`,
        scope,
      );
    }
    return [x, weight, weight].map(({ shape }): Type => ({ dtype: "f32", shape }));
  },
  expand: (args, { epsilon }) => {
    const [x, weight, cotangent] = [at(args, 0), at(args, 1), at(args, 2)];
    const last = [x.shape.length - 1];
    const rows = x.shape.map((_, i) => i).slice(0, -1);
    // Twice: far from zero the mean is rounded, and what is left of it is seen only beside the differences.
    const near = sub(x, mean(x, last));
    const centred = sub(near, mean(near, last));
    const deviation = sqrt(add(mean(mul(centred, centred), last), epsilon));
    const normal = div(centred, deviation);
    const scaled = mul(cotangent, broadcastTo(weight, x.shape));
    const along = add(mean(scaled, last), mul(normal, mean(mul(scaled, normal), last)));
    return [
      div(sub(scaled, along), deviation),
      reshape(sum(mul(cotangent, normal), rows), weight.shape),
      reshape(sum(cotangent, rows), weight.shape),
    ];
  },
};

/**
 * Layer norm over the last axis.
 *
 * @param x `[.., e]`
 * @param weight `[e]`
 * @param bias `[e]`
 * @param epsilon added to the variance
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const [x, w] = [{ dtype: "f32", shape: [1, 2] }, { dtype: "f32", shape: [2] }] as const;
 * const graph = trace({ x, w, b: w }, ({ x, w, b }) => ({ y: layerNorm(x, w, b, 0) }));
 * assert.deepEqual([...evaluate(graph, { x: [4, 8], w: [1, 1], b: [0, 5] }).y!], [-1, 6]);
 * ```
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return fusedNode("layerNorm", layerNormRule, [x, weight, bias], { epsilon });
}
