// Replaces fused ops by their formulas: all of them for the evaluator, those without a kernel for a backend.

import { isFused, ruleOf } from "./fused/mod.ts";
import type { Fused, Tensor } from "./node.ts";
import { type Graph, rewrite } from "./trace.ts";
import { at } from "./types.ts";

/**
 * Expands fused ops.
 *
 * @param graph unchanged
 * @param keep names of the fused ops that stay
 * @returns a graph whose fused ops are all in `keep`
 */
export function expandFused(graph: Graph, keep: ReadonlySet<Fused> = new Set()): Graph {
  let result = graph;
  // A formula may use other fused ops, so go on until nothing changes.
  while (result.nodes.some((n) => isFused(n) && !keep.has(n.op))) result = expandOnce(result, keep);
  return result;
}

function expandOnce(graph: Graph, keep: ReadonlySet<Fused>): Graph {
  const expansions = new Map<Tensor, readonly Tensor[]>();
  return rewrite(graph, (node, args, original) => {
    if (node.op === "pick") {
      const results = expansions.get(at(node.args, 0));
      if (results) return at(results, node.attributes.index);
    }
    if (!isFused(node) || keep.has(node.op)) return original();
    const results = ruleOf(node).expand(args, node.attributes);
    expansions.set(node, results);
    return at(results, 0);
  });
}
