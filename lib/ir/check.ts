// What a legal graph is, checked after every pass in tests. Trusts nothing but the tables of inference: each node is
// judged anew from its arguments and attributes.

import { isFused, ruleOf } from "./fused/mod.ts";
import { type Infer, infer } from "./infer.ts";
import type { Primitive, Tensor } from "./node.ts";
import { nodeNames, printNode } from "./print.ts";
import { type Expression, scalarFunctions } from "./scalar.ts";
import { type Graph, nodeKey } from "./trace.ts";
import { at, sameShape, type Type } from "./types.ts";

type Fail = (why: string) => never;

/** Least and largest number of arguments. Fused ops count theirs in their own inference. */
const ARITY: { readonly [K in Primitive]: readonly [number, number] } = {
  input: [0, 0],
  constant: [0, 0],
  map: [1, Infinity],
  reduce: [1, Infinity],
  contract: [2, Infinity],
  reshape: [1, 1],
  permute: [1, 1],
  broadcast: [1, 1],
  slice: [1, 1],
  pad: [1, 1],
  concat: [1, Infinity],
  unfold: [1, 1],
  fold: [1, 1],
  gather: [2, 2],
  scatterAdd: [2, 2],
  cast: [1, 1],
  pick: [1, 1],
};

function sameType(a: Type, b: Type | undefined): boolean {
  return b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/** Types of a node's results as its arguments and attributes imply them. */
function inferred(node: Tensor, fail: Fail): readonly Type[] {
  const types = node.args.map((a) => at(a.results, 0));
  try {
    if (isFused(node)) return ruleOf(node).infer(types, node.attributes, node.scope);
    const [least, most] = ARITY[node.op as Primitive];
    if (node.args.length < least || node.args.length > most) {
      return fail(
        `it has ${node.args.length} arguments, wanted ${least === most ? least : `${least} or more`}`,
      );
    }
    const rule = infer[node.op as Primitive] as Infer<Primitive>;
    const args = node.op === "pick" ? at(node.args, 0).results : types;
    return [rule(args, node.attributes as never, node.scope)];
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function checkTypes(node: Tensor, fail: Fail): void {
  const wanted = inferred(node, fail);
  const fits = wanted.length === node.results.length && wanted.every((t, i) => sameType(t, node.results[i]));
  if (!fits) fail("its types are not those inferred");
  if (!sameType(node, node.results[0])) fail("its type is not that of its first result");
  if (node.op === "pick" && !isFused(at(node.args, 0))) fail("its argument is no fused op");
}

/** Every number of the attributes, nested ones included, is finite. Host data is not looked at. */
function checkFinite(value: unknown, fail: Fail): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    fail(`an attribute is ${value}, wanted a finite number`);
  }
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if ("fn" in value) return;
  for (const part of Object.values(value)) checkFinite(part, fail);
}

/** An expression of known functions with the right number of arguments, finite numbers and operands that exist. */
function checkExpression(expression: Expression, operands: number, fail: Fail): void {
  const seen = new Set<Expression>();
  const visit = (e: Expression): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.fn === "number") {
      if (!Number.isFinite(e.value)) fail(`its expression has the number ${e.value}, wanted a finite one`);
    } else if (e.fn === "operand") {
      if (!(e.value >= 0 && e.value < operands)) {
        fail(`its expression uses operand ${e.value} of ${operands}`);
      }
    } else if (scalarFunctions[e.fn]?.arity !== e.args.length) {
      fail(`its expression has ${e.fn} with ${e.args.length} arguments`);
    }
    e.args.forEach(visit);
  };
  visit(expression);
}

function checkAttributes(node: Tensor, fail: Fail): void {
  checkFinite(node.attributes, fail);
  if (node.op === "map" || node.op === "reduce") {
    checkExpression(node.attributes.expression, node.args.length, fail);
  }
  if (node.op === "contract" && node.attributes.epilogue) {
    // Operand 0 is the sum, the others are the arguments behind a and b.
    checkExpression(node.attributes.epilogue, node.args.length - 1, fail);
  }
}

/** Nodes that an output depends on. */
function needed(graph: Graph): Set<Tensor> {
  const found = new Set<Tensor>();
  const open = [...graph.outputs.values()];
  for (let node = open.pop(); node; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...node.args);
  }
  return found;
}

/**
 * Checks a graph: every node once, behind its arguments and needed by an output; no two nodes that are the same;
 * types as inferred; expressions within their operands; finite numbers; inputs listed under their names; outputs
 * among the nodes.
 *
 * @param graph after any pass
 * @throws TypeError that says what is wrong and shows the node as `print` does, scope included
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add } from "./tensor.ts";
 * import { trace } from "./trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [2] } } as const, ({ x }) => ({ y: add(x, 1) }));
 * check(graph);
 * assert.throws(() => check({ ...graph, nodes: graph.nodes.toReversed() }), /argument %1 does not come before/);
 * ```
 */
export function check(graph: Graph): void {
  const name = nodeNames(graph);
  const seen = new Set<Tensor>();
  const keys = new Map<string, Tensor>();
  const live = needed(graph);
  for (const node of graph.nodes) {
    const fail: Fail = (why) => {
      throw new TypeError(`Graph is not legal: ${why}: ${printNode(node, name)}`);
    };
    if (seen.has(node)) fail("the node is listed twice");
    node.args.forEach((arg, i) => {
      if (!seen.has(arg)) fail(`argument ${name(arg)} does not come before it`);
      if (!(arg.id < node.id)) fail(`argument ${i} has id ${arg.id}, wanted less than ${node.id}`);
    });
    checkAttributes(node, fail);
    checkTypes(node, fail);
    const key = nodeKey(node.op, node.args, node.attributes, node.generation);
    const twin = keys.get(key);
    if (twin) fail(`it is the same as ${name(twin)}`);
    if (node.op === "input" && graph.inputs.get(node.attributes.name) !== node) {
      fail("the input is not listed");
    }
    if (!live.has(node)) fail("no output needs it");
    keys.set(key, node);
    seen.add(node);
  }
  for (const [input, node] of graph.inputs) {
    if (node.op !== "input" || node.attributes.name !== input) {
      throw new TypeError(
        `Graph is not legal: input "${input}" is no input of that name: ${printNode(node, name)}`,
      );
    }
  }
  for (const [output, node] of graph.outputs) {
    if (!seen.has(node)) {
      throw new TypeError(
        `Graph is not legal: output "${output}" is no node of it: ${printNode(node, name)}`,
      );
    }
  }
}
