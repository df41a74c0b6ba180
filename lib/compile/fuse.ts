// Pass: joins kernels. A map that only one op uses moves into that op: into another map, in front of a reduce, or
// behind a contract as its epilogue. Fewer passes over memory, the same numbers.

import type { Node, Tensor } from "../ir/node.ts";
import { type Expression, linearize, operand, operandsOf, substitute } from "../ir/scalar.ts";
import { map } from "../ir/tensor.ts";
import { type Graph, makeNode, rewrite } from "../ir/trace.ts";
import { at, sameShape } from "../ir/types.ts";

/** What a device can take in one kernel. */
export interface FuseLimits {
  /** Tensors a kernel may read. */
  readonly operands: number;
  /** Operations of one expression. */
  readonly operations: number;
}

/** Limits that every backend meets (8 storage buffers, one of them the output). */
export const DEFAULT_FUSE_LIMITS: FuseLimits = { operands: 7, operations: 48 };

/** Expression over a list of tensors. */
interface Formula {
  readonly expression: Expression;
  readonly args: readonly Tensor[];
}

function fits({ expression, args }: Formula, limits: FuseLimits): boolean {
  return args.length <= limits.operands && linearize(expression).length <= limits.operations;
}

/** Formula with argument `index` replaced by the formula that makes it; equal arguments are merged. */
function inline(outer: Formula, index: number, inner: Formula): Formula {
  const args: Tensor[] = [];
  const place = (t: Tensor) => {
    const known = args.indexOf(t);
    return operand(known >= 0 ? known : args.push(t) - 1);
  };
  const innerOperands = inner.args.map(place);
  const replacements = outer.args.map((a, i) =>
    i === index ? substitute(inner.expression, innerOperands) : place(a)
  );
  return { expression: substitute(outer.expression, replacements), args };
}

/** Pulls single-use maps among the arguments into the formula, as far as the limits allow. */
function absorb(formula: Formula, single: (t: Tensor) => boolean, limits: FuseLimits): Formula {
  let result = formula;
  for (let i = 0; i < result.args.length;) {
    const arg = at(result.args, i);
    const inner = arg.op === "map" && single(arg)
      ? inline(result, i, { expression: arg.attributes.expression, args: arg.args })
      : null;
    if (inner && fits(inner, limits)) {
      result = inner;
      i = 0;
    } else i++;
  }
  return result;
}

/**
 * Fuses a graph.
 *
 * @param graph simplified
 * @param limits of the device
 * @returns a legal graph; contracts may carry epilogues and reduces expressions
 */
export function fuse(graph: Graph, limits: FuseLimits = DEFAULT_FUSE_LIMITS): Graph {
  return fuseEpilogues(fuseMaps(graph, limits), limits);
}

/** How often each node is used, outputs included. */
function countUses(graph: Graph): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  for (const user of graph.nodes) for (const a of user.args) uses.set(a, (uses.get(a) ?? 0) + 1);
  for (const out of graph.outputs.values()) uses.set(out, (uses.get(out) ?? 0) + 1);
  return uses;
}

function fuseMaps(graph: Graph, limits: FuseLimits): Graph {
  const uses = countUses(graph);
  const single = new Set<Tensor>();
  return rewrite(graph, (node, args, keep) => {
    if (node.op !== "map" && node.op !== "reduce") return keep();
    const formula = absorb(
      { expression: node.attributes.expression, args },
      (t) => single.has(t),
      limits,
    );
    if (node.op === "map") {
      const fusedMap = map(formula.expression, ...formula.args);
      if (uses.get(node) === 1) single.add(fusedMap);
      return fusedMap;
    }
    // A reduce keeps at least one argument, since its shape comes from there.
    const used = operandsOf(formula.expression);
    if (used.length !== formula.args.length) return keep();
    const attributes = { ...node.attributes, expression: formula.expression };
    return makeNode("reduce", formula.args, attributes, node.results);
  });
}

function fuseEpilogues(graph: Graph, limits: FuseLimits): Graph {
  const uses = countUses(graph);
  const open = new Set<Tensor>();
  return rewrite(graph, (node, args, keep) => {
    if (node.op === "contract" && uses.get(node) === 1 && !node.attributes.epilogue) {
      const kept = keep();
      open.add(kept);
      return kept;
    }
    if (node.op !== "map") return keep();
    // The contract made last: what it needs is computed by then.
    const producers = args.filter((a): a is Tensor & Node<"contract"> =>
      a.op === "contract" && open.has(a) && sameShape(a.shape, node.shape)
    );
    const producer = producers.sort((a, b) => b.id - a.id)[0];
    if (!producer) return keep();
    const extras = args.filter((a) => a !== producer);
    if (extras.length + 2 > limits.operands) return keep();
    const expression = substitute(
      node.attributes.expression,
      args.map((a) => a === producer ? operand(0) : operand(1 + extras.indexOf(a))),
    );
    const attributes = { ...producer.attributes, epilogue: expression };
    return makeNode("contract", [...producer.args, ...extras], attributes, node.results);
  });
}
