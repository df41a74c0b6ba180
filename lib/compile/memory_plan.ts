// Pass: where scratch slots live. One lifetime analysis; slots whose lifetimes do not meet share bytes of an
// arena.

import { BYTES } from "../ir/types.ts";
import type { Launch, Program, Slot } from "./program.ts";

/** Slots start at multiples of this many bytes: a cache line, and what vector loads like. */
export const ALIGNMENT = 64;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of a slot. */
export function slotBytes(slot: Pick<Slot, "dtype" | "length">): number {
  return slot.length * BYTES[slot.dtype];
}

/** First and last launch that touch each slot; bound and constant slots live always. */
function lifetimes(slots: readonly Slot[], launches: readonly Launch[]): [number, number][] {
  const spans = slots.map((): [number, number] => [Infinity, -1]);
  launches.forEach((launch, i) => {
    for (const { slot } of [...launch.inputs, ...launch.outputs]) {
      const span = spans[slot]!;
      span[0] = Math.min(span[0], i);
      span[1] = Math.max(span[1], i);
    }
  });
  return spans.map((span, i) =>
    slots[i]!.kind === "scratch" && span[1] >= 0 ? span : [0, launches.length - 1]
  );
}

/**
 * Plans memory: the largest slots first, each at the lowest place that is free during its lifetime.
 *
 * @param slots as lowered, offsets ignored
 * @param launches in their order
 */
export function planMemory(slots: readonly Slot[], launches: readonly Launch[]): Program {
  const spans = lifetimes(slots, launches);
  // In the order of their starts.
  const placed: { start: number; end: number; span: readonly [number, number] }[] = [];
  const offsets = new Map<number, number>();
  let arenaBytes = 0;
  const order = slots.map((_, i) => i).filter((i) => slots[i]!.kind === "scratch");
  order.sort((a, b) => slotBytes(slots[b]!) - slotBytes(slots[a]!) || a - b);
  for (const i of order) {
    const span = spans[i]!;
    const bytes = aligned(slotBytes(slots[i]!));
    let offset = 0;
    for (const other of placed) {
      if (other.span[0] > span[1] || span[0] > other.span[1]) continue;
      if (offset + bytes <= other.start) break;
      offset = Math.max(offset, other.end);
    }
    placed.push({ start: offset, end: offset + bytes, span });
    placed.sort((a, b) => a.start - b.start);
    offsets.set(i, offset);
    arenaBytes = Math.max(arenaBytes, offset + bytes);
  }
  const bytes = { input: 0, output: 0, constant: 0, scratch: 0 };
  for (const slot of slots) bytes[slot.kind] += slotBytes(slot);
  const { input, output, constant } = bytes;
  return {
    slots: slots.map((slot, i) => ({ ...slot, offset: offsets.get(i) ?? 0, lifetime: spans[i]! })),
    launches,
    arenaBytes,
    bytes: { input, output, constant },
  };
}
