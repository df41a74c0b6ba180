// What a fused op must bring: its types and its plain formula. A backend without a kernel runs the formula, and
// so does differentiation where no own gradient is given.

import type { Attributes, Fused, Tensor } from "../node.ts";
import { currentScope, makeNode } from "../trace.ts";
import { at, type Type } from "../types.ts";

/** Definition of one fused op. */
export interface FusedRule<K extends Fused> {
  /** Types of the results, or a TypeError that names what does not fit. */
  readonly infer: (args: readonly Type[], attributes: Attributes[K], scope: string) => readonly Type[];
  /** The results in terms of simpler ops. */
  readonly expand: (args: readonly Tensor[], attributes: Attributes[K]) => readonly Tensor[];
  /**
   * Cotangents of the arguments given those of the results (null: no cotangent); `needed` says which are wanted.
   * Null instead of a list: differentiate the expansion.
   */
  readonly vjp?: (
    args: readonly Tensor[],
    attributes: Attributes[K],
    cotangents: readonly (Tensor | null)[],
    needed: readonly boolean[],
  ) => readonly (Tensor | null)[] | null;
}

/** Makes the node of a fused op. */
export function fusedNode<K extends Fused>(
  op: K,
  rule: FusedRule<K>,
  args: readonly Tensor[],
  attributes: Attributes[K],
): Tensor {
  const types = args.map((a) => at(a.results, 0));
  return makeNode(op, args, attributes, rule.infer(types, attributes, currentScope()));
}

/** Refuses another number of arguments, and arguments that are not f32. */
export function checkOperands(
  op: string,
  types: readonly Type[],
  counts: readonly number[],
  scope: string,
): void {
  if (!counts.includes(types.length)) {
    refuse(op, `got ${types.length} arguments, wanted ${counts.join(" or ")}`, scope);
  }
  if (types.some((t) => t.dtype !== "f32")) {
    refuse(op, `arguments are ${types.map((t) => t.dtype).join(", ")}, wanted f32`, scope);
  }
}

/** Throws the TypeError of a fused op that does not accept its arguments. */
export function refuse(op: string, why: string, scope: string): never {
  throw new TypeError(`Cannot apply ${op}: ${why}${scope ? ` (${scope})` : ""}`);
}
