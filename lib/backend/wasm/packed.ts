// Products with packed matrices: which launches of a program read a buffer as it is packed, decided when the buffer is
// bound.

import { wholeRows } from "../../compile/matrices.ts";
import type { Launch, LaunchAttributes, LaunchOf, Program } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";

/** A product whose second operand, described in row order, may be packed (layout.ts). */
export interface Product extends LaunchOf<"contract"> {
  readonly attributes: LaunchAttributes["contract"] & { readonly packed?: boolean };
}

/** The launches of a program over memory as it lies. */
export interface PackedLaunches {
  readonly launches: readonly Launch[];
  /** Slots of packed matrices that some launch reads in another way: they have to be bound to a copy in row order. */
  readonly unpack: ReadonlySet<number>;
}

/**
 * Has products read packed matrices.
 *
 * @param program as compiled
 * @param packed columns of the packed matrices by slot
 */
export function packLaunches(
  { slots, launches }: Pick<Program, "slots" | "launches">,
  packed: ReadonlyMap<number, number>,
): PackedLaunches {
  if (packed.size === 0) return { launches, unpack: new Set() };
  const reads = (launch: Launch) => launch.inputs.flatMap(({ slot }) => packed.has(slot) ? [slot] : []);
  const fits = (launch: Launch, slot: number) => {
    const { length } = at(slots, slot);
    return wholeRows(launch, slot, length) === length / packed.get(slot)!;
  };
  const unpack = new Set(launches.flatMap((launch) => reads(launch).filter((slot) => !fits(launch, slot))));
  const marked = launches.map((launch): Launch => {
    const isPacked = reads(launch).some((slot) => !unpack.has(slot));
    return isPacked ? { ...launch, attributes: { ...launch.attributes, packed: true } } as Product : launch;
  });
  return { launches: marked, unpack };
}
