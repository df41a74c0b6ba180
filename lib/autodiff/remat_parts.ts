// Rematerialisation in parts finer than a region: first what costs next to nothing (maps, norms, movement), with the
// results of products kept; then the products as well, scope by scope.

import type { Op, PrimitiveAttributes, Tensor } from "../ir/node.ts";
import type { Graph } from "../ir/trace.ts";
import { at, sizeOf } from "../ir/types.ts";
import { isBackward, rematerialize, rematScopes } from "./remat.ts";

/** A part of a forward pass that the backward pass computes again. */
export interface RematPart {
  /** `block7`, or with products also a scope within it, `block7/time`. */
  readonly scope: string;
  /** Whether its large products and attention are computed again; else all but those. */
  readonly products: boolean;
}

/** A product that sums no more numbers than this for each of its own costs about as much as a map. */
const FEW = 16;

/** Numbers that a product sums for each of its own; 1 for other ops. */
function summed({ op, args, attributes }: Tensor): number {
  if (op !== "contract") return 1;
  const [left = "", , out = ""] = (attributes as PrimitiveAttributes["contract"]).spec.split(/,|->/);
  return [...left].reduce((n, axis, i) => out.includes(axis) ? n : n * at(args[0]!.shape, i), 1);
}

/** What an epilogue of a product is made of. */
const EPILOGUE: ReadonlySet<Op> = new Set<Op>(["map", "reshape", "permute", "pick"]);

/**
 * Results of the forward pass that took large products to compute. Where nothing but an element-wise map reads a product (a
 * bias is added, say), that map's result stands for it: it is as large, and what comes after needs nothing else.
 */
function productsOf(graph: Graph): Set<Tensor> {
  const users = new Map<Tensor, Tensor[]>();
  for (const node of graph.nodes) {
    for (const arg of node.args) {
      const known = users.get(arg);
      if (known) known.push(node);
      else users.set(arg, [node]);
    }
  }
  const last = (node: Tensor): Tensor => {
    const [user, ...others] = users.get(node) ?? [];
    const ends = !user || others.length > 0 || !EPILOGUE.has(user.op) || isBackward(user.scope) ||
      sizeOf(user.shape) !== sizeOf(node.shape);
    return ends ? node : last(user);
  };
  const products = graph.nodes.filter((node) =>
    (node.op === "attention" || summed(node) > FEW) && !isBackward(node.scope)
  );
  return new Set(products.map(last));
}

/**
 * Rematerialises parts of a graph. Results are those of the graph, bit for bit.
 *
 * @param graph with forward and backward pass, in the order of the trace
 * @param parts scopes without products are the regions, whose results are kept; those with products lie in one of them
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { contract, exp, mul, reshape, sum } from "../ir/tensor.ts";
 * import { namedScope, trace } from "../ir/trace.ts";
 * import { grad } from "./grad.ts";
 * const types = { x: { dtype: "f32", shape: [64, 64] } } as const;
 * const graph = trace(types, ({ x }) => {
 *   const y = namedScope("block0", () => exp(exp(contract("mk,nk->mn", exp(x), x))));
 *   return { slope: grad(reshape(sum(y, [0, 1]), []), { x }) };
 * });
 * const opsAgain = (...parts: RematPart[]) =>
 *   rematerializeParts(graph, parts).nodes.flatMap(({ generation, op }) => generation === 1 ? [op] : []);
 * const maps = { scope: "block0", products: false };
 * assert.deepEqual(new Set(opsAgain(maps)), new Set(["map"]));
 * assert.ok(opsAgain(maps, { scope: "block0", products: true }).includes("contract"));
 * ```
 */
export function rematerializeParts(graph: Graph, parts: readonly RematPart[]): Graph {
  const scopes = (products: boolean) =>
    rematScopes(parts.filter((part) => part.products === products).map(({ scope }) => scope));
  const kept = productsOf(graph);
  const whole = scopes(true);
  return rematerialize(graph, scopes(false), (node) => kept.has(node) && whole(node.scope) === null);
}

/** Scopes with runs of numbers joined: `encoder, block0-4/time`. */
function scopeWords(scopes: readonly string[]): string {
  const runs: { before: string; from: string; to: string; after: string }[] = [];
  for (const scope of scopes) {
    const [, before = scope, number = "", after = ""] = /^(\D*)(\d+)(.*)$/.exec(scope) ?? [];
    const run = runs.find((run) =>
      number !== "" && run.before === before && run.after === after && Number(run.to) + 1 === Number(number)
    );
    if (run) run.to = number;
    else runs.push({ before, from: number, to: number, after });
  }
  return runs.map(({ before, from, to, after }) => `${before}${from}${from === to ? "" : `-${to}`}${after}`)
    .join(", ");
}

/**
 * Parts in words.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const parts = ["block0", "block1"].map((scope) => ({ scope, products: false }));
 * assert.equal(describeParts(parts), "maps and norms of block0-1");
 * assert.equal(
 *   describeParts([...parts, { scope: "block0/time", products: true }]),
 *   "maps and norms of block0-1; products of block0/time",
 * );
 * assert.equal(describeParts([]), "nothing");
 * ```
 */
export function describeParts(parts: readonly RematPart[]): string {
  const words = ([[false, "maps and norms"], [true, "products"]] as const).flatMap(([products, what]) => {
    const scopes = parts.filter((part) => part.products === products).map(({ scope }) => scope);
    return scopes.length > 0 ? [`${what} of ${scopeWords(scopes)}`] : [];
  });
  return words.join("; ") || "nothing";
}
