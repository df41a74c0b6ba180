// What a launch means, in double precision and one element at a time: the independent reading of LaunchAttributes that
// backends are compared with. Shares no code with any backend.

import type { ContractAxis, Launch } from "../../lib/compile/program.ts";
import type { View } from "../../lib/compile/view.ts";
import { evaluateArrays } from "../../lib/ir/evaluate_scalar.ts";
import type { Expression } from "../../lib/ir/scalar.ts";
import { at, type Shape, sizeOf } from "../../lib/ir/types.ts";

/** Contents of every slot. */
export type Slots = readonly Float64Array[];

/** Every index of a shape, last axis fastest; always the same array with new contents. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  if (shape.includes(0)) return;
  for (;;) {
    yield index;
    let axis = shape.length - 1;
    while (axis >= 0 && ++index[axis]! === shape[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

/** Position of an element in its slot; indices past the view's rank are not looked at. */
export function position(view: Pick<View, "offset" | "strides">, index: readonly number[]): number {
  let place = view.offset;
  for (let i = 0; i < view.strides.length; i++) place += view.strides[i]! * index[i]!;
  return place;
}

function reader(slots: Slots, view: View): (index: readonly number[]) => number {
  const slot = at(slots, view.slot);
  return (index) => at(slot, position(view, index));
}

function writer(slots: Slots, view: View): (index: readonly number[], value: number) => void {
  const slot = at(slots, view.slot);
  return (index, value) => {
    slot[position(view, index)] = value;
  };
}

function dot(n: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += term(i);
  return sum;
}

function replaced(index: readonly number[], axis: number, ...values: number[]): number[] {
  return [...index.slice(0, axis), ...values, ...index.slice(axis + 1)];
}

function contract(launch: Extract<Launch, { kernel: "contract" }>, slots: Slots): void {
  const { batch, m, n, k, epilogue } = launch.attributes;
  const [a, b, ...extras] = launch.inputs;
  const out = at(launch.outputs, 0);
  const [aSlot, bSlot, target] = [at(slots, a!.slot), at(slots, b!.slot), at(slots, out.slot)];
  const outer = [...batch, ...m, ...n];
  const along = (axes: readonly ContractAxis[], index: readonly number[], of: "a" | "b" | "out") =>
    axes.reduce((sum, axis, i) => sum + axis[of] * at(index, i), 0);
  const shape = k.map(({ size }) => size);
  const strides = (of: "a" | "b") => ({ offset: 0, strides: k.map((axis) => axis[of]) });
  const [aSteps, bSteps] = [[...positions(strides("a"), shape)], [...positions(strides("b"), shape)]];
  for (const index of indices(outer.map(({ size }) => size))) {
    const [aAt, bAt] = [a!.offset + along(outer, index, "a"), b!.offset + along(outer, index, "b")];
    const sum = dot(aSteps.length, (i) => aSlot[aAt + aSteps[i]!]! * bSlot[bAt + bSteps[i]!]!);
    target[out.offset + along(outer, index, "out")] = sum;
  }
  if (!epilogue) return;
  const values = evaluateAll(epilogue, slots, [out, ...extras], out.shape);
  [...positions(out, out.shape)].forEach((place, i) => target[place] = at(values, i));
}

/** Values of an expression at every index of a shape, in C order. */
function evaluateAll(
  expression: Expression,
  slots: Slots,
  views: readonly View[],
  shape: Shape,
): Float64Array {
  const places = views.map((view) => [...positions(view, shape)]);
  const operands = views.map((view, o) =>
    Float64Array.from(at(places, o), (p) => at(at(slots, view.slot), p))
  );
  return evaluateArrays(expression, operands, sizeOf(shape));
}

/** Positions of all elements of a view seen over a shape, in C order. */
function* positions(view: Pick<View, "offset" | "strides">, shape: Shape): Generator<number> {
  for (const index of indices(shape)) yield position(view, index);
}

/** Softmax weights of query `index` (leading axes and m). */
function softmax(launch: { inputs: readonly View[] }, slots: Slots, scale: number, bias: View | undefined) {
  const [q, k] = launch.inputs.map((view) => reader(slots, view));
  const b = bias && reader(slots, bias);
  const [e, n] = [at(launch.inputs[0]!.shape, -1), at(launch.inputs[1]!.shape, -2)];
  return (lead: readonly number[], m: number): number[] => {
    const scores = Array.from({ length: n }, (_, j) => {
      const score = scale * dot(e, (i) => q!([...lead, m, i]) * k!([...lead, j, i]));
      return score + (b ? b([...lead, m, j]) : 0);
    });
    const largest = Math.max(...scores);
    const powers = scores.map((s) => Math.exp(s - largest));
    const total = powers.reduce((x, y) => x + y, 0);
    return powers.map((p) => p / total);
  };
}

function attentionGradient(launch: Extract<Launch, { kernel: "attentionGradient" }>, slots: Slots): void {
  const { scale } = launch.attributes;
  const [q, k, v, g] = launch.inputs.map((view) => reader(slots, view));
  const [dq, dk, dv, db] = launch.outputs.map((view) => ({
    get: reader(slots, view),
    set: writer(slots, view),
  }));
  const [queries, e] = launch.inputs[0]!.shape.slice(-2) as [number, number];
  const [keys, width] = launch.inputs[2]!.shape.slice(-2) as [number, number];
  const weights = softmax(launch, slots, scale, launch.inputs[4]);
  for (const view of launch.outputs) for (const i of indices(view.shape)) writer(slots, view)(i, 0);
  for (const leading of indices(launch.inputs[0]!.shape.slice(0, -2))) {
    const lead = [...leading];
    const add = (to: typeof dq, row: number, i: number, value: number) =>
      to!.set([...lead, row, i], to!.get([...lead, row, i]) + value);
    for (let m = 0; m < queries; m++) {
      const p = weights(lead, m);
      const dp = p.map((_, j) => dot(width, (i) => g!([...lead, m, i]) * v!([...lead, j, i])));
      const mean = dot(keys, (j) => p[j]! * dp[j]!);
      for (let j = 0; j < keys; j++) {
        const slope = p[j]! * (dp[j]! - mean);
        const ds = scale * slope;
        db?.set([...lead, m, j], slope);
        for (let i = 0; i < e; i++) {
          add(dq, m, i, ds * k!([...lead, j, i]));
          add(dk, j, i, ds * q!([...lead, m, i]));
        }
        for (let i = 0; i < width; i++) add(dv, j, i, p[j]! * g!([...lead, m, i]));
      }
    }
  }
}

/** The gradient of a norm over sets of elements, each of `count`, which `setOf` names for an index. */
function normGradient(
  launch: Pick<Launch, "inputs" | "outputs">,
  slots: Slots,
  { count, setOf, isCentred, epsilon }: {
    count: number;
    setOf: (index: readonly number[]) => string;
    isCentred: boolean;
    epsilon: number;
  },
): void {
  const [x, weight, g] = launch.inputs.map((view) => reader(slots, view));
  const [dx, dWeight, dBias] = launch.outputs.map((view) => ({
    get: reader(slots, view),
    set: writer(slots, view),
  }));
  const all = Array.from(indices(launch.inputs[0]!.shape), (index) => [...index]);
  const numbers = new Map<string, number>();
  const sets = all.map(setOf).map((name) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  });
  /** For every element the mean over its set. */
  const means = (values: readonly number[]) => {
    const sums = new Float64Array(numbers.size);
    values.forEach((value, i) => sums[sets[i]!]! += value);
    return sets.map((set) => sums[set]! / count);
  };
  const zeros = all.map(() => 0);
  const values = all.map((index) => x!(index));
  const mean = isCentred ? means(values) : zeros;
  const deviation = means(values.map((value, i) => (value - mean[i]!) ** 2)).map((v) =>
    Math.sqrt(v + epsilon)
  );
  const normal = values.map((value, i) => (value - mean[i]!) / deviation[i]!);
  const scaled = all.map((index) => g!(index) * weight!(index.slice(-1)));
  const level = isCentred ? means(scaled) : zeros;
  const slope = means(scaled.map((value, i) => value * normal[i]!));
  for (let c = 0; c < at(launch.inputs[0]!.shape, -1); c++) {
    for (const to of [dWeight, dBias]) to!.set([c], 0);
  }
  all.forEach((index, i) => {
    dx!.set(index, (scaled[i]! - level[i]! - normal[i]! * slope[i]!) / deviation[i]!);
    const c = index.slice(-1);
    dWeight!.set(c, dWeight!.get(c) + g!(index) * normal[i]!);
    dBias!.set(c, dBias!.get(c) + g!(index));
  });
}

/** SiLU and its derivative. */
function silu(x: number): [number, number] {
  const open = 1 / (1 + Math.exp(-x));
  return [x * open, open * (1 + x * (1 - open))];
}

/**
 * Runs one launch on slots in place.
 *
 * @param launch any kernel
 * @param slots contents by slot number
 */
export function evaluateLaunch(launch: Launch, slots: Slots): void {
  const read = launch.inputs.map((view) => reader(slots, view));
  const out = at(launch.outputs, 0);
  const write = writer(slots, out);
  const [x] = launch.inputs;
  switch (launch.kernel) {
    case "map":
      {
        const values = evaluateAll(launch.attributes.expression, slots, launch.inputs, out.shape);
        let next = 0;
        for (const i of indices(out.shape)) write(i, at(values, next++));
      }
      return;
    case "cast":
      for (const i of indices(out.shape)) {
        write(i, out.dtype === "i32" ? Math.trunc(read[0]!(i)) : read[0]!(i));
      }
      return;
    case "reduce": {
      const { axes, expression, reducer } = launch.attributes;
      const results = new Map<number, number>();
      const values = evaluateAll(expression, slots, launch.inputs, x!.shape);
      const kept = { ...out, strides: out.strides.map((s, axis) => axes.includes(axis) ? 0 : s) };
      let next = 0;
      for (const place of positions(kept, x!.shape)) {
        const value = at(values, next++);
        const before = results.get(place);
        const joined = reducer === "sum" ? (before ?? 0) + value : Math.max(before ?? -Infinity, value);
        results.set(place, joined);
      }
      for (const [place, value] of results) at(slots, out.slot)[place] = value;
      return;
    }
    case "contract":
      return contract(launch, slots);
    case "gather":
      for (const i of indices(out.shape)) {
        const { axis } = launch.attributes;
        write(i, read[0]!(replaced(i, axis, read[1]!([at(i, axis)]))));
      }
      return;
    case "scatterAdd": {
      const { axis } = launch.attributes;
      const old = reader(slots, out);
      for (const i of indices(out.shape)) write(i, 0);
      for (const i of indices(x!.shape)) {
        const to = replaced(i, axis, read[1]!([at(i, axis)]));
        write(to, old(to) + read[0]!(i));
      }
      return;
    }
    case "fold": {
      const { axis, stride: distance } = launch.attributes;
      const old = reader(slots, out);
      for (const i of indices(out.shape)) write(i, 0);
      for (const i of indices(x!.shape)) {
        const at0 = at(i, axis) * distance + at(i, axis + 1);
        const to = [...i.slice(0, axis), at0, ...i.slice(axis + 2)];
        write(to, old(to) + read[0]!(i));
      }
      return;
    }
    case "layerNorm": {
      const n = at(x!.shape, -1);
      for (const row of indices(x!.shape.slice(0, -1))) {
        const value = (i: number) => read[0]!([...row, i]);
        const mean = dot(n, value) / n;
        const variance = dot(n, (i) => (value(i) - mean) ** 2) / n;
        const scale = 1 / Math.sqrt(variance + launch.attributes.epsilon);
        for (let i = 0; i < n; i++) {
          write([...row, i], (value(i) - mean) * scale * read[1]!([i]) + read[2]!([i]));
        }
      }
      return;
    }
    case "rope": {
      const pairs = at(launch.inputs[1]!.shape, -1);
      for (const i of indices(x!.shape)) {
        const feature = at(i, -1);
        const pair = [...i.slice(0, -1), feature >> 1];
        const other = [...i.slice(0, -1), feature ^ 1];
        if (feature >= 2 * pairs) write(i, read[0]!(i));
        else {
          const sine = (feature & 1 ? 1 : -1) * read[2]!(pair);
          write(i, read[0]!(i) * read[1]!(pair) + read[0]!(other) * sine);
        }
      }
      return;
    }
    case "attention": {
      const weights = softmax(launch, slots, launch.attributes.scale, launch.inputs[3]);
      const [n, width] = launch.inputs[2]!.shape.slice(-2) as [number, number];
      for (const index of indices(out.shape.slice(0, -1))) {
        const [lead, m] = [index.slice(0, -1), at(index, -1)];
        const p = weights(lead, m);
        for (let i = 0; i < width; i++) {
          write([...lead, m, i], dot(n, (j) => p[j]! * read[2]!([...lead, j, i])));
        }
      }
      return;
    }
    case "attentionGradient":
      return attentionGradient(launch, slots);
    case "layerNormGradient": {
      const setOf = (index: readonly number[]) => index.slice(0, -1).join();
      const { epsilon } = launch.attributes;
      return normGradient(launch, slots, { count: at(x!.shape, -1), setOf, isCentred: true, epsilon });
    }
    case "groupNormGradient": {
      const { axes, groups } = launch.attributes;
      const width = at(x!.shape, -1) / groups;
      const count = axes.reduce((n, axis) => n * at(x!.shape, axis), width);
      const setOf = (index: readonly number[]) =>
        [...index.slice(0, -1).filter((_, axis) => !axes.includes(axis)), Math.floor(at(index, -1) / width)]
          .join();
      return normGradient(launch, slots, { ...launch.attributes, count, setOf });
    }
    case "softmax":
      for (const lead of indices(out.shape.slice(0, -1))) {
        const row = Array.from({ length: at(out.shape, -1) }, (_, j) => read[0]!([...lead, j]));
        const largest = Math.max(...row);
        const sum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
        row.forEach((value, j) => write([...lead, j], Math.exp(value - largest) / sum));
      }
      return;
    case "softmaxGradient":
      for (const lead of indices(out.shape.slice(0, -1))) {
        const n = at(out.shape, -1);
        const mean = dot(n, (j) => read[0]!([...lead, j]) * read[1]!([...lead, j]));
        for (let j = 0; j < n; j++) {
          write([...lead, j], read[0]!([...lead, j]) * (read[1]!([...lead, j]) - mean));
        }
      }
      return;
    case "swiglu":
      for (const index of indices(out.shape)) {
        const gate = [...index.slice(0, -1), at(index, -1) + at(out.shape, -1)];
        write(index, read[0]!(index) * silu(read[0]!(gate))[0]);
      }
      return;
    case "swigluGradient": {
      const g = launch.inputs[1]!;
      for (const index of indices(g.shape)) {
        const gate = [...index.slice(0, -1), at(index, -1) + at(g.shape, -1)];
        const [value, slope] = silu(read[0]!(gate));
        write(index, read[1]!(index) * value);
        write(gate, read[1]!(index) * read[0]!(index) * slope);
      }
      return;
    }
  }
}
