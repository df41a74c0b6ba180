// Framing: zero margins, flag channels, shift and periodic continuation around the data, and the way back
// (model.md section 4).

import type { Tensor } from "../../ir/node.ts";
import { add, broadcastTo, concat, constant, gather, mul, pad } from "../../ir/tensor.ts";
import { wrap } from "../../nn/conv.ts";
import { type Axis, type Geometry, OPEN, unframeIndices, WALL } from "./geometry.ts";

/** Run-time indices of one forward pass with jitter, by name (`frame/0`, `roll/3/1`); null without jitter. */
export type JitterInputs = Readonly<Record<string, Tensor>> | null;

/** Indicator of an axis over its zero-margined points, shaped to broadcast along that axis. */
function along(axis: number, values: Float32Array): Tensor {
  const shape = [1, 1, 1, 1, 1];
  shape[axis + 1] = values.length;
  return constant(values, shape);
}

/** 1 outside the margins. Without a margin on a bounded axis the released code flags the whole axis: kept. */
function interior(axis: Axis): Float32Array {
  const n = axis.points + 2 * axis.margin;
  const bounded = !axis.singleton && !axis.periodic;
  return Float32Array.from({ length: n }, (_, j) => {
    if (!bounded) return 1;
    return axis.margin > 0 && j >= axis.margin && j < n - axis.margin ? 1 : 0;
  });
}

/** 1 in the margins whose side has `code`; see {@link interior} for axes without margin. */
function side(axis: Axis, code: number): Float32Array {
  const n = axis.points + 2 * axis.margin;
  const bounded = !axis.singleton && !axis.periodic;
  return Float32Array.from({ length: n }, (_, j) => {
    if (!bounded) return 0;
    const near = j < axis.margin && axis.boundary[0] === code;
    const far = (axis.margin === 0 || j >= n - axis.margin) && axis.boundary[1] === code;
    return (near ? 1 : 0) + (far ? 1 : 0);
  });
}

/** The flag channels interior, wall, open: `[1, X, Y, Z, 3]` on the zero-margined grid. */
function flags(geometry: Geometry): Tensor {
  const shape = [1, ...geometry.map((a) => a.points + 2 * a.margin), 1];
  const full = (t: Tensor) => broadcastTo(t, shape);
  const inside = geometry.map((a, i) => along(i, interior(a))).reduce(mul);
  const sides = (code: number) => geometry.map((a, i) => along(i, side(a, code))).reduce(add);
  return concat([full(inside), full(sides(WALL)), full(sides(OPEN))], 4);
}

/**
 * Adds margins and flags.
 *
 * @param x `[n, X, Y, Z, c]`
 * @param geometry of the grid
 * @param jitter run-time indices that shift and continue; null only continues
 * @returns `[n, X', Y', Z', c + 3]`, flags last
 */
export function frame(x: Tensor, geometry: Geometry, jitter: JitterInputs): Tensor {
  const [n = 1, , , , c = 1] = x.shape;
  const starts = [0, ...geometry.map((a) => a.margin), 0];
  const grid = geometry.map((a) => a.points + 2 * a.margin);
  const padded = pad(x, starts, [n, ...grid, c]);
  let framed = concat([padded, broadcastTo(flags(geometry), [n, ...grid, 3])], 4);
  geometry.forEach((axis, i) => {
    if (axis.singleton) return;
    const indices = jitter?.[`frame/${i}`];
    framed = indices ? gather(framed, indices, i + 1) : wrap(framed, i + 1, axis.wrap);
  });
  return framed;
}

/**
 * Takes the margins off and the shift back.
 *
 * @param x `[n, X', Y', Z', c]`
 * @returns `[n, X, Y, Z, c]`
 */
export function unframe(x: Tensor, geometry: Geometry, jitter: JitterInputs): Tensor {
  return geometry.reduce((result, axis, i) => {
    if (axis.singleton || (!jitter && axis.framed === axis.points)) return result;
    const indices = jitter?.[`unframe/${i}`] ??
      constant(unframeIndices(axis, 0), [axis.points], "i32");
    return gather(result, indices, i + 1);
  }, x);
}
