// Cotangents that meet at a tensor. Those of slices are boxes with zeros around them: boxes beside each other are joined
// to one, instead of being padded to full size and added.

import type { Tensor } from "../ir/node.ts";
import { apply, operand } from "../ir/scalar.ts";
import { concat, constant, map, pad } from "../ir/tensor.ts";
import { at, type Shape } from "../ir/types.ts";

/** Part of a tensor: `value` lies at `starts`. */
interface Box {
  readonly value: Tensor;
  readonly starts: readonly number[];
}

/** Cotangents of one tensor, as far as they have arrived. */
export interface Cotangents {
  /** Sum of those that are no boxes. */
  readonly whole: Tensor | null;
  /** Arguments of pads, to be added. */
  readonly boxes: readonly Box[];
}

/** Sum of two cotangents. */
export function accumulate(x: Tensor | null, y: Tensor): Tensor {
  return x ? map(apply("add", operand(0), operand(1)), x, y) : y;
}

/** The cotangents with another one. */
export function arrive(cotangents: Cotangents | undefined, cotangent: Tensor): Cotangents {
  const { whole = null, boxes = [] } = cotangents ?? {};
  if (cotangent.op !== "pad") return { whole: accumulate(whole, cotangent), boxes };
  const value = at(cotangent.args, 0);
  return { whole, boxes: [...boxes, { value, starts: cotangent.attributes.starts }] };
}

/** Zeros in the shape of `like`, but `length` points along an axis. */
function zeros(like: Tensor, axis: number, length: number): Tensor {
  return constant(0, like.shape.map((n, i) => i === axis ? length : n));
}

/** Boxes in a row along an axis as one, zeros in the gaps; null where two overlap. */
function joined(boxes: readonly Box[], axis: number): Box | null {
  const sorted = boxes.toSorted((a, b) => at(a.starts, axis) - at(b.starts, axis));
  const parts: Tensor[] = [];
  let end = at(at(sorted, 0).starts, axis);
  for (const { value, starts } of sorted) {
    const gap = at(starts, axis) - end;
    if (gap < 0) return null;
    if (gap > 0) parts.push(zeros(value, axis, gap));
    parts.push(value);
    end += gap + at(value.shape, axis);
  }
  return { value: concat(parts, axis), starts: at(sorted, 0).starts };
}

/** Boxes that lie in a row along an axis, each row as one box. */
function joinAlong(boxes: readonly Box[], axis: number): Box[] {
  const others = (list: readonly number[]) => list.filter((_, i) => i !== axis).join();
  const rows = Map.groupBy(boxes, ({ value, starts }) => `${others(starts)}|${others(value.shape)}`);
  return [...rows.values()].flatMap((row) => row.length > 1 ? joined(row, axis) ?? row : row);
}

/**
 * Sum of all cotangents that have arrived.
 *
 * @param cotangents of one tensor
 * @param shape of the tensor
 * @returns boxes in a row as their concatenation; overlapping ones are padded and added
 */
export function total({ whole, boxes }: Cotangents, shape: Shape): Tensor {
  // From the last axis, along which most are cut, to the first.
  const joint = shape.reduceRight<readonly Box[]>((rest, _, axis) => joinAlong(rest, axis), boxes);
  const padded = joint.map(({ value, starts }) => pad(value, starts, shape));
  const [first, ...rest] = whole ? [whole, ...padded] : padded;
  return rest.reduce(accumulate, first!);
}
