// Fields put together from arrays whose axes stand in any order: components may be arrays of their own, or channels of
// one. What comes out has The Well's order, frames, then points along x, y, z, then components.

import type { MaskKind } from "../../dataset.ts";
import type { StoredArray } from "./stored_array.ts";

/** A component: an array, or a channel of one. */
export interface StoredPart {
  readonly array: StoredArray;
  /**
   * What each of its axes is: `n` trajectories, `t` frames, `x`, `y`, `z` points, `c` channels; `1` an axis of length 1.
   */
  readonly axes: string;
  /** Which channel; where there is an axis of them. */
  readonly channel?: number;
}

/** A field of a file. */
export interface StoredField {
  readonly name: string;
  /** Tensor order. */
  readonly order: number;
  readonly constant: boolean;
  /** Set where it is a mask, whatever its name. */
  readonly mask?: MaskKind;
  /** Its components, row-major. */
  readonly parts: readonly StoredPart[];
}

/** What is read of a field. */
export interface Cut {
  /** Trajectory. */
  readonly index: number;
  /** First frame, and how many. */
  readonly first: number;
  readonly count: number;
  /** Axes of space in the order of the result, `xy`. */
  readonly space: string;
  /** Points along them. */
  readonly points: readonly number[];
}

/** Components that lie in one array: its channels are read at once. */
interface Group {
  readonly array: StoredArray;
  readonly axes: string;
  readonly channels: number[];
  readonly places: number[];
}

function groupsOf(parts: readonly StoredPart[]): Group[] {
  const groups: Group[] = [];
  for (const [place, { array, axes, channel = 0 }] of parts.entries()) {
    const known = groups.find((group) => group.array === array && group.axes === axes);
    if (known) {
      known.channels.push(channel);
      known.places.push(place);
    } else groups.push({ array, axes, channels: [channel], places: [place] });
  }
  return groups;
}

/** The box of an array that holds a cut, and by how much each of its axes moves in what is read. */
function boxOf({ axes, channels }: Group, { index, first, count, space, points }: Cut) {
  const least = Math.min(...channels);
  const range = (axis: string): readonly [number, number] => {
    if (axis === "n") return [index, 1];
    if (axis === "t") return [first, count];
    if (axis === "c") return [least, Math.max(...channels) - least + 1];
    return axis === "1" ? [0, 1] : [0, points[space.indexOf(axis)]!];
  };
  const ranges = [...axes].map(range);
  const sizes = ranges.map(([, size]) => size);
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((n, size) => n * size, 1));
  const stride = (axis: string) => axes.includes(axis) ? strides[axes.indexOf(axis)]! : 0;
  return { start: ranges.map(([start]) => start), sizes, stride, least };
}

/** Copies a component from where it was read to its place among the others. */
function scatter(
  from: Float32Array,
  origin: number,
  strides: readonly number[],
  to: Float32Array,
  place: number,
  components: number,
  sizes: readonly number[],
): void {
  const last = sizes.length - 1;
  const [inner, step] = [sizes[last]!, strides[last]!];
  const at = sizes.map(() => 0);
  let source = origin;
  for (let out = place; out < to.length;) {
    for (let i = 0, s = source; i < inner; i++, s += step, out += components) to[out] = from[s]!;
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      source -= strides[axis]! * sizes[axis]!;
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/**
 * Reads frames of a field.
 *
 * @param field where it lies
 * @param cut trajectory and frames
 * @returns `[count, ..points, ..components]`
 *
 * @example A velocity of two arrays whose axes stand as y, x
 * ```ts
 * import assert from "node:assert/strict";
 * const stored = (values: number[]) => ({
 *   name: "u",
 *   shape: [1, 2, 2],
 *   read: () => Promise.resolve(Float32Array.from(values)),
 * });
 * const parts = [stored([1, 2, 3, 4]), stored([5, 6, 7, 8])].map((array) => ({ array, axes: "tyx" }));
 * const field = { name: "velocity", order: 1, constant: false, parts };
 * const cut = { index: 0, first: 0, count: 1, space: "xy", points: [2, 2] };
 * assert.deepEqual([...await readStored(field, cut)], [1, 5, 3, 7, 2, 6, 4, 8]);
 * ```
 */
export async function readStored({ parts }: StoredField, cut: Cut): Promise<Float32Array> {
  const sizes = [cut.count, ...cut.points];
  const components = parts.length;
  const values = new Float32Array(sizes.reduce((n, size) => n * size, components));
  for (const group of groupsOf(parts)) {
    const box = boxOf(group, cut);
    const read = await group.array.read(box.start, box.sizes);
    const strides = ["t", ...cut.space].map(box.stride);
    for (const [i, place] of group.places.entries()) {
      const origin = (group.channels[i]! - box.least) * box.stride("c");
      scatter(read, origin, strides, values, place, components, sizes);
    }
  }
  return values;
}
