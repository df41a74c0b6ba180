// Products with packed matrices: which steps of a program read a buffer as it is packed, decided when the buffer is bound.

import { wholeRows } from "../../compile/matrices.ts";
import type { AnyStep, Program, Step, StepAttributes } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";

/** A product whose second operand, described in row order, may be packed (layout.ts). */
export interface Product extends Step<"contract"> {
  readonly attributes: StepAttributes["contract"] & { readonly packed?: boolean };
}

/** The steps of a program over memory as it lies. */
export interface PackedSteps {
  readonly steps: readonly AnyStep[];
  /** Slots of packed matrices that some step reads in another way: they have to be bound to a copy in row order. */
  readonly unpack: ReadonlySet<number>;
}

/**
 * Has products read packed matrices.
 *
 * @param program as compiled
 * @param packed columns of the packed matrices by slot
 */
export function packSteps(
  { slots, steps }: Pick<Program, "slots" | "steps">,
  packed: ReadonlyMap<number, number>,
): PackedSteps {
  if (packed.size === 0) return { steps, unpack: new Set() };
  const reads = (step: AnyStep) => step.inputs.flatMap(({ slot }) => packed.has(slot) ? [slot] : []);
  const fits = (step: AnyStep, slot: number) => {
    const { length } = at(slots, slot);
    return wholeRows(step, slot, length) === length / packed.get(slot)!;
  };
  const unpack = new Set(steps.flatMap((step) => reads(step).filter((slot) => !fits(step, slot))));
  const marked = steps.map((step): AnyStep => {
    const isPacked = reads(step).some((slot) => !unpack.has(slot));
    return isPacked ? { ...step, attributes: { ...step.attributes, packed: true } } as Product : step;
  });
  return { steps: marked, unpack };
}
