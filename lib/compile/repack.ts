// Pass over a program: views that no cut brings within what a device binds at once (the keys of one head, say, strided
// over a wide projection) are copied dense first; results that are strided so are computed dense and copied out.

import { sizeOf } from "../ir/types.ts";
import { operand } from "../ir/scalar.ts";
import { planMemory } from "./memory_plan.ts";
import type { Launch, Program, Slot } from "./program.ts";
import { leastBytes } from "./split.ts";
import { type View, wholeView } from "./view.ts";

function copy(from: View, to: View, scope: string): Launch {
  return { kernel: "map", inputs: [from], outputs: [to], attributes: { expression: operand(0) }, scope };
}

/**
 * The program, or one whose launches can all be cut.
 *
 * @param program as compiled
 * @param most bytes of a binding
 * @param alignment bytes that bindings start at multiples of
 */
export function repack(program: Program, most: number, alignment: number): Program {
  const slots: Slot[] = [...program.slots];
  const launches = program.launches.flatMap((launch): Launch[] => {
    if (launch.kernel === "contract" || launch.kernel === "fold" || launch.kernel === "map") return [launch];
    const dense = (view: View): View => {
      slots.push({
        kind: "scratch",
        dtype: view.dtype,
        length: sizeOf(view.shape),
        name: `${launch.kernel} packed`,
        data: null,
        offset: 0,
        lifetime: [0, 0],
      });
      return wholeView(slots.length - 1, view.dtype, view.shape);
    };
    const before: Launch[] = [];
    const after: Launch[] = [];
    const fit = (view: View, index: number, move: (packed: View) => void): View => {
      if (leastBytes(launch, index, alignment) <= most) return view;
      // Of what is repeated there is little to bind; and what is dense already gains nothing.
      const packed = wholeView(0, view.dtype, view.shape);
      const packable = view.strides.every((stride, i) => stride !== 0 || view.shape[i] === 1);
      if (!packable || leastBytes(launch, index, alignment, packed) > most) return view;
      const made = dense(view);
      move(made);
      return made;
    };
    const inputs = launch.inputs.map((view, i) =>
      fit(view, i, (packed) => before.push(copy(view, packed, launch.scope)))
    );
    const outputs = launch.outputs.map((view, i) =>
      fit(view, launch.inputs.length + i, (packed) => after.push(copy(packed, view, launch.scope)))
    );
    return [...before, { ...launch, inputs, outputs } as Launch, ...after];
  });
  return slots.length === program.slots.length ? program : planMemory(slots, launches);
}
