// Pass: dynamic activation quantisation. Products with matrices of 8-bit numbers quantise their other operand as well,
// row by row, so that a device can multiply whole numbers. Faster and a little different, hence never done unasked.

import { type Graph, makeNode, rewrite } from "../ir/trace.ts";
import { at } from "../ir/types.ts";

/**
 * Marks the products of floats with 8-bit matrices as quantised.
 *
 * @param graph as traced, before it is compiled
 * @returns a legal graph with the same inputs and outputs
 */
export function quantiseActivations(graph: Graph): Graph {
  return rewrite(graph, (node, args, keep) => {
    if (node.op !== "contract" || at(args, 0).dtype !== "f32" || at(args, 1).dtype !== "i8") return keep();
    return makeNode("contract", args, { ...node.attributes, quantised: true }, node.results);
  });
}
