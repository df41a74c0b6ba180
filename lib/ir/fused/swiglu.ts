// swiglu: a gated unit over the last axis, the first half times SiLU of the second (Shazeer, 2020; model.md section 7,
// step 6).

import type { Tensor } from "../node.ts";
import { add, concat, mul, sigmoid, sliceAxis, sub } from "../tensor.ts";
import { at, sameShape } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

/** The two halves of the last axis. */
function halves(x: Tensor): [Tensor, Tensor] {
  const axis = x.shape.length - 1;
  const half = at(x.shape, axis) / 2;
  return [sliceAxis(x, axis, 0, half), sliceAxis(x, axis, half, half)];
}

/** Shape of the result: half the last axis. */
function gatedShape(op: string, shape: readonly number[], scope: string): number[] {
  const width = shape.at(-1);
  if (width === undefined || width % 2 !== 0) {
    refuse(op, `x is [${shape}], wanted a last axis of even length`, scope);
  }
  return [...shape.slice(0, -1), width / 2];
}

/** Definition of `swiglu`: x [.., 2m] -> [.., m]. */
export const swigluRule: FusedRule<"swiglu"> = {
  infer: (types, _, scope) => {
    checkOperands("swiglu", types, [1], scope);
    return [{ dtype: "f32", shape: gatedShape("swiglu", at(types, 0).shape, scope) }];
  },
  expand: (args) => {
    const [value, gate] = halves(at(args, 0));
    return [mul(value, mul(gate, sigmoid(gate)))];
  },
  vjp: ([x], _, [cotangent]) => {
    if (!x || !cotangent) return null;
    return [fusedNode("swigluGradient", swigluGradientRule, [x, cotangent], {})];
  },
};

/** Definition of `swigluGradient`: x [.., 2m] and the cotangent of the result [.., m] -> the cotangent of x. */
export const swigluGradientRule: FusedRule<"swigluGradient"> = {
  infer: (types, _, scope) => {
    checkOperands("swigluGradient", types, [2], scope);
    const [x, cotangent] = [at(types, 0), at(types, 1)];
    const wanted = gatedShape("swigluGradient", x.shape, scope);
    if (!sameShape(cotangent.shape, wanted)) {
      refuse("swigluGradient", `the cotangent is [${cotangent.shape}], wanted [${wanted}]`, scope);
    }
    return [{ dtype: "f32", shape: x.shape }];
  },
  expand: (args) => {
    const [x, cotangent] = [at(args, 0), at(args, 1)];
    const [value, gate] = halves(x);
    const open = sigmoid(gate);
    const silu = mul(gate, open);
    // The derivative of SiLU is s (1 + x (1 - s)) = s + silu (1 - s).
    const slope = add(open, mul(silu, sub(1, open)));
    return [concat([mul(cotangent, silu), mul(mul(cotangent, value), slope)], x.shape.length - 1)];
  },
};

/**
 * Gated unit over the last axis: the first half times SiLU of the second.
 *
 * @param x `[.., 2m]`
 * @returns `[.., m]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [1, 2] } } as const, ({ x }) => ({ y: swiglu(x) }));
 * assert.ok(Math.abs(evaluate(graph, { x: [2, 50] }).y![0]! - 100) < 1e-9);
 * ```
 */
export function swiglu(x: Tensor): Tensor {
  return fusedNode("swiglu", swigluRule, [x], {});
}
