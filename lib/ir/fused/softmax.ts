// softmax: exp(x - max) / sum of exp(x - max) over the last axis. Large negative numbers, finite or not, get weight 0.

import type { Tensor } from "../node.ts";
import { div, exp, max, mul, sub, sum } from "../tensor.ts";
import { at, sameShape } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

/** The formula of `softmax`, of which others are made. */
export function softmaxFormula(x: Tensor): Tensor {
  const last = [x.shape.length - 1];
  const powers = exp(sub(x, max(x, last)));
  return div(powers, sum(powers, last));
}

/** Definition of `softmax`: x [.., n] -> [.., n]. */
export const softmaxRule: FusedRule<"softmax"> = {
  infer: (types, _, scope) => {
    checkOperands("softmax", types, [1], scope);
    const { shape } = at(types, 0);
    if (shape.length === 0) refuse("softmax", "x is [], wanted at least one axis", scope);
    return [{ dtype: "f32", shape }];
  },
  expand: (args) => [softmaxFormula(at(args, 0))],
  vjp: ([x], _, [cotangent]) => {
    if (!x || !cotangent) return null;
    return [fusedNode("softmaxGradient", softmaxGradientRule, [softmax(x), cotangent], {})];
  },
};

/** Definition of `softmaxGradient`: y = softmax(x) and its cotangent, both [.., n] -> the cotangent of x. */
export const softmaxGradientRule: FusedRule<"softmaxGradient"> = {
  infer: (types, _, scope) => {
    checkOperands("softmaxGradient", types, [2], scope);
    const [y, cotangent] = [at(types, 0), at(types, 1)];
    if (y.shape.length === 0 || !sameShape(y.shape, cotangent.shape)) {
      refuse("softmaxGradient", `y is [${y.shape}], the cotangent [${cotangent.shape}]`, scope);
    }
    return [{ dtype: "f32", shape: y.shape }];
  },
  expand: (args) => {
    const [y, cotangent] = [at(args, 0), at(args, 1)];
    return [mul(y, sub(cotangent, sum(mul(y, cotangent), [y.shape.length - 1])))];
  },
};

/**
 * Weights that add up to 1 along the last axis.
 *
 * @param x `[.., n]`; what is masked is large and negative
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => ({ y: softmax(x) }));
 * assert.deepEqual([...evaluate(graph, { x: [5, -1e30, 5] }).y!], [0.5, 0, 0.5]);
 * ```
 */
export function softmax(x: Tensor): Tensor {
  return fusedNode("softmax", softmaxRule, [x], {});
}
