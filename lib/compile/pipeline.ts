// From a traced graph to programs: the one place where passes are chosen. Pure: what a device offers is an argument, so
// that memory and launches can be planned for devices that are not there.

import { expandFused } from "../ir/expand.ts";
import { fused } from "../ir/fused/mod.ts";
import type { Fused } from "../ir/node.ts";
import type { Graph } from "../ir/trace.ts";
import { fuse } from "./fuse.ts";
import { lower } from "./lower.ts";
import { matricesOf } from "./matrices.ts";
import { slotBytes } from "./memory_plan.ts";
import { precompute } from "./prologue.ts";
import type { Kernel, Program } from "./program.ts";
import { quantiseActivations } from "./quantise.ts";
import { simplify } from "./simplify.ts";
import { updatedNames } from "./update.ts";

/** A pass by name, for printing and checking what each one leaves. */
export type PassObserver = (pass: string, graph: Graph) => void;

/** What may be done to a graph beside what always is. */
export interface CompileOptions {
  /**
   * Whether the input of that name is the same in every run (weights): what depends on such inputs alone is computed
   * once, and they are bound when the program is loaded. None unless given.
   */
  readonly stationary?: ((input: string) => boolean) | undefined;
  /** Dynamic activation quantisation of products with 8-bit matrices: faster, less exact. Not unless given. */
  readonly quantise?: boolean | undefined;
  /** Called with the graph after each pass. */
  readonly observe?: PassObserver | undefined;
}

/** A graph after all passes and its program. */
export interface Part {
  /** Its nodes are launches and views. */
  readonly graph: Graph;
  /** Launches and slots. */
  readonly program: Program;
}

/** A graph before it is loaded: what runs, and what it takes. */
export interface Plan {
  /** Computed once of stationary inputs; its outputs are inputs of `main` of the same names. Null: nothing is. */
  readonly prologue: Part | null;
  /** What every run computes; it has all inputs of the graph. */
  readonly main: Part;
  /**
   * Rows of the stationary inputs that are read whole, row by row, as the second operand of products without batch
   * axes, and in no other way: made with them, their buffers may be packed.
   */
  readonly matrices: ReadonlyMap<string, number>;
  /** Memory: the stationary inputs, and everything else while it runs, other inputs and outputs included. */
  readonly bytes: { readonly stationary: number; readonly working: number };
}

/** What plans depend on of a device. */
export interface PlanTarget {
  /** Kernels with an own implementation; fused ops that are missing are expanded. */
  readonly kernels: ReadonlySet<Kernel>;
}

/** The passes that are requested and those that always run, in their order. */
function passesOf(
  target: PlanTarget,
  { quantise }: CompileOptions,
): [string, (g: Graph) => Graph][] {
  // Some fused ops have no kernel on any device.
  const kernels: ReadonlySet<string> = target.kernels;
  const kept = new Set((Object.keys(fused) as Fused[]).filter((op) => kernels.has(op)));
  return [
    ...quantise ? [["quantise", quantiseActivations] as [string, (g: Graph) => Graph]] : [],
    ["expand", (g) => expandFused(g, kept)],
    ["simplify", simplify],
    ["fuse", (g) => fuse(g)],
  ];
}

function bytesOf(
  { slots, arenaBytes, bytes }: Program,
  stationary: (input: string) => boolean,
): Plan["bytes"] {
  const fixed = slots.filter(({ kind, name }) => kind === "input" && stationary(name));
  const own = fixed.reduce((sum, slot) => sum + slotBytes(slot), 0);
  return { stationary: own, working: arenaBytes + bytes.input - own + bytes.output + bytes.constant };
}

/**
 * Plans a graph: passes, programs, memory. Launches keep the order in which the graph was traced: what is written close
 * together runs close together, and gradients of weights follow the cotangents they are made of, so that neither has to
 * be kept.
 *
 * @param graph as traced
 * @param target whose kernels decide which fused ops are expanded; a device is one
 * @param options which inputs are stationary, whether activations are quantised
 * @throws TypeError when an output replaces a stationary input
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, contract, reshape, sum } from "../ir/tensor.ts";
 * import { trace } from "../ir/trace.ts";
 * const types = {
 *   x: { dtype: "f32", shape: [2, 4] },
 *   w: { dtype: "f32", shape: [8, 4] },
 *   b: { dtype: "f32", shape: [8, 3] },
 * } as const;
 * const graph = trace(types, ({ x, w, b }) => ({
 *   y: add(contract("mk,nk->mn", x, w), reshape(sum(b, [1]), [8])),
 * }));
 * const { prologue, main, matrices, bytes } = plan(graph, { kernels: new Set() }, { stationary: (name) => name !== "x" });
 * assert.deepEqual([prologue!.program.launches.length, main.program.launches.length], [1, 1]);
 * assert.deepEqual([...matrices], [["w", 8]]);
 * assert.equal(bytes.stationary, 4 * 8 * (4 + 3));
 * ```
 */
export function plan(graph: Graph, target: PlanTarget, options: CompileOptions = {}): Plan {
  const { stationary, observe } = options;
  observe?.("trace", graph);
  const whole = passesOf(target, options).reduce((before, [name, pass]) => {
    const after = pass(before);
    observe?.(name, after);
    return after;
  }, graph);
  const part = (graph: Graph): Part => ({ graph, program: lower(graph) });
  if (!stationary) {
    const main = part(whole);
    return { prologue: null, main, matrices: new Map(), bytes: bytesOf(main.program, () => false) };
  }
  const replaced = [...updatedNames(graph)].find(stationary);
  if (replaced !== undefined) {
    throw new TypeError(`Cannot plan: output "${replaced}" replaces an input that is stationary`);
  }
  const parts = precompute(whole, stationary);
  observe?.("prologue", parts.prologue);
  observe?.("main", parts.main);
  const prologue = parts.prologue.outputs.size > 0 ? part(parts.prologue) : null;
  const main = part(parts.main);
  const programs = [...prologue ? [prologue.program] : [], main.program];
  // Results of the prologue are inputs that the caller knows nothing of.
  const given = (name: string) => graph.inputs.has(name) && stationary(name);
  return { prologue, main, matrices: matricesOf(programs, given), bytes: bytesOf(main.program, given) };
}
