// attention: softmax(q k^T scale + bias) v, and its gradient as an op of its own, so that a backend need not keep
// the score matrix between the passes.

import type { Tensor } from "../node.ts";
import { add, contract, mul, pick, sub, sum } from "../tensor.ts";
import { at, sameShape, type Type } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";
import { softmaxFormula } from "./softmax.ts";

const LEADING = "abcdefgh";

/** Contraction over matrices with the leading axes of x as batch: `"ms,ns->mn"` on the last two axes. */
function batched(spec: string, x: Tensor, y: Tensor): Tensor {
  const lead = LEADING.slice(0, x.shape.length - 2);
  return contract(spec.replace(/([a-z]{2})/g, `${lead}$1`), x, y);
}

/** q, k and v, whose shapes fit. */
function queryKeyValue(op: string, types: readonly Type[], scope: string): [Type, Type, Type] {
  const [q, k, v] = [at(types, 0), at(types, 1), at(types, 2)];
  const lead = q.shape.slice(0, -2);
  const fits = [q, k, v].every((t) => t.shape.length === lead.length + 2) &&
    sameShape(k.shape, [...lead, at(k.shape, -2), at(q.shape, -1)]) &&
    sameShape(v.shape, [...lead, at(k.shape, -2), at(v.shape, -1)]);
  if (!fits) refuse(op, `q is [${q.shape}], k [${k.shape}], v [${v.shape}]`, scope);
  return [q, k, v];
}

/** Refuses a bias that is not of the scores' shape. */
function checkBias(op: string, bias: Type, q: Type, k: Type, scope: string): void {
  const scores = [...q.shape.slice(0, -1), at(k.shape, -2)];
  if (!sameShape(bias.shape, scores)) refuse(op, `bias is [${bias.shape}], wanted [${scores}]`, scope);
}

/** Softmax of the scores over the last axis. */
function weights(q: Tensor, k: Tensor, scale: number, bias: Tensor | undefined): Tensor {
  const scaled = mul(batched("mz,nz->mn", q, k), scale);
  return softmaxFormula(bias ? add(scaled, bias) : scaled);
}

/** Definition of `attention`: q [.., m, e], k [.., n, e], v [.., n, f], optional bias [.., m, n] -> [.., m, f]. */
export const attentionRule: FusedRule<"attention"> = {
  infer: (types, _, scope) => {
    checkOperands("attention", types, [3, 4], scope);
    const [q, k, v] = queryKeyValue("attention", types, scope);
    const bias = types[3];
    if (bias) checkBias("attention", bias, q, k, scope);
    return [{ dtype: "f32", shape: [...q.shape.slice(0, -1), at(v.shape, -1)] }];
  },
  expand: (args, { scale }) => {
    const [q, k, v, bias] = [at(args, 0), at(args, 1), at(args, 2), args[3]];
    return [batched("mn,nz->mz", weights(q, k, scale, bias), v)];
  },
  vjp: (args, { scale }, [cotangent]) => {
    if (!cotangent) return null;
    const given = [...args.slice(0, 3), cotangent, ...args.slice(3)];
    const all = fusedNode("attentionGradient", attentionGradientRule, given, { scale });
    return args.map((_, i) => pick(all, i));
  },
};

/**
 * Definition of `attentionGradient`: q, k, v, the cotangent of the result and, where there was one, the bias ->
 * cotangents of q, k, v and of the bias.
 */
export const attentionGradientRule: FusedRule<"attentionGradient"> = {
  infer: (types, _, scope) => {
    checkOperands("attentionGradient", types, [4, 5], scope);
    const [q, k, v] = queryKeyValue("attentionGradient", types, scope);
    const cotangent = at(types, 3);
    const wanted = [...q.shape.slice(0, -1), at(v.shape, -1)];
    if (!sameShape(cotangent.shape, wanted)) {
      refuse("attentionGradient", `the cotangent is [${cotangent.shape}], wanted [${wanted}]`, scope);
    }
    const bias = types[4];
    if (bias) checkBias("attentionGradient", bias, q, k, scope);
    return [q, k, v, ...bias ? [bias] : []].map((t): Type => ({ dtype: "f32", shape: t.shape }));
  },
  expand: (args, { scale }) => {
    const [q, k, v, cotangent, bias] = [at(args, 0), at(args, 1), at(args, 2), at(args, 3), args[4]];
    const p = weights(q, k, scale, bias);
    const dp = batched("mz,nz->mn", cotangent, v);
    const row = sum(mul(dp, p), [p.shape.length - 1]);
    const slopes = mul(p, sub(dp, row));
    const scaled = mul(slopes, scale);
    return [
      batched("mn,nz->mz", scaled, k),
      batched("mn,mz->nz", scaled, q),
      batched("mn,mz->nz", p, cotangent),
      ...bias ? [slopes] : [],
    ];
  },
};

/**
 * Attention of every query over all keys.
 *
 * @param q `[.., m, e]`
 * @param k `[.., n, e]`
 * @param v `[.., n, f]`
 * @param scale factor of the scores
 * @param bias `[.., m, n]`, added to the scaled scores; masked entries are large and negative, not infinite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const type = { dtype: "f32", shape: [2, 1] } as const;
 * const graph = trace({ q: type, k: type, v: type }, ({ q, k, v }) => ({ y: attention(q, k, v, 1) }));
 * assert.deepEqual([...evaluate(graph, { q: [0, 100], k: [0, 1], v: [2, 4] }).y!], [3, 4]);
 * ```
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, scale: number, bias?: Tensor): Tensor {
  return fusedNode("attention", attentionRule, bias ? [q, k, v, bias] : [q, k, v], { scale });
}
