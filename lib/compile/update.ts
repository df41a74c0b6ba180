// Pass over launches: outputs that replace an input are written where the input lies. In place where nothing reads the
// old value afterwards, else computed apart and copied in at the end.

import { sameWindow } from "../ir/layout.ts";
import { operand } from "../ir/scalar.ts";
import type { Graph } from "../ir/trace.ts";
import { sameShape } from "../ir/types.ts";
import type { Launch, Slot } from "./program.ts";
import { type View, wholeView } from "./view.ts";

/** A slot with the new value, and the input slot it replaces. */
export interface Update {
  /** Holds the new value, dense. */
  readonly from: number;
  /** The input. */
  readonly into: number;
}

/** Names of the outputs that replace an input: those with the name and the type of one. */
export function updatedNames(graph: Pick<Graph, "inputs" | "outputs">): Set<string> {
  const names = [...graph.outputs].filter(([name, node]) => {
    const input = graph.inputs.get(name);
    return input && input.dtype === node.dtype && sameShape(input.shape, node.shape);
  });
  return new Set(names.map(([name]) => name));
}

/** Whether a launch may read a slot that it overwrites: an element-wise one that reads each element where it writes. */
function readsInPlace(launch: Launch, into: number): boolean {
  if (launch.kernel !== "map") return false;
  const target = launch.outputs[0];
  return target !== undefined &&
    launch.inputs.every((view) => view.slot !== into || sameWindow(view, target));
}

/** Slots of launches, each with the launch it is of. */
function touched(launches: readonly Launch[], by: "inputs" | "outputs"): [slot: number, launch: number][] {
  return launches.flatMap((launch, i) => launch[by].map(({ slot }): [number, number] => [slot, i]));
}

/**
 * Places all updates.
 *
 * @param slots as lowered; a `from` is a scratch slot of its own, dense and whole
 * @param launches in their order
 * @param updates at most one an input
 * @returns slots and launches without the `from` slots that were merged into their inputs
 */
export function placeUpdates(
  slots: readonly Slot[],
  launches: readonly Launch[],
  updates: readonly Update[],
): { slots: Slot[]; launches: Launch[] } {
  const merged = new Map<number, number>();
  const copies: Launch[] = [];
  // First launches that write, last ones that read: what comes later in a list replaces what came before.
  const writes = new Map(touched(launches, "outputs").reverse());
  const reads = new Map(touched(launches, "inputs"));
  // Whether the new value can be written over the old one from its first element on.
  const fits = ({ from, into }: Update): boolean => {
    const [first, last] = [writes.get(from) ?? -1, reads.get(into) ?? -1];
    return last < first || (last === first && readsInPlace(launches[first]!, into));
  };
  for (const update of updates) {
    if (fits(update)) merged.set(update.from, update.into);
    else {
      const { dtype, length, name } = slots[update.into]!;
      copies.push({
        kernel: "map",
        inputs: [wholeView(update.from, dtype, [length])],
        outputs: [wholeView(update.into, dtype, [length])],
        attributes: { expression: operand(0) },
        scope: `update/${name}`,
      });
    }
  }
  const kept = slots.map((_, i) => i).filter((i) => !merged.has(i));
  const places = new Map(kept.map((slot, place) => [slot, place]));
  const move = (view: View): View => ({ ...view, slot: places.get(merged.get(view.slot) ?? view.slot)! });
  return {
    slots: kept.map((i) => slots[i]!),
    launches: [...launches, ...copies].map((launch): Launch => ({
      ...launch,
      inputs: launch.inputs.map(move),
      outputs: launch.outputs.map(move),
    })),
  };
}
