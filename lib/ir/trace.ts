// Tracing: running a plain function once on symbolic tensors. A trace interns nodes, so the graph is hash-consed;
// scopes name regions for messages, profiles and rematerialisation.

import { infer } from "./infer.ts";
import type { Attributes, Op, Tensor } from "./node.ts";
import { at, type Type } from "./types.ts";

/** A nested record or list of values. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> };

/** The tensors a traced function receives for a signature of types. */
export type Tensors<S> = S extends Type ? Tensor : { readonly [K in keyof S]: Tensors<S[K]> };

/** A traced function: nodes in dependency order, and the names of what goes in and comes out. */
export interface Graph {
  /** Arguments before their users. */
  readonly nodes: readonly Tensor[];
  /** Input nodes by name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Results by name. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

interface Trace {
  readonly nodes: Tensor[];
  readonly interned: Map<string, Tensor>;
  readonly inputs: Map<string, Tensor>;
  scope: string;
  generation: number;
}

let current: Trace | null = null;
const dataIds = new WeakMap<object, number>();
let nextDataId = 0;

function dataId(data: object): number {
  let id = dataIds.get(data);
  if (id === undefined) dataIds.set(data, id = nextDataId++);
  return id;
}

/** Passes take nodes over with their attributes, whose text is the same then. */
const keys = new WeakMap<object, string>();

function attributesKey(attributes: object): string {
  let key = keys.get(attributes);
  if (key === undefined) keys.set(attributes, key = JSON.stringify(attributes, described));
  return key;
}

/** A value as JSON has it, where it has none as a text of its own. */
function described(_: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return `data${dataId(value)}`;
  if (value && typeof value === "object" && "fn" in value && "id" in value) return `expression${value.id}`;
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  return value;
}

/** Text that equal nodes of a trace have in common, and different ones do not. */
export function nodeKey(op: Op, args: readonly Tensor[], attributes: Attributes[Op], generation = 0): string {
  return `${generation}${op}|${args.map((a) => a.id).join(",")}|${attributesKey(attributes)}`;
}

function active(): Trace {
  if (!current) throw new TypeError("Cannot make a tensor: no trace is active, call this inside trace()");
  return current;
}

/**
 * The node of the current trace with this op, arguments and attributes; made if there is none. Builders in
 * `tensor.ts` call it with the types that inference gave.
 */
export function makeNode<K extends Op>(
  op: K,
  args: readonly Tensor[],
  attributes: Attributes[K],
  results: readonly Type[],
): Tensor {
  const trace = active();
  for (const arg of args) {
    if (trace.nodes[arg.id] !== arg) {
      const where = trace.scope ? ` (${trace.scope})` : "";
      throw new TypeError(`Cannot use a ${arg.op} of another trace as an argument of ${op}${where}`);
    }
  }
  // What takes no computation is never computed again.
  const generation = args.length === 0 ? 0 : trace.generation;
  const key = nodeKey(op, args, attributes, generation);
  const known = trace.interned.get(key);
  if (known) return known;
  const { dtype, shape } = at(results, 0);
  const node = {
    id: trace.nodes.length,
    op,
    args,
    attributes,
    results,
    dtype,
    shape,
    scope: trace.scope,
    generation,
  };
  const tensor = Object.freeze(node) as unknown as Tensor;
  if (tensor.op === "input") {
    const { name } = tensor.attributes;
    if (trace.inputs.has(name)) {
      throw new TypeError(`Cannot make an input "${name}": there is one of another type`);
    }
    trace.inputs.set(name, tensor);
  }
  trace.nodes.push(tensor);
  trace.interned.set(key, tensor);
  return tensor;
}

/** The scope new nodes get, for error messages. */
export function currentScope(): string {
  return current?.scope ?? "";
}

/**
 * Runs `f` with `name` appended to the scope of the nodes it makes.
 *
 * @param name a path part, `block3`
 * @param f any function that builds tensors
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { neg } from "./tensor.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [1] } } as const, ({ x }) => ({
 *   y: namedScope("block3", () => neg(x)),
 * }));
 * assert.equal(graph.outputs.get("y")!.scope, "block3");
 * ```
 */
export function namedScope<R>(name: string, f: () => R): R {
  const trace = active();
  const outer = trace.scope;
  trace.scope = outer ? `${outer}/${name}` : name;
  try {
    return f();
  } finally {
    trace.scope = outer;
  }
}

/** Runs `f` with its nodes under exactly this scope: passes keep the scopes of what they rewrite. */
export function withScope<R>(scope: string, f: () => R): R {
  const trace = active();
  const outer = trace.scope;
  trace.scope = scope;
  try {
    return f();
  } finally {
    trace.scope = outer;
  }
}

/**
 * Runs `f` with its nodes in a recompute generation: rematerialisation computes equal nodes again.
 *
 * @param generation 0 for what is computed first
 * @param f any function that builds tensors
 */
export function withGeneration<R>(generation: number, f: () => R): R {
  const trace = active();
  const outer = trace.generation;
  trace.generation = generation;
  try {
    return f();
  } finally {
    trace.generation = outer;
  }
}

/** Whether a signature entry is a type rather than a record of entries. */
function isType(tree: Tree<Type>): tree is Type {
  return typeof (tree as Type).dtype === "string" && Array.isArray((tree as Type).shape);
}

function isTensor(tree: Tree<Tensor>): tree is Tensor {
  return typeof (tree as Tensor).op === "string" && typeof (tree as Tensor).id === "number";
}

/** Leaves of a tree with their paths, parts joined by `/`. */
export function leaves<T>(tree: Tree<T>, isLeaf: (tree: Tree<T>) => tree is T, path = ""): [string, T][] {
  if (isLeaf(tree)) return [[path, tree]];
  return Object.entries(tree as Record<string, Tree<T>>).flatMap(([name, sub]) =>
    leaves(sub, isLeaf, path ? `${path}/${name}` : name)
  );
}

/** Names and types of a signature, as feeds are named. */
export function signatureOf(tree: Tree<Type>): Map<string, Type> {
  return new Map(leaves(tree, isType));
}

function runTrace(f: (trace: Trace) => ReadonlyMap<string, Tensor>): Graph {
  const outer = current;
  const trace: Trace = { nodes: [], interned: new Map(), inputs: new Map(), scope: "", generation: 0 };
  current = trace;
  try {
    const outputs = f(trace);
    for (const [name, node] of outputs) {
      if (trace.nodes[node.id] !== node) {
        throw new TypeError(`Cannot use a ${node.op} of another trace as output "${name}"`);
      }
    }
    return prune({ nodes: trace.nodes, inputs: trace.inputs, outputs });
  } finally {
    current = outer;
  }
}

/** Drops nodes that no output needs; inputs keep their names even when unused. */
export function prune(graph: Graph): Graph {
  const live = new Set<Tensor>();
  const visit = [...graph.outputs.values()];
  for (let node = visit.pop(); node; node = visit.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    visit.push(...node.args);
  }
  return { ...graph, nodes: graph.nodes.filter((n) => live.has(n)) };
}

/**
 * Traces a function.
 *
 * @param signature types of the inputs, nested as the function takes them
 * @param f a pure function of tensors; called once
 * @returns the graph; inputs and outputs are named by their paths (`params/encoder_dummy`)
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add } from "./tensor.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [3] } } as const, ({ x }) => ({ y: add(x, x) }));
 * assert.deepEqual([...graph.outputs.keys()], ["y"]);
 * ```
 */
export function trace<const S extends Tree<Type>>(
  signature: S,
  f: (inputs: Tensors<S>) => Tree<Tensor>,
): Graph {
  return runTrace(() => {
    const build = (tree: Tree<Type>, path: string): unknown => {
      if (isType(tree)) {
        const type: Type = { dtype: tree.dtype, shape: tree.shape };
        return makeNode("input", [], { name: path, type }, [infer.input([], { name: path, type }, path)]);
      }
      const entries = Object.entries(tree as Record<string, Tree<Type>>);
      const built = entries.map(([name, sub]) =>
        [name, build(sub, path ? `${path}/${name}` : name)] as const
      );
      return Array.isArray(tree) ? built.map(([, value]) => value) : Object.fromEntries(built);
    };
    return new Map(leaves(f(build(signature, "") as Tensors<S>), isTensor));
  });
}

/**
 * Rebuilds a graph node by node: the way passes rewrite.
 *
 * @param graph what to rewrite; unchanged
 * @param rule gives the replacement of a node, whose arguments are replaced already; `keep` is the same op on them
 */
export function rewrite(
  graph: Graph,
  rule: (node: Tensor, args: readonly Tensor[], keep: () => Tensor) => Tensor,
): Graph {
  return runTrace((trace) => {
    const replaced = new Map<Tensor, Tensor>();
    const get = (node: Tensor): Tensor => {
      const found = replaced.get(node);
      if (!found) {
        throw new RangeError(`Graph is out of order: ${node.op} ${node.id} is used before it is made`);
      }
      return found;
    };
    for (const input of graph.inputs.values()) {
      replaced.set(input, makeNode(input.op, [], input.attributes, input.results));
    }
    for (const node of graph.nodes) {
      if (node.op === "input") continue;
      const args = node.args.map(get);
      trace.scope = node.scope;
      trace.generation = node.generation;
      const keep = () => makeNode(node.op, args, node.attributes, node.results);
      replaced.set(node, rule(node, args, keep));
    }
    trace.scope = "";
    trace.generation = 0;
    return new Map([...graph.outputs].map(([name, node]) => [name, get(node)]));
  });
}
