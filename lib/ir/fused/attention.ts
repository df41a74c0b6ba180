// attention: softmax(q k^T scale + bias) v, and its gradient as an op of its own, so that a backend need not keep
// the score matrix between the passes.

import type { Tensor } from "../node.ts";
import { add, contract, div, exp, max, mul, pick, sub, sum } from "../tensor.ts";
import { at, sameShape, type Type } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

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

/** Softmax of the scores over the last axis. */
function weights(q: Tensor, k: Tensor, scale: number, bias: Tensor | undefined): Tensor {
  const scaled = mul(batched("mz,nz->mn", q, k), scale);
  const scores = bias ? add(scaled, bias) : scaled;
  const last = [scores.shape.length - 1];
  const powers = exp(sub(scores, max(scores, last)));
  return div(powers, sum(powers, last));
}

/** Definition of `attention`: q [.., m, e], k [.., n, e], v [.., n, f], optional bias [.., m, n] -> [.., m, f]. */
export const attentionRule: FusedRule<"attention"> = {
  infer: (types, _, scope) => {
    checkOperands("attention", types, [3, 4], scope);
    const [q, k, v] = queryKeyValue("attention", types, scope);
    const bias = types[3];
    const scores = [...q.shape.slice(0, -1), at(k.shape, -2)];
    if (bias && !sameShape(bias.shape, scores)) {
      refuse("attention", `bias is [${bias.shape}], wanted [${scores}]`, scope);
    }
    return [{ dtype: "f32", shape: [...q.shape.slice(0, -1), at(v.shape, -1)] }];
  },
  expand: ([q, k, v, bias], { scale }) => {
    if (!q || !k || !v) throw new TypeError("attention has three or four arguments");
    return [batched("mn,nz->mz", weights(q, k, scale, bias), v)];
  },
  vjp: ([q, k, v, bias], { scale }, [cotangent]) => {
    // With a bias the sequences are short (time mixing), and the formula serves.
    if (!q || !k || !v || bias || !cotangent) return null;
    const all = fusedNode("attentionGradient", attentionGradientRule, [q, k, v, cotangent], { scale });
    return [pick(all, 0), pick(all, 1), pick(all, 2)];
  },
};

/** Definition of `attentionGradient`: q, k, v and the cotangent of the result -> cotangents of q, k and v. */
export const attentionGradientRule: FusedRule<"attentionGradient"> = {
  infer: (types, _, scope) => {
    checkOperands("attentionGradient", types, [4], scope);
    const [q, k, v] = queryKeyValue("attentionGradient", types, scope);
    const cotangent = at(types, 3);
    const wanted = [...q.shape.slice(0, -1), at(v.shape, -1)];
    if (!sameShape(cotangent.shape, wanted)) {
      refuse("attentionGradient", `the cotangent is [${cotangent.shape}], wanted [${wanted}]`, scope);
    }
    return [q, k, v].map((t): Type => ({ dtype: "f32", shape: t.shape }));
  },
  expand: ([q, k, v, cotangent], { scale }) => {
    if (!q || !k || !v || !cotangent) throw new TypeError("attentionGradient has four arguments");
    const p = weights(q, k, scale, undefined);
    const dp = batched("mz,nz->mn", cotangent, v);
    const row = sum(mul(dp, p), [p.shape.length - 1]);
    const scores = mul(mul(p, sub(dp, row)), scale);
    return [
      batched("mn,nz->mz", scores, k),
      batched("mn,mz->nz", scores, q),
      batched("mn,mz->nz", p, cotangent),
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
