// Cases of the fused ops, here those of attention and rope: head widths of the networks and odd ones, masks, tables
// that are shared.

import { attention, attentionGradientRule } from "../../lib/ir/fused/attention.ts";
import { rope } from "../../lib/ir/fused/rope.ts";
import { fusedNode } from "../../lib/ir/fused/rule.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { broadcastTo, constant, permute, pick } from "../../lib/ir/tensor.ts";
import type { Shape } from "../../lib/ir/types.ts";
import {
  f32,
  masked,
  normal,
  type OpCase,
  pointwise,
  type Rounding,
  sumOf,
  type Values,
} from "../op_case.ts";
import { activationCases } from "./activation_cases.ts";
import { normCases } from "./norm_cases.ts";

/** The op that `grad` makes of attention; it has no builder of its own. */
export function attentionGradientNode(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  g: Tensor,
  scale: number,
  bias?: Tensor,
): Tensor {
  const args = [q, k, v, g, ...bias ? [bias] : []];
  return fusedNode("attentionGradient", attentionGradientRule, args, { scale });
}

function ropeCase(name: string, shape: Shape, pairs: number): OpCase {
  const table = [...shape.slice(0, -1), pairs];
  return {
    name,
    operands: [f32(shape), f32(table), f32(table)],
    rounding: pointwise(4),
    build: (x, cosine, sine) => rope(x!, cosine!, sine!),
  };
}

const ropeCases: readonly OpCase[] = [
  ropeCase("one pair", [2], 1),
  ropeCase("all pairs", [3, 8], 4),
  ropeCase("fewer pairs than features", [3, 11], 3),
  ropeCase("an odd feature at the end", [5, 7], 3),
  ropeCase("head width 88", [2, 3, 88], 44),
  ropeCase("head width 24, one axis of three", [2, 5, 24], 4),
  {
    name: "tables shared by batch and heads",
    operands: [f32([2, 5, 3, 12]), f32([5, 1, 4]), f32([5, 1, 4])],
    rounding: pointwise(4),
    build: (x, cosine, sine) =>
      rope(x!, broadcastTo(cosine!, [2, 5, 3, 4]), broadcastTo(sine!, [2, 5, 3, 4])),
  },
];

interface AttentionShape {
  readonly lead?: Shape;
  readonly m: number;
  readonly n: number;
  readonly e: number;
  readonly f?: number;
}

/** Softmax weights sum to 1, so the result is no larger than v; scores around 3 carry their error into the exponential. */
const ATTENTION: Rounding = {
  limit: 2e-6,
  floor: 1,
  reason: "scores up to 10 are off by 6e-7, the exponential multiplies by as much",
};

/** Shapes of q, k, v and the result. */
function attentionShapes({ lead = [], m, n, e, f = e }: AttentionShape): [Shape, Shape, Shape, Shape] {
  return [[...lead, m, e], [...lead, n, e], [...lead, n, f], [...lead, m, f]];
}

function attentionCase(name: string, shape: AttentionShape, scale = 1 / Math.sqrt(shape.e)): OpCase {
  const [q, k, v] = attentionShapes(shape);
  return {
    name,
    operands: [f32(q), f32(k), f32(v)],
    rounding: ATTENTION,
    build: (...[q, k, v]) => attention(q!, k!, v!, scale),
  };
}

function biasedCase(name: string, shape: AttentionShape, bias: Values): OpCase {
  const [q, k, v] = attentionShapes(shape);
  return {
    name,
    operands: [f32(q), f32(k), f32(v), f32([...shape.lead ?? [], shape.m, shape.n], bias)],
    rounding: ATTENTION,
    build: (...[q, k, v, b]) => attention(q!, k!, v!, 1 / Math.sqrt(shape.e), b!),
  };
}

/** Keys after the query masked. */
function causal(frames: number): Values {
  return (draw, size) =>
    Array.from(
      { length: size },
      (_, i) => i % frames > Math.floor(i / frames) % frames ? -1e30 : draw.normal(),
    );
}

const attentionCases: readonly OpCase[] = [
  attentionCase("one query, one key", { m: 1, n: 1, e: 1 }),
  attentionCase("one query", { m: 1, n: 7, e: 5 }),
  attentionCase("one key", { m: 7, n: 1, e: 5 }),
  ...[8, 11, 24, 88].map((e) => attentionCase(`head width ${e}`, { lead: [2], m: 5, n: 7, e })),
  attentionCase("values wider than keys", { m: 3, n: 5, e: 4, f: 9 }),
  attentionCase("values narrower than keys", { m: 3, n: 5, e: 9, f: 2 }),
  attentionCase("many keys", { m: 2, n: 301, e: 8 }),
  attentionCase("many queries", { m: 131, n: 3, e: 8 }),
  attentionCase("several leading axes", { lead: [2, 1, 3], m: 3, n: 5, e: 7 }),
  attentionCase("scale 1", { m: 3, n: 5, e: 4 }, 1),
  attentionCase("a negative scale", { m: 3, n: 5, e: 4 }, -0.5),
  {
    name: "of a tensor with itself",
    operands: [f32([2, 5, 7])],
    rounding: ATTENTION,
    build: (x) => attention(x!, x!, x!, 0.3),
  },
  {
    name: "of permuted heads",
    operands: [f32([5, 2, 3, 8]), f32([5, 2, 3, 8]), f32([5, 2, 3, 8])],
    rounding: ATTENTION,
    build: (...args) => {
      const [q, k, v] = args.map((t) => permute(t, [1, 2, 0, 3]));
      return attention(q!, k!, v!, 0.35);
    },
  },
  biasedCase("a bias", { lead: [2], m: 5, n: 7, e: 8 }, normal),
  biasedCase("a bias with masks", { lead: [2], m: 5, n: 7, e: 8 }, masked(0.3)),
  {
    ...biasedCase(
      "a row masked altogether",
      { m: 3, n: 5, e: 4 },
      (_, size) => Array.from({ length: size }, (_, i) => i < 5 ? -1e30 : 0),
    ),
    gradient: "absorbed",
  },
  biasedCase("a causal mask over frames", { lead: [3, 2], m: 6, n: 6, e: 11 }, causal(6)),
  biasedCase("a bias of one query", { lead: [5], m: 1, n: 6, e: 7 }, normal),
  biasedCase("a bias of one key", { lead: [5], m: 6, n: 1, e: 7 }, normal),
  biasedCase("a bias of many queries and keys", { m: 17, n: 14, e: 4 }, normal),
  {
    name: "a bias shared by batch",
    operands: [f32([3, 2, 5, 4]), f32([3, 2, 5, 4]), f32([3, 2, 5, 4]), f32([2, 5, 5])],
    rounding: ATTENTION,
    build: (q, k, v, bias) => attention(q!, k!, v!, 0.5, broadcastTo(bias!, [3, 2, 5, 5])),
  },
  {
    name: "over frames that lie strided, heads within them, a bias by head",
    operands: [f32([6, 2, 3, 5]), f32([6, 2, 3, 5]), f32([6, 2, 3, 5]), f32([3, 6, 6])],
    rounding: ATTENTION,
    build: (...args) => {
      const [q, k, v] = args.slice(0, 3).map((t) => permute(t, [1, 2, 0, 3]));
      return attention(q!, k!, v!, 0.5, broadcastTo(args[3]!, [2, 3, 6, 6]));
    },
  },
  {
    name: "a bias of one number",
    operands: [f32([3, 4]), f32([5, 4]), f32([5, 4])],
    rounding: ATTENTION,
    build: (q, k, v) => attention(q!, k!, v!, 0.5, constant(0.25, [3, 5])),
  },
];

/** `bias`: none unless given. */
function attentionGradientCase(
  name: string,
  shape: AttentionShape,
  scale = 1 / Math.sqrt(shape.e),
  bias?: Values,
): OpCase {
  const scores = [...shape.lead ?? [], shape.m, shape.n];
  return {
    name,
    operands: [...attentionShapes(shape).map((s) => f32(s)), ...bias ? [f32(scores, bias)] : []],
    rounding: {
      ...sumOf(Math.max(shape.m, shape.n)),
      limit: 4e-6,
      reason: "two sums over keys and queries of weights that are off by 2e-6",
    },
    build: (...args) => {
      const [q, k, v, g, b] = args;
      const all = attentionGradientNode(q!, k!, v!, g!, scale, b);
      return [0, 1, 2, ...b ? [3] : []].map((i) => pick(all, i));
    },
  };
}

function biasedGradientCase(name: string, shape: AttentionShape, bias: Values = normal): OpCase {
  return attentionGradientCase(name, shape, undefined, bias);
}

const attentionGradientCases: readonly OpCase[] = [
  attentionGradientCase("one query, one key", { m: 1, n: 1, e: 1 }),
  attentionGradientCase("one query", { m: 1, n: 7, e: 5 }),
  attentionGradientCase("one key", { m: 7, n: 1, e: 5 }),
  ...[8, 11, 24, 88].map((e) => attentionGradientCase(`head width ${e}`, { lead: [2], m: 5, n: 7, e })),
  attentionGradientCase("values wider than keys", { m: 3, n: 5, e: 4, f: 9 }),
  attentionGradientCase("many keys", { m: 2, n: 131, e: 8 }),
  attentionGradientCase("many queries", { m: 131, n: 3, e: 8 }),
  attentionGradientCase("several leading axes", { lead: [2, 1, 3], m: 3, n: 5, e: 7 }),
  attentionGradientCase("a negative scale", { m: 3, n: 5, e: 4 }, -0.5),
  // Up to 16 queries and keys, then more.
  attentionGradientCase("as many as are few", { lead: [5], m: 16, n: 16, e: 3 }),
  attentionGradientCase("one query more", { m: 17, n: 16, e: 6 }),
  attentionGradientCase("one key more", { m: 16, n: 17, e: 6 }),
  biasedGradientCase("a bias", { lead: [2], m: 5, n: 7, e: 8 }),
  biasedGradientCase("a bias of one query", { lead: [5], m: 1, n: 6, e: 7 }),
  biasedGradientCase("a bias of one key", { lead: [5], m: 6, n: 1, e: 7 }),
  biasedGradientCase("a bias of many queries and keys", { m: 19, n: 13, e: 5 }),
  biasedGradientCase("a bias with masks", { lead: [2], m: 5, n: 7, e: 8 }, masked(0.3)),
  biasedGradientCase("a causal mask over frames", { lead: [3, 2], m: 6, n: 6, e: 5 }, causal(6)),
  {
    name: "a bias shared by batch, over frames that lie strided",
    operands: [...Array.from({ length: 4 }, () => f32([6, 2, 3, 5])), f32([3, 6, 6])],
    rounding: { limit: 4e-6, floor: 1, reason: "as the others" },
    build: (...args) => {
      const [q, k, v, g] = args.slice(0, 4).map((t) => permute(t, [1, 2, 0, 3]));
      const all = attentionGradientNode(q!, k!, v!, g!, 0.4, broadcastTo(args[4]!, [2, 3, 6, 6]));
      return [0, 1, 2, 3].map((i) => pick(all, i));
    },
  },
  {
    name: "the first result without pick",
    operands: attentionShapes({ m: 3, n: 5, e: 4 }).map((s) => f32(s)),
    rounding: { limit: 4e-6, floor: 1, reason: "as the others" },
    build: (...[q, k, v, g]) => attentionGradientNode(q!, k!, v!, g!, 0.5),
  },
];

/** Cases of the fused ops. */
export const fusedCases = {
  ...normCases,
  ...activationCases,
  rope: ropeCases,
  attention: attentionCases,
  attentionGradient: attentionGradientCases,
};
