// Strided windows. Movement ops (reshape, permute, broadcast, slice, unfold) only change the window: they cost
// nothing until someone reads through it. The evaluator and both backends address operands this way.

import { at, type Shape, stridesOf } from "./types.ts";

/** A strided window; offset and strides count elements. A broadcast axis has stride 0. */
export interface Layout {
  /** First element. */
  readonly offset: number;
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Elements from one entry to the next. */
  readonly strides: readonly number[];
}

/** Whether the view's elements lie one after the other in C order. */
export function isContiguous(view: Layout): boolean {
  let stride = 1;
  for (let i = view.shape.length - 1; i >= 0; i--) {
    const n = at(view.shape, i);
    if (n !== 1 && view.strides[i] !== stride) return false;
    stride *= n;
  }
  return true;
}

/** Whether two windows are the same elements in the same order. */
export function sameWindow(a: Layout, b: Layout): boolean {
  return a.offset === b.offset && a.shape.length === b.shape.length &&
    a.shape.every((n, i) => n === b.shape[i] && (n === 1 || a.strides[i] === b.strides[i]));
}

/** Axes reordered: axis `i` of the result is axis `order[i]` of the view. */
export function permuteLayout<L extends Layout>(view: L, order: readonly number[]): L {
  return {
    ...view,
    shape: order.map((i) => at(view.shape, i)),
    strides: order.map((i) => at(view.strides, i)),
  };
}

/** Axes of size 1 repeated to `shape`. */
export function broadcastLayout<L extends Layout>(view: L, shape: Shape): L {
  return {
    ...view,
    shape,
    strides: view.strides.map((s, i) => at(view.shape, i) === shape[i] ? s : 0),
  };
}

/** The box that starts at `starts` and has `shape`. */
export function sliceLayout<L extends Layout>(view: L, starts: readonly number[], shape: Shape): L {
  const offset = starts.reduce((sum, start, i) => sum + start * at(view.strides, i), view.offset);
  return { ...view, offset, shape };
}

/** Axis replaced by (windows, size): window `w` starts at `w * stride`. */
export function unfoldLayout<L extends Layout>(view: L, axis: number, size: number, stride: number): L {
  const n = at(view.shape, axis);
  const inner = at(view.strides, axis);
  const windows = Math.floor((n - size) / stride) + 1;
  return {
    ...view,
    shape: [...view.shape.slice(0, axis), windows, size, ...view.shape.slice(axis + 1)],
    strides: [...view.strides.slice(0, axis), inner * stride, inner, ...view.strides.slice(axis + 1)],
  };
}

/**
 * The view under another shape, or null when no strides can express it (then the elements must be copied).
 *
 * @param view what to look at
 * @param shape as many elements as the view has
 */
export function reshapeLayout<L extends Layout>(view: L, shape: Shape): L | null {
  if (isContiguous(view)) return { ...view, shape, strides: stridesOf(shape) };
  // Groups of old axes that are contiguous among themselves are matched with groups of new axes of equal size.
  const old = view.shape.map((n, i) => ({ n, stride: at(view.strides, i) })).filter(({ n }) => n !== 1);
  const strides = new Array<number>(shape.length).fill(0);
  let o = 0;
  let i = 0;
  while (i < shape.length) {
    if (at(shape, i) === 1) {
      i++;
      continue;
    }
    const firstNew = i;
    const firstOld = o;
    let newSize = at(shape, i++);
    let oldSize = at(old, o++).n;
    while (newSize !== oldSize) {
      if (newSize < oldSize) newSize *= at(shape, i++);
      else oldSize *= at(old, o++).n;
    }
    for (let k = firstOld; k < o - 1; k++) {
      if (at(old, k).stride !== at(old, k + 1).stride * at(old, k + 1).n) return null;
    }
    let stride = at(old, o - 1).stride;
    for (let k = i - 1; k >= firstNew; k--) {
      strides[k] = stride;
      stride *= at(shape, k);
    }
  }
  return { ...view, shape, strides };
}

/** An index space shared by several views: its sizes and, per view, one stride an axis. */
export interface IndexSpace {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/**
 * The fewest axes that describe the same walk through all views: axes of size 1 are dropped and neighbours are
 * merged where every view steps through them evenly.
 *
 * @param views views of equal shape
 * @returns at least one axis, sizes outermost first
 */
export function collapse(views: readonly Pick<Layout, "shape" | "strides">[]): IndexSpace {
  const shape = at(views, 0).shape;
  const sizes: number[] = [];
  const strides: number[][] = views.map(() => []);
  for (let i = 0; i < shape.length; i++) {
    const n = at(shape, i);
    if (n === 1) continue;
    const last = sizes.length - 1;
    const merges = last >= 0 &&
      views.every((v, k) => at(at(strides, k), last) === at(v.strides, i) * n);
    if (merges) {
      sizes[last] = at(sizes, last) * n;
      views.forEach((v, k) => at(strides, k)[last] = at(v.strides, i));
    } else {
      sizes.push(n);
      views.forEach((v, k) => at(strides, k).push(at(v.strides, i)));
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    strides.forEach((s) => s.push(1));
  }
  return { sizes, strides };
}
