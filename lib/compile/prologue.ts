// Pass: weight precomputation. What depends on nothing but stationary inputs (a model's weights) is computed once, in a
// prologue, and every run reads the results: kernels summed over an axis of one point, tables of angles. The same
// launches give the same numbers, whenever they run.

import type { Op, Tensor } from "../ir/node.ts";
import { type Graph, makeNode, prune, rewrite } from "../ir/trace.ts";
import { BYTES, sizeOf, type Type } from "../ir/types.ts";
import { outputSlotName } from "./lower.ts";
import type { Program } from "./program.ts";

/** Results that are kept although they take more memory than what they are made of. */
const SMALL_BYTES = 2 ** 20;

/** Ops that make no numbers of their own, and casts: what is stored narrow stays so. They run with their users. */
const NEVER_KEPT: ReadonlySet<Op> = new Set(
  ["input", "constant", "reshape", "permute", "broadcast", "slice", "unfold", "cast"] satisfies Op[],
);

/** A graph in two parts. Results of the first are inputs of the second under the same names. */
export interface Precomputed {
  /** What is computed once, of stationary inputs and of constants. */
  readonly prologue: Graph;
  /** The rest; it has all inputs of the whole besides. */
  readonly main: Graph;
}

function bytesOf({ dtype, shape }: Type): number {
  return BYTES[dtype] * sizeOf(shape);
}

/** Bytes of different numbers: movement may repeat some and leave out others. */
function sourceBytes(node: Tensor): number {
  const [from] = node.args;
  const bytes = bytesOf(node);
  if (from && NEVER_KEPT.has(node.op)) return Math.min(bytes, sourceBytes(from));
  return node.op === "constant" && typeof node.attributes.data === "number" ? BYTES[node.dtype] : bytes;
}

/** Whether keeping a result for good is worth its memory. */
function isWorthKeeping(node: Tensor): boolean {
  if (NEVER_KEPT.has(node.op) || node.args.length === 0 || node.results.length > 1) return false;
  const made = bytesOf(node);
  return made <= SMALL_BYTES || made <= node.args.reduce((sum, arg) => sum + sourceBytes(arg), 0);
}

/** Results to keep: computed of what is stationary, read by what is not. */
function resultsToKeep(graph: Graph, stationary: (input: string) => boolean): Set<Tensor> {
  const fixed = new Set<Tensor>();
  for (const node of graph.nodes) {
    const isFixed = node.op === "input"
      ? stationary(node.attributes.name)
      : node.args.every((a) => fixed.has(a));
    if (isFixed) fixed.add(node);
  }
  const kept = new Set<Tensor>();
  // From a node that is read down to what is worth keeping of what it is made of.
  const keep = (node: Tensor): void => {
    if (!fixed.has(node) || kept.has(node)) return;
    if (isWorthKeeping(node)) kept.add(node);
    else node.args.forEach(keep);
  };
  for (const node of graph.nodes) if (!fixed.has(node)) node.args.forEach(keep);
  for (const node of graph.outputs.values()) keep(node);
  return kept;
}

/**
 * Takes a graph apart.
 *
 * @param graph after all other passes, so that a node is a launch of its program
 * @param stationary whether the input of that name is the same in every run
 * @returns both parts; the first has no outputs where nothing is worth keeping
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, sum } from "../ir/tensor.ts";
 * import { trace } from "../ir/trace.ts";
 * const types = { x: { dtype: "f32", shape: [2] }, w: { dtype: "f32", shape: [2, 8] } } as const;
 * const graph = trace(types, ({ x, w }) => ({ y: add(x, sum(w, [1])) }));
 * const { prologue, main } = precompute(graph, (name) => name === "w");
 * assert.deepEqual([[...prologue.inputs.keys()], [...prologue.outputs.keys()]], [["w"], ["prologue/0"]]);
 * assert.deepEqual([...main.inputs.keys()], ["x", "w", "prologue/0"]);
 * ```
 */
export function precompute(graph: Graph, stationary: (input: string) => boolean): Precomputed {
  const kept = resultsToKeep(graph, stationary);
  const names = new Map([...kept].map((node, i) => [node, `prologue/${i}`]));
  const made = prune({ ...graph, outputs: new Map([...names].map(([node, name]) => [name, node])) });
  const read = new Set(made.nodes);
  const prologue = { ...made, inputs: new Map([...graph.inputs].filter(([, node]) => read.has(node))) };
  const main = rewrite(graph, (node, _, keep) => {
    const name = names.get(node);
    if (name === undefined) return keep();
    const type: Type = { dtype: node.dtype, shape: node.shape };
    return makeNode("input", [], { name, type }, [type]);
  });
  return { prologue, main };
}

/** Results of a prologue, which has them by the slots of its outputs, by the inputs of the main program they are. */
export function resultsByInput<M>({ slots }: Program, outputs: ReadonlyMap<string, M>): Map<string, M> {
  return new Map(slots.flatMap(({ kind, name }) => {
    const result = kind === "input" ? outputs.get(outputSlotName(name)) : undefined;
    return result === undefined ? [] : [[name, result] as const];
  }));
}
