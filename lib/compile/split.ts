// Pass: launches cut along axes whose elements do not depend on each other, until no view reaches further than a device
// can bind at once. Contractions are cut where they are lowered, since their axes are not those of their views; so are
// folds along the axis of their windows, where pieces of the result overlap in what they read.

import { at, BYTES } from "../ir/types.ts";
import type { Kernel, Launch, LaunchOf } from "./program.ts";
import { spanOf, type View } from "./view.ts";

/** An axis to cut: its place in each view, inputs before outputs, null where a view does not have it. */
type Cut = readonly (number | null)[];

type Cuts<K extends Kernel> = (launch: LaunchOf<K>) => readonly Cut[];

function views(launch: Pick<Launch, "inputs" | "outputs">): readonly View[] {
  return [...launch.inputs, ...launch.outputs];
}

/** Axes from 0 up to `end` that all views share. */
function shared(launch: Pick<Launch, "inputs" | "outputs">, end: number): Cut[] {
  return Array.from({ length: end }, (_, i) => views(launch).map(() => i));
}

function rank(launch: Pick<Launch, "outputs">): number {
  return at(launch.outputs, 0).shape.length;
}

/** Places along the output's axes, as each kernel defines them (program.ts). */
const cuts: { readonly [K in Exclude<Kernel, "contract">]: Cuts<K> } = {
  map: (launch) => shared(launch, rank(launch)),
  cast: (launch) => shared(launch, rank(launch)),
  reduce: (launch) => shared(launch, rank(launch)).filter((_, i) => !launch.attributes.axes.includes(i)),
  gather: (launch) =>
    Array.from(
      { length: rank(launch) },
      (_, i) => i === launch.attributes.axis ? [null, 0, i] : [i, null, i],
    ),
  scatterAdd: (launch) =>
    Array.from({ length: rank(launch) }, (_, i): Cut => [i, null, i]).filter((_, i) =>
      i !== launch.attributes.axis
    ),
  fold: (launch) => {
    const { axis } = launch.attributes;
    return Array.from({ length: rank(launch) }, (_, i): Cut => [i < axis ? i : i + 1, i])
      .filter((_, i) => i !== axis);
  },
  layerNorm: (launch) => Array.from({ length: rank(launch) - 1 }, (_, i) => [i, null, null, i]),
  layerNormGradient: () => [],
  groupNormGradient: () => [],
  softmax: (launch) => shared(launch, rank(launch) - 1),
  softmaxGradient: (launch) => shared(launch, rank(launch) - 1),
  swiglu: (launch) => shared(launch, rank(launch) - 1),
  swigluGradient: (launch) => shared(launch, rank(launch) - 1),
  rope: (launch) => shared(launch, rank(launch) - 1),
  attention: (launch) => {
    const m = rank(launch) - 2;
    return [...shared(launch, m), [m, null, null, ...launch.inputs.slice(3).map(() => m), m]];
  },
  attentionGradient: (launch) => shared(launch, rank(launch) - 2),
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

function cutInTwo(launch: Launch, cut: Cut, size: number): Launch[] {
  const half = Math.ceil(size / 2);
  const inputs = launch.inputs.length;
  return [[0, half], [half, size - half]].map(([start = 0, count = 0]) => ({
    ...launch,
    inputs: launch.inputs.map((view, i) => cutView(view, at(cut, i), start, count)),
    outputs: launch.outputs.map((view, i) => cutView(view, at(cut, inputs + i), start, count)),
  } as Launch));
}

/** Elements from the first window to the last: what a fold can be cut along where it is lowered. */
function windowReach({ inputs, attributes: { axis } }: LaunchOf<"fold">): number {
  const x = at(inputs, 0);
  return (at(x.shape, axis) - 1) * Math.abs(at(x.strides, axis));
}

/** Axes a launch can be cut along. */
function cutsOf(launch: Exclude<Launch, LaunchOf<"contract">>): readonly Cut[] {
  return (cuts[launch.kernel] as Cuts<Exclude<Kernel, "contract">>)(
    launch as LaunchOf<Exclude<Kernel, "contract">>,
  );
}

/** How far a view reaches along the axis of a cut. */
function reachOf(view: View, axis: number | null): number {
  return axis === null ? 0 : (at(view.shape, axis) - 1) * Math.abs(at(view.strides, axis));
}

/**
 * Bytes that a view of a launch binds when every cut is made.
 *
 * @param launch any but a contraction
 * @param index of the view, inputs before outputs
 * @param alignment bytes that bindings start at multiples of
 * @param view to take in its place
 */
export function leastBytes(
  launch: Exclude<Launch, LaunchOf<"contract">>,
  index: number,
  alignment: number,
  view: View = at(views(launch), index),
): number {
  const cut = cutsOf(launch).reduce((sum, places) => sum + reachOf(view, at(places, index)), 0);
  return bindingBytes(view, alignment) - cut * BYTES[view.dtype];
}

/**
 * The launch, or several that together do the same.
 *
 * @param launch any but a contraction, which is returned as it is; a fold may stay too large along its windows
 * @param most bytes of a binding
 * @param alignment bytes that bindings start at multiples of
 * @throws RangeError when a view stays too large however the launch is cut
 */
export function splitLaunch(launch: Launch, most: number, alignment: number): Launch[] {
  if (launch.kernel === "contract") return [launch];
  const all = views(launch);
  const large = all.findIndex((view) => bindingBytes(view, alignment) > most);
  if (large < 0) return [launch];
  const view = all[large]!;
  const reach = (cut: Cut) => reachOf(view, at(cut, large));
  const best = [...cutsOf(launch)].sort((a, b) => reach(b) - reach(a))[0];
  const farthest = best ? reach(best) : 0;
  if (launch.kernel === "fold" && farthest < windowReach(launch as LaunchOf<"fold">)) return [launch];
  // What is left when every cut is made: cutting in vain would make a launch an element.
  const least = leastBytes(launch, large, alignment);
  if (!best || farthest === 0 || (least > most && launch.kernel !== "fold")) {
    throw new RangeError(
      `Cannot cut ${launch.kernel} (${launch.scope || "no scope"}): it reaches over ${
        bindingBytes(view, alignment)
      } bytes of one tensor, the device binds ${most} at once; use a smaller window or grid`,
    );
  }
  const size = at(view.shape, at(best, large)!);
  return cutInTwo(launch, best, size).flatMap((half) => splitLaunch(half, most, alignment));
}
