// The op case table: for every op graphs with awkward shapes, read by three modes - value (fused against formula),
// gradient (central differences, op mid-graph) and backend (WASM against the f64 evaluation).

import { attention, attentionGradientRule } from "../lib/ir/fused/attention.ts";
import { layerNorm } from "../lib/ir/fused/layer_norm.ts";
import { rope } from "../lib/ir/fused/rope.ts";
import { fusedNode } from "../lib/ir/fused/rule.ts";
import type { Op, Tensor } from "../lib/ir/node.ts";
import { apply, operand, type ScalarFunction, scalarFunctions } from "../lib/ir/scalar.ts";
import * as t from "../lib/ir/tensor.ts";
import type { Shape } from "../lib/ir/types.ts";

/** How the numbers of an input are drawn. */
export type Draw = "normal" | "positive" | "distinct";

/** One case of an op. */
export interface OpCase {
  readonly name: string;
  /** Shapes of the differentiable inputs. */
  readonly shapes: readonly Shape[];
  readonly draw?: Draw;
  /** Builds the op from its inputs. */
  readonly build: (inputs: readonly Tensor[]) => Tensor;
  /** Largest relative error of f32 backends; 2e-6 covers sums of up to a few hundred terms. */
  readonly tolerance?: number;
  /** False where the function is not differentiable (comparisons) or has no differentiable input. */
  readonly gradient?: boolean;
}

const c = (
  name: string,
  shapes: readonly Shape[],
  build: OpCase["build"],
  more: Partial<OpCase> = {},
): OpCase => ({
  name,
  shapes,
  build,
  ...more,
});

const indices = (...values: number[]) => t.constant(Int32Array.from(values), [values.length], "i32");

/** Every scalar function on odd sizes. */
const scalars: OpCase[] = (Object.keys(scalarFunctions) as ScalarFunction[]).map((fn) => {
  const { arity } = scalarFunctions[fn];
  const positive = fn === "log" || fn === "sqrt" || fn === "reciprocal" || fn === "div";
  const steps = fn === "less" || fn === "equal" || fn === "sign";
  return c(
    fn,
    new Array<Shape>(arity).fill([3, 67]),
    (x) => t.map(apply(fn, ...x.map((_, i) => operand(i))), ...x),
    { draw: positive ? "positive" : "normal", gradient: !steps && fn !== "select" },
  );
});

const first = (x: readonly Tensor[]): Tensor => x[0]!;

/** Cases of every op: a forgotten one does not compile. */
export const cases: { readonly [K in Op]: readonly OpCase[] } = {
  input: [c("passes", [[5]], first)],
  constant: [
    c("data", [[3]], (x) => t.add(first(x), t.constant(Float32Array.of(1, -2, 3), [3]))),
    c("value", [[2, 1, 7]], (x) => t.mul(first(x), 2.5)),
  ],
  map: [
    ...scalars,
    c("composed", [[1, 13], [7, 13]], ([x, y]) => t.mul(t.sigmoid(t.sub(x!, y!)), t.exp(t.mul(x!, 0.1)))),
    c("transposed operands", [[5, 9], [9, 5]], ([x, y]) => t.add(x!, t.permute(y!, [1, 0]))),
    c("one element", [[1]], (x) => t.exp(first(x))),
  ],
  reduce: [
    c("sum of the last axis", [[3, 129]], (x) => t.sum(first(x), [1])),
    c("sum of outer axes", [[4, 3, 17]], (x) => t.sum(first(x), [0, 1])),
    c(
      "sum of a middle axis of a permuted view",
      [[3, 5, 7]],
      (x) => t.sum(t.permute(first(x), [2, 0, 1]), [1]),
    ),
    c("sum of all", [[3, 3, 3]], (x) => t.sum(first(x), [0, 1, 2])),
    c("sum of one point", [[4, 1]], (x) => t.sum(first(x), [1])),
    c("largest", [[6, 11]], (x) => t.max(first(x), [1]), { draw: "distinct" }),
    c("largest of outer axes", [[2, 5, 3]], (x) => t.max(first(x), [0, 1]), { draw: "distinct" }),
    c("mean of squares", [[2, 31, 5]], (x) => t.mean(t.mul(first(x), first(x)), [1])),
  ],
  contract: [
    c("matrix product", [[7, 13], [5, 13]], ([x, y]) => t.contract("mk,nk->mn", x!, y!)),
    c("transposed operands", [[13, 7], [13, 5]], ([x, y]) => t.contract("km,kn->nm", x!, y!)),
    c("larger than a tile", [[33, 67], [41, 67]], ([x, y]) => t.contract("mk,nk->mn", x!, y!)),
    c("one row", [[1, 96], [17, 96]], ([x, y]) => t.contract("mk,nk->mn", x!, y!)),
    c("one column", [[19, 33], [1, 33]], ([x, y]) => t.contract("mk,nk->mn", x!, y!)),
    c("outer product", [[5], [7]], ([x, y]) => t.contract("m,n->mn", x!, y!)),
    c("inner product", [[31], [31]], ([x, y]) => t.contract("k,k->", x!, y!)),
    c(
      "batched, output permuted",
      [[3, 2, 5, 4], [2, 7, 4, 3]],
      ([x, y]) => t.contract("abmk,bnka->nbma", x!, y!),
    ),
    c("several summed letters", [[3, 4, 5], [4, 6, 5]], ([x, y]) => t.contract("mab,anb->nm", x!, y!)),
    c(
      "windows of a view",
      [[2, 9, 3], [4, 3, 3]],
      ([x, y]) => t.contract("nwkc,ock->nwo", t.unfold(x!, 1, 3, 2), y!),
    ),
    c(
      "with bias, gate and residual",
      [[9, 12], [8, 12], [8], [9, 8]],
      ([x, y, b, r]) => t.add(r!, t.sigmoid(t.add(t.contract("mk,nk->mn", x!, y!), b!))),
    ),
  ],
  reshape: [
    c("splits and joins", [[4, 6]], (x) => t.reshape(first(x), [2, 2, 3, 2])),
    c("of a permuted view", [[3, 4, 5]], (x) => t.reshape(t.permute(first(x), [1, 0, 2]), [12, 5])),
  ],
  permute: [c("reverses", [[2, 3, 5]], (x) => t.permute(first(x), [2, 1, 0]))],
  broadcast: [
    c("a row", [[1, 7]], (x) => t.broadcast(first(x), [5, 7])),
    c("inner and outer axes", [[1, 3, 1]], (x) => t.broadcast(first(x), [4, 3, 2])),
  ],
  slice: [
    c("a box", [[5, 7]], (x) => t.slice(first(x), [1, 2], [3, 4])),
    c("of a slice", [[9]], (x) => t.slice(t.slice(first(x), [2], [6]), [1], [3])),
  ],
  pad: [
    c("all sides", [[3, 5]], (x) => t.pad(first(x), [2, 1], [6, 7])),
    c("one side of a permuted view", [[3, 5]], (x) => t.pad(t.permute(first(x), [1, 0]), [0, 1], [5, 4])),
  ],
  concat: [
    c("middle axis", [[2, 3, 5], [2, 1, 5], [2, 4, 5]], (x) => t.concat(x, 1)),
    c("last axis, narrow parts", [[7, 1], [7, 3]], (x) => t.concat(x, 1)),
  ],
  unfold: [
    c("overlapping windows", [[2, 11, 3]], (x) => t.unfold(first(x), 1, 4, 2)),
    c("windows that leave a rest", [[10]], (x) => t.unfold(first(x), 0, 3, 3)),
    c("two axes", [[6, 7]], (x) => t.unfold(t.unfold(first(x), 1, 3, 2), 0, 2, 1)),
  ],
  fold: [
    c("overlapping windows", [[2, 4, 5, 3]], (x) => t.fold(first(x), 1, 2, 11)),
    c("apart, longer than covered", [[3, 2]], (x) => t.fold(first(x), 0, 3, 9)),
    c("one window", [[1, 5]], (x) => t.fold(first(x), 0, 1, 5)),
  ],
  gather: [
    c("repeated rows", [[5, 3]], (x) => t.gather(first(x), indices(4, 0, 0, 2, 4, 4), 0)),
    c("inner axis", [[3, 7, 2]], (x) => t.gather(first(x), indices(6, 1, 3), 1)),
    c("last axis of a view", [[4, 6]], (x) => t.gather(t.permute(first(x), [1, 0]), indices(3, 2), 1)),
  ],
  scatterAdd: [
    c("meeting rows", [[4, 3]], (x) => t.scatterAdd(first(x), indices(2, 0, 2, 2), 0, 5)),
    c("inner axis", [[2, 3, 5]], (x) => t.scatterAdd(first(x), indices(6, 1, 6), 1, 7)),
  ],
  cast: [
    c("to f16 and back", [[33]], (x) => t.cast(t.cast(first(x), "f16"), "f32"), {
      tolerance: 5e-4,
      gradient: false,
    }),
  ],
  pick: [
    c(
      "third result",
      [[1, 4, 3], [1, 5, 3], [1, 5, 3], [1, 4, 3]],
      (x) => t.pick(fusedNode("attentionGradient", attentionGradientRule, x, { scale: 0.5 }), 2),
    ),
  ],
  layerNorm: [8, 11, 24, 88].map((e) =>
    c(`width ${e}`, [[3, 2, e], [e], [e]], ([x, w, b]) => layerNorm(x!, w!, b!, 1e-5), { tolerance: 5e-6 })
  ),
  rope: [
    c("all pairs", [[2, 5, 8], [2, 5, 4], [2, 5, 4]], ([x, u, v]) => rope(x!, u!, v!)),
    c("a rest passes", [[3, 1, 11], [3, 1, 3], [3, 1, 3]], ([x, u, v]) => rope(x!, u!, v!)),
    c(
      "shared tables",
      [[2, 3, 24], [1, 3, 9], [1, 3, 9]],
      ([x, u, v]) => rope(x!, t.broadcast(u!, [2, 3, 9]), t.broadcast(v!, [2, 3, 9])),
    ),
  ],
  attention: [
    c("short", [[2, 3, 8], [2, 5, 8], [2, 5, 6]], ([q, k, v]) => attention(q!, k!, v!, 0.35), {
      tolerance: 5e-6,
    }),
    c("one key", [[1, 4, 11], [1, 1, 11], [1, 1, 11]], ([q, k, v]) => attention(q!, k!, v!, 0.3), {
      tolerance: 5e-6,
    }),
    c("long", [[1, 67, 24], [1, 131, 24], [1, 131, 24]], ([q, k, v]) => attention(q!, k!, v!, 0.2), {
      tolerance: 1e-5,
    }),
    c(
      "heads of a fused projection",
      [[3, 5, 24]],
      (x) => {
        const part = (i: number) =>
          t.permute(t.reshape(t.sliceAxis(first(x), 2, 8 * i, 8), [3, 5, 2, 4]), [0, 2, 1, 3]);
        return attention(part(0), part(1), part(2), 0.5);
      },
      { tolerance: 5e-6 },
    ),
    c(
      "bias with masked scores",
      [[2, 3, 4, 8], [2, 3, 4, 8], [2, 3, 4, 8], [3, 4, 4]],
      ([q, k, v, bias]) => {
        const future = t.constant(
          Float32Array.from({ length: 16 }, (_, i) => i % 4 > Math.floor(i / 4) ? 1 : 0),
          [4, 4],
        );
        const masked = t.select(future, -1e30, bias!);
        return attention(q!, k!, v!, 0.35, t.broadcastTo(masked, [2, 3, 4, 4]));
      },
      { tolerance: 5e-6 },
    ),
  ],
  attentionGradient: [0, 1, 2].map((result) =>
    c(
      `cotangent ${"qkv"[result]}`,
      [[2, 7, 11], [2, 13, 11], [2, 13, 11], [2, 7, 11]],
      (x) => t.pick(fusedNode("attentionGradient", attentionGradientRule, x, { scale: 0.3 }), result),
      { tolerance: 2e-5 },
    )
  ),
};
