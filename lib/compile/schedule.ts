// Pass: the order of the nodes. Depth first from the outputs, the longest chain of arguments first, so that small
// side computations (tables, collapsed kernels) run right before their use and hold memory only then.

import type { Tensor } from "../ir/node.ts";
import type { Graph } from "../ir/trace.ts";
import { at } from "../ir/types.ts";

/**
 * Orders a graph.
 *
 * @param graph any legal graph
 * @returns the same nodes, arguments still before users
 */
export function schedule(graph: Graph): Graph {
  const height = new Map<Tensor, number>();
  for (const node of graph.nodes) {
    height.set(node, 1 + Math.max(0, ...node.args.map((a) => height.get(a) ?? 0)));
  }
  const heightOf = (node: Tensor) => height.get(node) ?? 0;
  const ordered = new Set<Tensor>();
  const roots = [...graph.outputs.values()].sort((a, b) => a.id - b.id);
  for (const root of roots) {
    const stack = [root];
    while (stack.length > 0) {
      const node = at(stack, -1);
      const open = node.args.filter((a) => !ordered.has(a));
      if (open.length === 0) {
        ordered.add(node);
        stack.pop();
      } else {
        // The last one pushed runs first.
        stack.push(...open.sort((a, b) => heightOf(a) - heightOf(b)));
      }
    }
  }
  return { ...graph, nodes: [...ordered] };
}
