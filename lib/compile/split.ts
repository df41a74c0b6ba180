// Pass: steps cut along axes whose elements do not depend on each other, until no view reaches further than a device can
// bind at once. Contractions are cut where they are lowered, since their axes are not those of their views; so are folds
// along the axis of their windows, where pieces of the result overlap in what they read.

import { at, BYTES } from "../ir/types.ts";
import type { AnyStep, Kernel, Step } from "./program.ts";
import { spanOf, type View } from "./view.ts";

/** An axis to cut: its place in each view, inputs before outputs, null where a view does not have it. */
type Cut = readonly (number | null)[];

type Cuts<K extends Kernel> = (step: Step<K>) => readonly Cut[];

function views(step: Pick<AnyStep, "inputs" | "outputs">): readonly View[] {
  return [...step.inputs, ...step.outputs];
}

/** Axes from 0 up to `end` that all views share. */
function shared(step: Pick<AnyStep, "inputs" | "outputs">, end: number): Cut[] {
  return Array.from({ length: end }, (_, i) => views(step).map(() => i));
}

function rank(step: Pick<AnyStep, "outputs">): number {
  return at(step.outputs, 0).shape.length;
}

/** Places along the output's axes, as each kernel defines them (program.ts). */
const cuts: { readonly [K in Exclude<Kernel, "contract">]: Cuts<K> } = {
  map: (step) => shared(step, rank(step)),
  cast: (step) => shared(step, rank(step)),
  reduce: (step) => shared(step, rank(step)).filter((_, i) => !step.attributes.axes.includes(i)),
  gather: (step) =>
    Array.from({ length: rank(step) }, (_, i) => i === step.attributes.axis ? [null, 0, i] : [i, null, i]),
  scatterAdd: (step) =>
    Array.from({ length: rank(step) }, (_, i): Cut => [i, null, i]).filter((_, i) =>
      i !== step.attributes.axis
    ),
  fold: (step) => {
    const { axis } = step.attributes;
    return Array.from({ length: rank(step) }, (_, i): Cut => [i < axis ? i : i + 1, i])
      .filter((_, i) => i !== axis);
  },
  layerNorm: (step) => Array.from({ length: rank(step) - 1 }, (_, i) => [i, null, null, i]),
  rope: (step) => shared(step, rank(step) - 1),
  attention: (step) => {
    const m = rank(step) - 2;
    return [...shared(step, m), [m, null, null, ...step.inputs.slice(3).map(() => m), m]];
  },
  attentionGradient: (step) => shared(step, rank(step) - 2),
};

/** Bytes a binding of the view takes, from the last multiple of `alignment` before it. */
export function bindingBytes(view: View, alignment: number): number {
  const [first, last] = spanOf(view);
  const width = BYTES[view.dtype];
  return (last + 1) * width - Math.floor(first * width / alignment) * alignment;
}

/** A part of a view along an axis; the view itself where it does not have the axis. */
export function cutView(view: View, axis: number | null, start: number, count: number): View {
  if (axis === null) return view;
  return {
    ...view,
    offset: view.offset + start * at(view.strides, axis),
    shape: view.shape.map((n, i) => i === axis ? count : n),
  };
}

function cutInTwo(step: AnyStep, cut: Cut, size: number): AnyStep[] {
  const half = Math.ceil(size / 2);
  const inputs = step.inputs.length;
  return [[0, half], [half, size - half]].map(([start = 0, count = 0]) => ({
    ...step,
    inputs: step.inputs.map((view, i) => cutView(view, at(cut, i), start, count)),
    outputs: step.outputs.map((view, i) => cutView(view, at(cut, inputs + i), start, count)),
  } as AnyStep));
}

/** Elements from the first window to the last: what a fold can be cut along where it is lowered. */
function windowReach({ inputs, attributes: { axis } }: Step<"fold">): number {
  const x = at(inputs, 0);
  return (at(x.shape, axis) - 1) * Math.abs(at(x.strides, axis));
}

/** Axes a step can be cut along. */
function cutsOf(step: Exclude<AnyStep, Step<"contract">>): readonly Cut[] {
  return (cuts[step.kernel] as Cuts<Exclude<Kernel, "contract">>)(step as Step<Exclude<Kernel, "contract">>);
}

/** How far a view reaches along the axis of a cut. */
function reachOf(view: View, axis: number | null): number {
  return axis === null ? 0 : (at(view.shape, axis) - 1) * Math.abs(at(view.strides, axis));
}

/**
 * Bytes that a view of a step binds when every cut is made.
 *
 * @param step any but a contraction
 * @param index of the view, inputs before outputs
 * @param alignment bytes that bindings start at multiples of
 * @param view to take in its place
 */
export function leastBytes(
  step: Exclude<AnyStep, Step<"contract">>,
  index: number,
  alignment: number,
  view: View = at(views(step), index),
): number {
  const cut = cutsOf(step).reduce((sum, places) => sum + reachOf(view, at(places, index)), 0);
  return bindingBytes(view, alignment) - cut * BYTES[view.dtype];
}

/**
 * The step, or several that together do the same.
 *
 * @param step any but a contraction, which is returned as it is; a fold may stay too large along its windows
 * @param most bytes of a binding
 * @param alignment bytes that bindings start at multiples of
 * @throws RangeError when a view stays too large however the step is cut
 */
export function splitStep(step: AnyStep, most: number, alignment: number): AnyStep[] {
  if (step.kernel === "contract") return [step];
  const all = views(step);
  const large = all.findIndex((view) => bindingBytes(view, alignment) > most);
  if (large < 0) return [step];
  const view = all[large]!;
  const reach = (cut: Cut) => reachOf(view, at(cut, large));
  const best = [...cutsOf(step)].sort((a, b) => reach(b) - reach(a))[0];
  const farthest = best ? reach(best) : 0;
  if (step.kernel === "fold" && farthest < windowReach(step as Step<"fold">)) return [step];
  // What is left when every cut is made: cutting in vain would make a launch an element.
  const least = leastBytes(step, large, alignment);
  if (!best || farthest === 0 || (least > most && step.kernel !== "fold")) {
    throw new RangeError(
      `Cannot cut ${step.kernel} (${step.scope || "no scope"}): it reaches over ${
        bindingBytes(view, alignment)
      } bytes of one tensor, the device binds ${most} at once; use a smaller window or grid`,
    );
  }
  const size = at(view.shape, at(best, large)!);
  return cutInTwo(step, best, size).flatMap((half) => splitStep(half, most, alignment));
}
