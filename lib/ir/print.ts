// Graphs as text: one line a node, for eyes and for snapshots. The text depends on the graph alone, not on what
// else the trace made.

import type { Tensor } from "./node.ts";
import { type Expression, expressionText } from "./scalar.ts";
import type { Graph } from "./trace.ts";
import { typeText } from "./types.ts";

/** Numbers of a list that are shown before it is cut. */
const SHOWN = 8;

function listText(list: ArrayLike<number>): string {
  const shown = Array.from({ length: Math.min(SHOWN, list.length) }, (_, i) => list[i]).join(",");
  return list.length > SHOWN ? `[${shown},..](${list.length})` : `[${shown}]`;
}

function attributeText(value: unknown): string {
  if (ArrayBuffer.isView(value)) return listText(value as unknown as ArrayLike<number>);
  if (value && typeof value === "object" && "fn" in value) return expressionText(value as Expression);
  return Array.isArray(value) ? listText(value) : String(value);
}

/** Names of a graph's nodes in its order, `%0`, `%1`, ..; nodes of other graphs are `%?`. */
export function nodeNames(graph: Pick<Graph, "nodes">): (node: Tensor) => string {
  const numbers = new Map(graph.nodes.map((node, i) => [node, i]));
  return (node) => `%${numbers.get(node) ?? "?"}`;
}

/**
 * One line of a node: `%3 = map f32[2, 3] %0 %1 expression=add(x0, x1)  # block0/space`. Attributes that the type
 * shows already are left out.
 */
export function printNode(node: Tensor, name: (n: Tensor) => string): string {
  const attributes = Object.entries(node.attributes)
    .filter(([key, value]) => value !== null && key !== "type" && key !== "shape")
    .map(([key, value]) => `${key}=${attributeText(value)}`);
  const results = node.results.map(typeText).join(" ");
  const parts = [`${name(node)} =`, node.op, results, ...node.args.map(name), ...attributes];
  return parts.join(" ") + (node.scope ? `  # ${node.scope}` : "");
}

/**
 * Text of a graph: its nodes numbered in order, its outputs, then the inputs that no node uses.
 *
 * @param graph any graph
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add } from "./tensor.ts";
 * import { trace } from "./trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [2] } } as const, ({ x }) => ({ y: add(x, 1) }));
 * assert.equal(print(graph), "%0 = input f32[2] name=x\n%1 = map f32[2] %0 expression=add(x0, 1)\ny: %1");
 * ```
 */
export function print(graph: Graph): string {
  const name = nodeNames(graph);
  const lines = graph.nodes.map((node) => printNode(node, name));
  for (const [output, node] of graph.outputs) lines.push(`${output}: ${name(node)}`);
  const nodes = new Set(graph.nodes);
  for (const [input, node] of graph.inputs) {
    if (!nodes.has(node)) lines.push(`unused: ${typeText(node)} ${input}`);
  }
  return lines.join("\n");
}
