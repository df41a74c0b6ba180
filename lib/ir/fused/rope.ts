// rope: rotation of feature pairs (2j, 2j + 1) by given cosines and sines (model.md section 7). Features beyond
// the last pair pass unchanged.

import type { Tensor } from "../node.ts";
import { add, concat, mul, neg, reshape, sliceAxis, sub } from "../tensor.ts";
import { at, sameShape } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

/** The two members of each of the first `pairs` feature pairs, each [.., pairs]. */
function split(x: Tensor, pairs: number): [Tensor, Tensor] {
  const lead = x.shape.slice(0, -1);
  const rotated = reshape(sliceAxis(x, lead.length, 0, 2 * pairs), [...lead, pairs, 2]);
  const part = (i: number) => reshape(sliceAxis(rotated, lead.length + 1, i, 1), [...lead, pairs]);
  return [part(0), part(1)];
}

/** Definition of `rope`: x [.., e], cosine and sine [.., p] with 2p <= e -> [.., e]. */
export const ropeRule: FusedRule<"rope"> = {
  infer: (types, _, scope) => {
    checkOperands("rope", types, [3], scope);
    const [x, cosine, sine] = [at(types, 0), at(types, 1), at(types, 2)];
    const fits = x.shape.length > 0 && cosine.shape.length === x.shape.length &&
      sameShape(cosine.shape, sine.shape) &&
      sameShape(cosine.shape.slice(0, -1), x.shape.slice(0, -1)) &&
      2 * at(cosine.shape, -1) <= at(x.shape, -1);
    if (!fits) {
      refuse("rope", `x is [${x.shape}], the tables are [${cosine.shape}] and [${sine.shape}]`, scope);
    }
    return [{ dtype: "f32", shape: x.shape }];
  },
  expand: (args) => {
    const [x, cosine, sine] = [at(args, 0), at(args, 1), at(args, 2)];
    const pairs = at(cosine.shape, -1);
    const lead = x.shape.slice(0, -1);
    const axis = lead.length;
    const [a, b] = split(x, pairs);
    const first = sub(mul(a, cosine), mul(b, sine));
    const second = add(mul(b, cosine), mul(a, sine));
    const both = concat([first, second].map((t) => reshape(t, [...lead, pairs, 1])), axis + 1);
    const rotated = reshape(both, [...lead, 2 * pairs]);
    const rest = at(x.shape, axis) - 2 * pairs;
    return [rest === 0 ? rotated : concat([rotated, sliceAxis(x, axis, 2 * pairs, rest)], axis)];
  },
  vjp: ([x, cosine, sine], _, [cotangent], needed) => {
    if (!x || !cosine || !sine || !cotangent) return [null, null, null];
    const pairs = at(cosine.shape, -1);
    const [a, b] = split(x, pairs);
    const [da, db] = split(cotangent, pairs);
    return [
      // A rotation by the opposite angle is the transpose.
      needed[0] ? rope(cotangent, cosine, neg(sine)) : null,
      needed[1] ? add(mul(da, a), mul(db, b)) : null,
      needed[2] ? sub(mul(db, a), mul(da, b)) : null,
    ];
  },
};

/**
 * Rotates feature pairs.
 *
 * @param x `[.., e]`
 * @param cosine `[.., p]`, leading axes as those of x
 * @param sine `[.., p]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const [x, turn] = [{ dtype: "f32", shape: [1, 2] }, { dtype: "f32", shape: [1, 1] }] as const;
 * const graph = trace({ x, c: turn, s: turn }, ({ x, c, s }) => ({ y: rope(x, c, s) }));
 * assert.deepEqual([...evaluate(graph, { x: [1, 0], c: [0], s: [1] }).y!], [0, 1]); // A quarter turn.
 * ```
 */
export function rope(x: Tensor, cosine: Tensor, sine: Tensor): Tensor {
  return fusedNode("rope", ropeRule, [x, cosine, sine], {});
}
