// What a legal graph is, checked after every pass in tests.

import { isFused, ruleOf } from "./fused/mod.ts";
import { type Infer, infer } from "./infer.ts";
import type { Primitive, Tensor } from "./node.ts";
import { printNode } from "./print.ts";
import { operandsOf } from "./scalar.ts";
import type { Graph } from "./trace.ts";
import { at, sameShape, type Type } from "./types.ts";

function sameTypes(a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length &&
    a.every((t, i) => t.dtype === b[i]!.dtype && sameShape(t.shape, b[i]!.shape));
}

/** Types of a node's results as its arguments and attributes imply them. */
function inferred(node: Tensor): readonly Type[] {
  const types = node.args.map((a) => at(a.results, 0));
  if (isFused(node)) return ruleOf(node).infer(types, node.attributes, node.scope);
  const rule = infer[node.op as Primitive] as Infer<Primitive>;
  const args = node.op === "pick" ? at(node.args, 0).results : types;
  return [rule(args, node.attributes as never, node.scope)];
}

/** What an expression of a node may refer to. */
function checkExpression(node: Tensor, fail: (why: string) => never): void {
  if (node.op !== "map" && node.op !== "reduce" && node.op !== "contract") return;
  const expression = node.op === "contract" ? node.attributes.epilogue : node.attributes.expression;
  const operands = node.op === "contract" ? node.args.length - 1 : node.args.length;
  for (const index of expression ? operandsOf(expression) : []) {
    if (index >= operands) fail(`its expression uses operand ${index} of ${operands}`);
  }
  if (node.args.length === 0) fail("it has no argument that gives its shape");
}

/**
 * Checks a graph: arguments come before their users, types are what inference gives, expressions stay within
 * their operands, outputs and inputs are nodes of the graph.
 *
 * @param graph after any pass
 * @throws TypeError that shows the node and says what is wrong
 */
export function check(graph: Graph): void {
  const seen = new Set<Tensor>();
  for (const node of graph.nodes) {
    const fail = (why: string): never => {
      throw new TypeError(`Graph is not legal: ${why}: ${printNode(node)}`);
    };
    if (seen.has(node)) fail("the node is listed twice");
    for (const arg of node.args) if (!seen.has(arg)) fail(`argument %${arg.id} does not come before it`);
    checkExpression(node, fail);
    if (!sameTypes(inferred(node), node.results)) fail("its types are not those inferred");
    if (node.op === "input" && graph.inputs.get(node.attributes.name) !== node) {
      fail("the input is not listed");
    }
    seen.add(node);
  }
  for (const [name, node] of graph.outputs) {
    if (!seen.has(node)) throw new TypeError(`Graph is not legal: output "${name}" is no node of it`);
  }
}
