// Graphs as text: one line a node, for eyes and for snapshots.

import type { Tensor } from "./node.ts";
import { type Expression, expressionText } from "./scalar.ts";
import type { Graph } from "./trace.ts";
import { typeText } from "./types.ts";

function attributeText(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `data(${(value as unknown as ArrayLike<number>).length})`;
  if (value && typeof value === "object" && "fn" in value) return expressionText(value as Expression);
  if (value && typeof value === "object" && "dtype" in value) return "";
  return Array.isArray(value) ? `[${value.join(",")}]` : String(value);
}

/** One line of a node: `%3 = map f32[2, 3] %0 %1 expression=add(x0, x1)  # block0/space`. */
export function printNode(node: Tensor, name: (n: Tensor) => string = (n) => `%${n.id}`): string {
  const attributes = Object.entries(node.attributes)
    .filter(([key, value]) => value !== null && key !== "type" && key !== "shape")
    .map(([key, value]) => `${key}=${attributeText(value)}`);
  const results = node.results.map(typeText).join(" ");
  const parts = [`${name(node)} =`, node.op, results, ...node.args.map(name), ...attributes];
  return parts.join(" ") + (node.scope ? `  # ${node.scope}` : "");
}

/**
 * Text of a graph, nodes numbered in order.
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
  const numbers = new Map(graph.nodes.map((node, i) => [node, i]));
  const name = (node: Tensor) => `%${numbers.get(node) ?? "?"}`;
  const lines = graph.nodes.map((node) => printNode(node, name));
  for (const [output, node] of graph.outputs) lines.push(`${output}: ${name(node)}`);
  return lines.join("\n");
}
