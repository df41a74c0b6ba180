// Which scratch slots share a buffer. Whole buffers, not parts of one: a part can not be read while another part of the
// same buffer is written.

import { slotBytes } from "../../compile/memory_plan.ts";
import type { Program } from "../../compile/program.ts";

/** Buffers for scratch slots. */
export interface Pool {
  /** Bytes of each buffer. */
  readonly sizes: readonly number[];
  /** Buffer of each slot, -1 for slots that are no scratch. */
  readonly assignment: readonly number[];
}

/**
 * Assigns buffers in the order in which slots come to life: the smallest free one that is large enough, else the
 * largest free one, grown.
 */
export function poolSlots({ slots, launches }: Program): Pool {
  const sizes: number[] = [];
  const free = new Set<number>();
  const assignment = new Array<number>(slots.length).fill(-1);
  const born: number[][] = launches.map(() => []);
  const dead: number[][] = launches.map(() => []);
  slots.forEach((slot, i) => {
    if (slot.kind !== "scratch" || launches.length === 0) return;
    born[slot.lifetime[0]]!.push(i);
    dead[slot.lifetime[1]]!.push(i);
  });
  const take = (bytes: number): number => {
    const candidates = [...free].sort((a, b) => sizes[a]! - sizes[b]!);
    const found = candidates.find((b) => sizes[b]! >= bytes) ?? candidates.at(-1);
    if (found === undefined) return sizes.push(bytes) - 1;
    free.delete(found);
    sizes[found] = Math.max(sizes[found]!, bytes);
    return found;
  };
  launches.forEach((_, i) => {
    for (const slot of born[i]!.sort((a, b) => slotBytes(slots[b]!) - slotBytes(slots[a]!))) {
      assignment[slot] = take(slotBytes(slots[slot]!));
    }
    for (const slot of dead[i]!) free.add(assignment[slot]!);
  });
  return { sizes, assignment };
}

/** Bytes of a program's pooled buffers, and of its largest buffer of any kind. */
export function plannedBytes(program: Program): { readonly pooled: number; readonly largest: number } {
  const { sizes } = poolSlots(program);
  const own = program.slots.map((slot) => slot.kind === "scratch" ? 0 : slotBytes(slot));
  return {
    pooled: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largest: [...own, ...sizes].reduce((most, bytes) => Math.max(most, bytes), 0),
  };
}
