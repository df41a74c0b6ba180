// `attention` and `attentionGradient` as words, with the scratch memory their streaming needs.

import type { Step } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, type Axis, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { type Lowered, Words } from "./words.ts";

/** Keys of a block and queries that pass by it (wasm/src/attention.rs). */
const KEYS = 192;
const QUERIES = 48;

function upTo(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}

/** Bytes of pieces of floats, each rounded up to a cache line as `Room` does. */
function bytes(...floats: readonly number[]): number {
  return floats.reduce((sum, n) => sum + upTo(4 * n, 64), 0);
}

/** Axes before the last two, in the order of the first view's memory. */
function batchAxes(views: readonly View[]): readonly Axis[] {
  const axes = axesOf(at(views, 0).shape.slice(0, -2), views.map((v) => v.strides.slice(0, -2)));
  return bounded(mergeAxes(sortAxes(axes, 0)), views.length);
}

/** Header and matrices both kernels begin with; `views` starts with q, k, v. */
function matrices(
  views: readonly View[],
  scale: number,
): { words: Words; put: (view: View, o: number) => void } {
  const axes = batchAxes(views);
  const [q, k, v] = [at(views, 0), at(views, 1), at(views, 2)];
  const words = new Words().put(axes.length, ...sizesOf(axes));
  words.put(at(q.shape, -2), at(k.shape, -2), at(q.shape, -1), at(v.shape, -1)).float(scale);
  const put = (view: View, o: number) =>
    void words.place(view).put(...stridesAlong(axes, o), at(view.strides, -2), at(view.strides, -1));
  return { words, put };
}

/** Lowers `attention`. */
export function attention({ inputs, outputs, attributes: { scale } }: Step<"attention">): Lowered {
  const [q, k, v, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), inputs[3]];
  const views = [q, k, v, at(outputs, 0), ...bias ? [bias] : []];
  const { words, put } = matrices(views, scale);
  views.slice(0, 4).forEach(put);
  words.put(bias ? 1 : 0);
  if (bias) put(bias, 4);
  const [n, e, width] = [at(k.shape, -2), at(q.shape, -1), at(v.shape, -1)];
  const [keys, tall, padded] = [upTo(n, KEYS), upTo(width, 6), upTo(e, 4)];
  const scratch = bytes(
    Math.max(KEYS, width) + 12,
    Math.max(KEYS, e) + 4,
    keys * padded,
    keys * tall,
    QUERIES * padded,
    (KEYS + 6) * 8,
    QUERIES * tall,
    2 * QUERIES,
  );
  return { words, scratch, shared: 0 };
}

/** Lowers `attentionGradient`. */
export function attentionGradient(
  { inputs, outputs, attributes: { scale } }: Step<"attentionGradient">,
): Lowered {
  const views = [...inputs, ...outputs];
  const { words, put } = matrices(views, scale);
  views.forEach(put);
  const [q, k, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const [n, e, width] = [at(k.shape, -2), at(q.shape, -1), at(v.shape, -1)];
  const [keys, widest] = [upTo(n, 12), upTo(Math.max(e, width), 24)];
  const scratch = bytes(
    Math.max(keys, widest) + 2 * QUERIES,
    Math.max(keys, widest) + 2 * QUERIES,
    keys * upTo(e, 4),
    keys * widest,
    keys * upTo(width, 4),
    ...new Array<number>(4).fill(QUERIES * widest),
    ...new Array<number>(3).fill(keys * QUERIES),
    widest * 8,
  );
  return { words, scratch, shared: 0 };
}
