// Slow evaluation of any graph in double precision: the judge of both backends. Values are strided windows into
// Float64Arrays, so movement ops cost nothing; a value is freed after its last use.

import { letterSizes, parseSpec } from "./contract_spec.ts";
import { evaluateArrays } from "./evaluate_scalar.ts";
import { expandFused } from "./expand.ts";
import {
  broadcastLayout,
  isContiguous,
  type Layout,
  permuteLayout,
  reshapeLayout,
  sliceLayout,
  unfoldLayout,
} from "./layout.ts";
import type { Node, Primitive, Tensor } from "./node.ts";
import { operand } from "./scalar.ts";
import type { Graph } from "./trace.ts";
import { at, type HostArray, sizeOf, stridesOf } from "./types.ts";

/** A strided window into numbers. */
interface Value extends Layout {
  readonly data: Float64Array;
}

type Feed = ArrayLike<number> | undefined;
type Evaluate<K extends Primitive> = (node: Node<K>, args: readonly Value[], feed: Feed) => Value;

function whole(data: Float64Array, shape: readonly number[]): Value {
  return { data, offset: 0, shape, strides: stridesOf(shape) };
}

/** Axes that run on as one are one; those of size 1 go. */
function mergedAxes({ shape, strides }: Layout): { sizes: number[]; steps: number[] } {
  const [sizes, steps]: [number[], number[]] = [[], []];
  shape.forEach((size, axis) => {
    const [step, last] = [at(strides, axis), sizes.length - 1];
    if (size === 1) return;
    if (last >= 0 && steps[last] === step * size) [sizes[last], steps[last]] = [sizes[last]! * size, step];
    else [sizes[last + 1], steps[last + 1]] = [size, step];
  });
  return sizes.length === 0 ? { sizes: [1], steps: [1] } : { sizes, steps };
}

/** Calls `visit` with the first data index of every row in C order, and how its elements follow. */
function forEachRow(layout: Layout, visit: (first: number, count: number, step: number) => void): void {
  const { sizes, steps } = mergedAxes(layout);
  const [count, step] = [sizes.pop()!, steps.pop()!];
  const counter = sizes.map(() => 0);
  let base = layout.offset;
  for (;;) {
    visit(base, count, step);
    let axis = sizes.length - 1;
    for (; axis >= 0; axis--) {
      base += steps[axis]!;
      if (++counter[axis]! < sizes[axis]!) break;
      base -= steps[axis]! * sizes[axis]!;
      counter[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** The numbers in C order; the value's own data when it lies that way already. */
function dense(value: Value): Float64Array {
  const size = sizeOf(value.shape);
  if (isContiguous(value)) {
    return value.offset === 0 && value.data.length === size
      ? value.data
      : value.data.subarray(value.offset, value.offset + size);
  }
  const out = new Float64Array(size);
  let i = 0;
  const { data } = value;
  forEachRow(value, (first, count, step) => {
    for (const end = i + count; i < end; first += step) out[i++] = data[first]!;
  });
  return out;
}

/** A writable copy of a box of an array, through its data indices. */
function addInto(target: Float64Array, box: Layout, source: Value): void {
  const from = dense(source);
  let i = 0;
  forEachRow(box, (first, count, step) => {
    for (const end = i + count; i < end; first += step) target[first]! += from[i++]!;
  });
}

function mapValues(node: Node<"map"> | Node<"reduce">, args: readonly Value[]): Float64Array {
  const { expression } = node.attributes;
  if (expression === operand(0)) return dense(at(args, 0));
  return evaluateArrays(expression, args.map(dense), sizeOf(at(args, 0).shape));
}

/** `out[m, n] = sum a[m, k] b[n, k]`, four by four at a time so that loads are shared. */
function multiply(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  offset: number,
  m: number,
  n: number,
  k: number,
) {
  for (let i = 0; i < m; i += 2) {
    const i1 = Math.min(i + 1, m - 1);
    for (let j = 0; j < n; j += 2) {
      const j1 = Math.min(j + 1, n - 1);
      let s00 = 0, s01 = 0, s10 = 0, s11 = 0;
      for (let p = 0; p < k; p++) {
        const a0 = a[i * k + p]!, a1 = a[i1 * k + p]!, b0 = b[j * k + p]!, b1 = b[j1 * k + p]!;
        s00 += a0 * b0;
        s01 += a0 * b1;
        s10 += a1 * b0;
        s11 += a1 * b1;
      }
      out[offset + i * n + j] = s00;
      out[offset + i * n + j1] = j1 === j ? s00 : s01;
      out[offset + i1 * n + j] = i1 === i ? s00 : s10;
      out[offset + i1 * n + j1] = j1 === j ? (i1 === i ? s00 : s10) : (i1 === i ? s01 : s11);
    }
  }
}

/** Levels on each side of 0 that quantised activations have: they fit 7 bits. */
export const QUANTISED_LEVELS = 63;

/** Rows quantised to multiples of their largest number's 63rd part. */
function quantiseRows(rows: Float64Array, length: number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let from = 0; from < rows.length; from += length) {
    const row = rows.subarray(from, from + length);
    const step = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / QUANTISED_LEVELS;
    if (step > 0) row.forEach((value, i) => out[from + i] = Math.round(value / step) * step);
  }
  return out;
}

function contractValues(node: Node<"contract">, args: readonly Value[]): Value {
  const { spec, epilogue, quantised } = node.attributes;
  const [x, y] = [at(args, 0), at(args, 1)];
  const { a, b, out, batch, m, n, k } = parseSpec(spec);
  const sizes = letterSizes(spec, x.shape, y.shape, node.scope);
  const count = (letters: string) => [...letters].reduce((c, l) => c * (sizes.get(l) ?? 1), 1);
  const [batches, rows, columns, depth] = [count(batch), count(m), count(n), count(k)];
  const xs = permuteLayout(x, [...batch + m + k].map((l) => a.indexOf(l)));
  const ys = permuteLayout(y, [...batch + n + k].map((l) => b.indexOf(l)));
  const result = new Float64Array(batches * rows * columns);
  const perBatch = (v: Value, index: number): Value => {
    let rest = index;
    let offset = v.offset;
    for (let i = batch.length - 1; i >= 0; i--) {
      offset += (rest % at(v.shape, i)) * at(v.strides, i);
      rest = Math.floor(rest / at(v.shape, i));
    }
    return {
      data: v.data,
      offset,
      shape: v.shape.slice(batch.length),
      strides: v.strides.slice(batch.length),
    };
  };
  for (let i = 0; i < batches; i++) {
    multiply(
      quantised ? quantiseRows(dense(perBatch(xs, i)), depth) : dense(perBatch(xs, i)),
      dense(perBatch(ys, i)),
      result,
      i * rows * columns,
      rows,
      columns,
      depth,
    );
  }
  const letters = batch + m + n;
  const stored = whole(result, [...letters].map((l) => sizes.get(l) ?? 1));
  const value = permuteLayout(stored, [...out].map((l) => letters.indexOf(l)));
  if (!epilogue) return value;
  const operands = [value, ...args.slice(2)].map(dense);
  return whole(evaluateArrays(epilogue, operands, result.length), value.shape);
}

function reduceValues(node: Node<"reduce">, args: readonly Value[]): Value {
  const { reducer, axes } = node.attributes;
  const input = whole(mapValues(node, args), at(args, 0).shape);
  const order = input.shape.map((_, i) => i);
  const moved = permuteLayout(input, [...order.filter((i) => !axes.includes(i)), ...axes]);
  const from = dense(moved);
  const size = sizeOf(node.shape);
  const length = from.length / size;
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let total = reducer === "sum" ? 0 : -Infinity;
    for (let j = 0; j < length; j++) {
      const v = from[i * length + j]!;
      total = reducer === "sum" ? total + v : Math.max(total, v);
    }
    out[i] = total;
  }
  return whole(out, node.shape);
}

/** Data indices of entry `i` of an axis: the layout without that axis, moved to the entry. */
function entry(layout: Layout, axis: number, i: number): Layout {
  return {
    offset: layout.offset + i * at(layout.strides, axis),
    shape: layout.shape.filter((_, k) => k !== axis),
    strides: layout.strides.filter((_, k) => k !== axis),
  };
}

/** Host data as numbers; f16 from its bits. */
function numbersOf(data: HostArray): Float64Array {
  if (!(data instanceof Uint16Array)) return Float64Array.from(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float64Array.from(data, (_, i) => view.getFloat16(2 * i, true));
}

const evaluatePrimitive: { readonly [K in Primitive]: Evaluate<K> } = {
  input: (node, _, feed) => {
    const { name } = node.attributes;
    if (!feed) throw new RangeError(`Cannot evaluate: input "${name}" got no numbers`);
    if (feed.length !== sizeOf(node.shape)) {
      throw new RangeError(
        `Cannot evaluate: input "${name}" got ${feed.length} numbers, wanted ${sizeOf(node.shape)}`,
      );
    }
    return whole(feed instanceof Float64Array ? feed : Float64Array.from(feed), node.shape);
  },
  constant: ({ attributes: { data }, shape }) =>
    typeof data === "number"
      ? { data: Float64Array.of(data), offset: 0, shape, strides: shape.map(() => 0) }
      : whole(numbersOf(data), shape),
  map: (node, args) => whole(mapValues(node, args), node.shape),
  reduce: reduceValues,
  contract: contractValues,
  reshape: ({ shape }, [x]) => reshapeLayout(x!, shape) ?? whole(dense(x!), shape),
  permute: ({ attributes }, [x]) => permuteLayout(x!, attributes.order),
  broadcast: ({ shape }, [x]) => broadcastLayout(x!, shape),
  slice: ({ attributes }, [x]) => sliceLayout(x!, attributes.starts, attributes.shape),
  pad: ({ attributes: { starts }, shape }, [x]) => {
    const out = whole(new Float64Array(sizeOf(shape)), shape);
    addInto(out.data, sliceLayout(out, starts, x!.shape), x!);
    return out;
  },
  concat: ({ attributes: { axis }, shape }, args) => {
    const out = whole(new Float64Array(sizeOf(shape)), shape);
    let start = 0;
    for (const x of args) {
      addInto(out.data, sliceLayout(out, shape.map((_, i) => i === axis ? start : 0), x.shape), x);
      start += at(x.shape, axis);
    }
    return out;
  },
  unfold: ({ attributes: { axis, size, stride } }, [x]) => unfoldLayout(x!, axis, size, stride),
  fold: ({ attributes: { axis, stride }, shape }, [x]) => {
    const out = whole(new Float64Array(sizeOf(shape)), shape);
    const target = unfoldLayout(out, axis, at(x!.shape, axis + 1), stride);
    addInto(out.data, sliceLayout(target, x!.shape.map(() => 0), x!.shape), x!);
    return out;
  },
  gather: ({ attributes: { axis }, shape }, [x, indices]) => {
    const out = whole(new Float64Array(sizeOf(shape)), shape);
    dense(indices!).forEach((from, i) => {
      addInto(out.data, entry(out, axis, i), { data: x!.data, ...entry(x!, axis, from) });
    });
    return out;
  },
  scatterAdd: ({ attributes: { axis }, shape }, [x, indices]) => {
    const out = whole(new Float64Array(sizeOf(shape)), shape);
    dense(indices!).forEach((to, i) => {
      addInto(out.data, entry(out, axis, to), { data: x!.data, ...entry(x!, axis, i) });
    });
    return out;
  },
  cast: ({ attributes: { dtype } }, [x]) => dtype === "i32" ? whole(dense(x!).map(Math.trunc), x!.shape) : x!,
  // Fused ops are expanded beforehand, so only their first results are left to pick.
  pick: (_, [x]) => x!,
};

/**
 * Evaluates a graph in double precision.
 *
 * @param graph any legal graph
 * @param feeds numbers of every input by name, in C order
 * @param visit called with every node and its numbers as they are made, for comparisons
 * @returns numbers of every output by name, in C order
 * @throws RangeError when an input is missing or has the wrong length
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mul } from "./tensor.ts";
 * import { trace } from "./trace.ts";
 * const graph = trace({ x: { dtype: "f32", shape: [2] } } as const, ({ x }) => ({ square: mul(x, x) }));
 * assert.deepEqual([...evaluate(graph, { x: [3, 4] }).square!], [9, 16]);
 * ```
 */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
  visit?: (node: Tensor, numbers: () => Float64Array) => void,
): Record<string, Float64Array> {
  const expanded = expandFused(graph);
  const uses = new Map<Tensor, number>();
  const use = (node: Tensor) => uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of expanded.nodes) node.args.forEach(use);
  for (const node of expanded.outputs.values()) use(node);

  const values = new Map<Tensor, Value>();
  const valueOf = (node: Tensor): Value => {
    const value = values.get(node);
    if (!value) throw new RangeError(`Cannot evaluate: ${node.op} ${node.id} is used before it is made`);
    return value;
  };
  for (const node of expanded.nodes) {
    const rule = evaluatePrimitive[node.op as Primitive] as Evaluate<Primitive>;
    const feed = node.op === "input" ? feeds[node.attributes.name] : undefined;
    const value = rule(node as Node<Primitive>, node.args.map(valueOf), feed);
    values.set(node, value);
    visit?.(node, () => dense(value));
    for (const arg of node.args) {
      const left = (uses.get(arg) ?? 0) - 1;
      uses.set(arg, left);
      if (left === 0) values.delete(arg);
    }
  }
  const results: Record<string, Float64Array> = {};
  for (const [name, node] of expanded.outputs) results[name] = dense(valueOf(node)).slice();
  return results;
}
