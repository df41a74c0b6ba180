// Cases of contract: every combination of groups, odd sizes, head widths, permuted and strided operands, windows,
// epilogues.

import type { Expression } from "../../lib/ir/scalar.ts";
import { apply, number, operand } from "../../lib/ir/scalar.ts";
import { infer } from "../../lib/ir/infer.ts";
import { letterSizes, parseSpec } from "../../lib/ir/contract_spec.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { broadcast, contract, permute, reshape, unfold } from "../../lib/ir/tensor.ts";
import { currentScope, makeNode } from "../../lib/ir/trace.ts";
import { at, type Shape } from "../../lib/ir/types.ts";
import { f16, f32, type OpCase, type Operand, type Rounding, sumOf } from "../op_case.ts";

/** Products summed: both factors around 1. */
export function products(terms: number): Rounding {
  const { limit, floor, reason } = sumOf(terms);
  return { limit, ...floor ? { floor } : {}, reason: `products: ${reason}` };
}

/** Terms of the sum of a spec. */
export function terms(spec: string, a: Shape, b: Shape): number {
  const sizes = letterSizes(spec, a, b, "");
  return [...parseSpec(spec).k].reduce((n, letter) => n * (sizes.get(letter) ?? 1), 1);
}

function plain(name: string, spec: string, a: Shape, b: Shape): OpCase {
  return {
    name: `${spec}, ${name}`,
    operands: [f32(a), f32(b)],
    rounding: products(terms(spec, a, b)),
    build: (x, y) => contract(spec, x!, y!),
  };
}

/** A contract with an epilogue, as fusion makes them: operand 0 is the sum. */
export function contractNode(
  spec: string,
  epilogue: Expression | null,
  ...args: readonly Tensor[]
): Tensor {
  const attributes = { spec, epilogue };
  const types = args.map((a) => at(a.results, 0));
  return makeNode("contract", args, attributes, [infer.contract(types, attributes, currentScope())]);
}

const [total, first, second] = [operand(0), operand(1), operand(2)] as const;
const silu = (e: Expression) => apply("mul", e, apply("sigmoid", e));

function withEpilogue(name: string, epilogue: Expression, extras: readonly Operand[]): OpCase {
  const { limit, floor = 1 } = products(11);
  return {
    name: `with an epilogue: ${name}`,
    operands: [f32([7, 11]), f32([5, 11]), ...extras],
    rounding: { limit: 3 * limit, floor, reason: "as the sum of 11 products, and up to 6 operations" },
    build: (...args) => contractNode("mk,nk->mn", epilogue, ...args),
    gradient: "refused",
  };
}

const matrices = ([
  [1, 1, 1],
  [1, 1, 13],
  [1, 17, 5],
  [17, 1, 5],
  [7, 5, 3],
  [4, 8, 16],
  [5, 9, 17],
  [13, 29, 31],
  [33, 9, 257],
  [67, 71, 7],
  // The head widths of the small and the released networks, and of odd ones.
  [5, 5, 8],
  [7, 11, 11],
  [7, 11, 24],
  [5, 3, 88],
] as const).map(([m, n, k]) => plain(`${m} by ${n} by ${k}`, "mk,nk->mn", [m, k], [n, k]));

export const contractCases: readonly OpCase[] = [
  ...matrices,
  plain("no transposes", "mk,kn->mn", [7, 5], [5, 9]),
  plain("both transposed", "km,kn->mn", [5, 7], [5, 9]),
  plain("result transposed", "mk,nk->nm", [7, 5], [9, 5]),
  plain("batch", "bmk,bnk->bmn", [3, 7, 5], [3, 9, 5]),
  plain("batch last", "mkb,nkb->mnb", [7, 5, 3], [9, 5, 3]),
  plain("batch in the middle of the result", "bmk,bnk->nbm", [3, 7, 5], [3, 9, 5]),
  plain("batch of one element", "bmk,bnk->bmn", [1, 7, 5], [1, 9, 5]),
  plain("outer product", "m,n->mn", [7], [9]),
  plain("inner product", "k,k->", [13], [13]),
  plain("scalars", ",->", [], []),
  plain("scalar times vector", ",n->n", [], [7]),
  plain("matrix times vector", "mk,k->m", [7, 5], [5]),
  plain("vector times matrix", "k,nk->n", [5], [7, 5]),
  plain("elementwise", "b,b->b", [13], [13]),
  plain("rows scaled", "bm,b->bm", [7, 5], [7]),
  plain("rows scaled by the first", "b,bn->nb", [7], [7, 5]),
  plain("sum over a batch of dots", "bk,bk->b", [7, 5], [7, 5]),
  plain("two summed letters", "abcd,efcd->abef", [2, 3, 5, 4], [3, 2, 5, 4]),
  plain("summed letters in another order", "abcd,dce->eba", [3, 2, 5, 4], [4, 5, 7]),
  plain("two batch letters, two rows, two columns", "abmnk,bakxy->xbmayn", [2, 3, 2, 3, 5], [3, 2, 5, 2, 3]),
  plain("heads merged into the hidden axis", "bsate,oae->tbso", [2, 3, 2, 5, 8], [7, 2, 8]),
  plain("tokens linear", "nsh,oh->nso", [2, 5, 11], [13, 11]),
  plain("upper-case letters", "mK,nK->mn", [3, 5], [7, 5]),
  {
    name: "overlapping windows: a convolution",
    operands: [f32([2, 9, 3]), f32([5, 3, 3])],
    rounding: products(9),
    build: (x, kernel) => contract("nwpc,ocp->nwo", unfold(x!, 1, 3, 2), kernel!),
  },
  {
    name: "overlapping windows of three axes",
    operands: [f32([1, 5, 6, 4, 2]), f32([3, 2, 2, 3, 2])],
    rounding: products(24),
    build: (x, kernel) => {
      const windows = unfold(unfold(unfold(x!, 3, 2, 1), 2, 3, 2), 1, 2, 2);
      return contract("nxpyqzrc,ocpqr->nxyzo", windows, kernel!);
    },
  },
  {
    name: "a repeated row",
    operands: [f32([1, 5]), f32([9, 5])],
    rounding: products(5),
    build: (x, y) => contract("mk,nk->mn", broadcast(x!, [7, 5]), y!),
  },
  {
    name: "a repeated column of summed numbers",
    operands: [f32([7, 1]), f32([9, 5])],
    rounding: products(5),
    build: (x, y) => contract("mk,nk->mn", broadcast(x!, [7, 5]), y!),
  },
  {
    name: "split and permuted heads",
    operands: [f32([3, 22]), f32([2, 5, 11])],
    rounding: products(11),
    build: (x, y) => contract("ame,ane->amn", permute(reshape(x!, [3, 2, 11]), [1, 0, 2]), y!),
  },
  {
    name: "a matrix with itself",
    operands: [f32([7, 5])],
    rounding: products(5),
    build: (x) => contract("mk,nk->mn", x!, x!),
  },
  ...[[f16([7, 11]), f32([5, 11])], [f32([7, 11]), f16([5, 11])], [f16([7, 11]), f16([5, 11])]].map((
    operands,
  ): OpCase => ({
    name: operands.map(({ type }) => type.dtype).join(" and "),
    operands,
    rounding: products(11),
    build: (x, y) => contract("mk,nk->mn", x!, y!),
  })),
  withEpilogue("of the sum alone", apply("mul", total, number(0.5)), []),
  withEpilogue("silu", silu(total), []),
  withEpilogue("bias added", apply("add", total, first), [f32([7, 5])]),
  withEpilogue("gate and residual", apply("add", apply("mul", silu(total), first), second), [
    f32([7, 5]),
    f32([7, 5]),
  ]),
  withEpilogue("an addend in half precision", apply("add", total, first), [f16([7, 5])]),
  ...([[7, 5, 11], [34, 40, 29], [19, 24, 1412]] as const).flatMap(([m, n, k]) =>
    ([[true, 0], [false, 1], [true, 1], [true, 2]] as const).map(([bias, residuals]): OpCase => ({
      name: `${m} by ${n} by ${k}, with an epilogue: ${bias ? "bias and " : ""}${residuals} residuals`,
      operands: [
        f32([m, k]),
        f32([n, k]),
        ...bias ? [f32([1, n])] : [],
        ...Array.from({ length: residuals }, () => f32([m, n])),
      ],
      rounding: products(k),
      build: (x, y, ...addends) =>
        contractNode(
          "mk,nk->mn",
          addends.reduce((sum, _, i) => apply("add", sum, operand(1 + i)), total),
          x!,
          y!,
          ...addends.map((addend) => broadcast(addend, [m, n])),
        ),
      gradient: "refused",
    }))
  ),
  {
    name: "with an epilogue: a repeated bias and a permuted result",
    operands: [f32([3, 7, 11]), f32([5, 11]), f32([5, 1, 1])],
    rounding: products(11),
    build: (x, y, bias) =>
      contractNode("bmk,nk->nbm", apply("add", total, first), x!, y!, broadcast(bias!, [5, 3, 7])),
    gradient: "refused",
  },
];
