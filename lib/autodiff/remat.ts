// Pass: rematerialisation. What a region of the forward pass computed is computed again when the backward pass comes
// to that region, instead of being kept: memory for arithmetic. Runs on graphs that hold both passes.

import type { Tensor } from "../ir/node.ts";
import { type Graph, makeNode, rewrite, withGeneration, withScope } from "../ir/trace.ts";

/**
 * Name of the region that a scope of the forward pass lies in, or null for what is kept. Values that leave a region
 * are kept as well: recomputation starts from them.
 */
export type RematPolicy = (scope: string) => string | null;

/**
 * The policy for networks of blocks: `block0`, `block1`, .. are a region each.
 *
 * @param every recompute block 0, `every`, 2 `every`, ..; 1 is all of them
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const policy = rematBlocks(2);
 * assert.deepEqual(["block2/space/qkv", "block3/space", "encoder"].map(policy), ["block2/", null, null]);
 * ```
 */
export function rematBlocks(every = 1): RematPolicy {
  return (scope) => {
    const found = /^block(\d+)(?:\/|$)/.exec(scope);
    return found && Number(found[1]) % every === 0 ? found[0] : null;
  };
}

/**
 * The policy that recomputes some scopes, each with all that lies within it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const policy = rematScopes(["encoder", "block1/time"]);
 * assert.deepEqual(["encoder/conv", "block1/time", "block1/space"].map(policy), ["encoder", "block1/time", null]);
 * ```
 */
export function rematScopes(scopes: readonly string[]): RematPolicy {
  return (scope) => scopes.find((region) => scope === region || scope.startsWith(`${region}/`)) ?? null;
}

/** Whether differentiation made what has this scope. */
export function isBackward(scope: string): boolean {
  return /(?:^|\/)backward(?:\/|$)/.test(scope);
}

/** Region of every node that may be recomputed: those whose value does not leave their region going forward. */
function regionsOf(graph: Graph, policy: RematPolicy, keeps: (node: Tensor) => boolean): Map<Tensor, string> {
  const regions = new Map<Tensor, string>();
  for (const node of graph.nodes) {
    if (node.args.length === 0 || isBackward(node.scope)) continue;
    const region = policy(node.scope);
    if (region !== null) regions.set(node, region);
  }
  const leaving = new Set<Tensor>(graph.outputs.values());
  for (const user of graph.nodes) {
    if (isBackward(user.scope)) continue;
    for (const arg of user.args) if (regions.get(arg) !== regions.get(user)) leaving.add(arg);
  }
  // A result of a fused op leaves with the op itself.
  for (const node of [...leaving]) if (node.op === "pick") leaving.add(node.args[0]!);
  for (const node of [...regions.keys()]) if (leaving.has(node) || keeps(node)) regions.delete(node);
  return regions;
}

/**
 * Rematerialises a graph. Results are those of the graph, bit for bit.
 *
 * @param graph with forward and backward pass, in the order of the trace
 * @param policy which regions are computed again
 * @param keeps what of them is kept all the same; nothing unless given
 * @returns a graph with the same inputs and outputs; nodes computed again have generation 1 and stand right before
 *   their first use in the backward pass
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { exp, mul, reshape, sum } from "../ir/tensor.ts";
 * import { namedScope, trace } from "../ir/trace.ts";
 * import { grad } from "./grad.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => {
 *   const y = namedScope("block0", () => exp(mul(x, 2)));
 *   return { slope: grad(reshape(sum(mul(y, y), [0]), []), { x }) };
 * });
 * const again = rematerialize(graph, () => "all").nodes.filter(({ generation }) => generation === 1);
 * assert.equal(again.length > 0, true);
 * ```
 */
export function rematerialize(
  graph: Graph,
  policy: RematPolicy = rematBlocks(),
  keeps: (node: Tensor) => boolean = () => false,
): Graph {
  const regions = regionsOf(graph, policy, keeps);
  const first = new Map<Tensor, Tensor>();
  const again = new Map<Tensor, Tensor>();
  const recompute = (node: Tensor): Tensor => {
    if (!regions.has(node)) return first.get(node)!;
    let copy = again.get(node);
    if (!copy) {
      const args = node.args.map(recompute);
      const make = () => makeNode(node.op, args, node.attributes, node.results);
      copy = withGeneration(1, () => withScope(`${node.scope}/recompute`, make));
      again.set(node, copy);
    }
    return copy;
  };
  return rewrite(graph, (node, args, keep) => {
    // Inputs are replaced before the walk starts: they are met as arguments.
    node.args.forEach((arg, i) => first.set(arg, args[i]!));
    const result = isBackward(node.scope) && node.args.some((arg) => regions.has(arg))
      ? makeNode(node.op, node.args.map(recompute), node.attributes, node.results)
      : keep();
    first.set(node, result);
    return result;
  });
}
