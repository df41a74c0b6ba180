// A second reading of every op: one formula for one element of a result, written from the op's description and with
// no code of the evaluator. What scatters there gathers here.

import { parseSpec } from "../../lib/ir/contract_spec.ts";
import type { GroupNormAttributes, Node, Op, Tensor } from "../../lib/ir/node.ts";
import { type Expression, scalarFunctions } from "../../lib/ir/scalar.ts";
import type { Graph } from "../../lib/ir/trace.ts";
import { at, type Shape, sizeOf, stridesOf } from "../../lib/ir/types.ts";
import { indices } from "../backend/evaluate_launch.ts";

/** An element by its index. */
type Element = (index: readonly number[]) => number;

/** The formula of each result of a node, from the elements of its arguments. */
type Formula<K extends Op> = (node: Node<K>, args: readonly Element[]) => readonly Element[];

function evaluate(e: Expression, operands: (i: number) => number): number {
  if (e.fn === "operand") return operands(e.value);
  if (e.fn === "number") return e.value;
  const [x = NaN, y = NaN, z = NaN] = e.args.map((a) => evaluate(a, operands));
  return scalarFunctions[e.fn].evaluate(x, y, z);
}

function total(n: number, term: (i: number) => number): number {
  return Array.from({ length: n }, (_, i) => term(i)).reduce((sum, t) => sum + t, 0);
}

/** Terms of a sum over all indices of a shape. */
function each(shape: Shape, term: (index: readonly number[]) => number): number[] {
  const terms: number[] = [];
  for (const index of indices(shape)) terms.push(term(index));
  return terms;
}

function add(terms: readonly number[]): number {
  return terms.reduce((x, y) => x + y, 0);
}

function insert(index: readonly number[], axis: number, removed: number, ...values: number[]): number[] {
  return [...index.slice(0, axis), ...values, ...index.slice(axis + removed)];
}

/** A quantity of a pair of query and key. */
type Pair = (lead: readonly number[], m: number, n: number) => number;

/** Computes each pair once: every element of a result asks for all of them. */
function once(pair: Pair): Pair {
  const known = new Map<string, number>();
  return (lead, m, n) => {
    const key = [...lead, m, n].join();
    const value = known.get(key) ?? pair(lead, m, n);
    known.set(key, value);
    return value;
  };
}

/** Softmax weight of key `n` for query `m`. */
function weight(node: Tensor, [q, k]: readonly Element[], scale: number, bias: Element | undefined): Pair {
  const [e, keys] = [at(at(node.args, 0).shape, -1), at(at(node.args, 1).shape, -2)];
  const score = once((lead, m, j) =>
    scale * total(e, (i) => q!([...lead, m, i]) * k!([...lead, j, i])) + (bias ? bias([...lead, m, j]) : 0)
  );
  // The largest score need not be taken off first when the denominator is written so.
  return once((lead, m, n) => 1 / total(keys, (j) => Math.exp(score(lead, m, j) - score(lead, m, n))));
}

/** Which elements of x share their statistics with an element, how its norm is centred, and what keeps it from 0. */
interface Norm {
  readonly set: (index: readonly number[]) => readonly (readonly number[])[];
  readonly isCentred: boolean;
  readonly epsilon: number;
}

/** Over the last axis. */
function layerOf(x: Tensor, epsilon: number): Norm {
  const set = (index: readonly number[]) =>
    Array.from({ length: at(x.shape, -1) }, (_, i) => [...index.slice(0, -1), i]);
  return { set, isCentred: true, epsilon };
}

/** Over axes and the channels of a group. */
function groupOf(x: Tensor, { axes, groups, isCentred, epsilon }: GroupNormAttributes): Norm {
  const width = at(x.shape, -1) / groups;
  const set = (index: readonly number[]) => {
    const first = at(index, -1) - at(index, -1) % width;
    const shape = x.shape.map((n, axis) => axes.includes(axis) ? n : axis === x.shape.length - 1 ? width : 1);
    const found: number[][] = [];
    for (const within of indices(shape)) {
      found.push(within.map((i, axis) => {
        if (axis === x.shape.length - 1) return first + i;
        return axes.includes(axis) ? i : at(index, axis);
      }));
    }
    return found;
  };
  return { set, isCentred, epsilon };
}

/** Elements divided by the deviation of their set, and that deviation; each set once. */
function normalized(x: Element, { set, isCentred, epsilon }: Norm) {
  const known = new Map<string, readonly [mean: number, deviation: number]>();
  const statistics = (members: readonly (readonly number[])[]) => {
    const values = members.map(x);
    const mean = isCentred ? add(values) / values.length : 0;
    return [mean, Math.sqrt(add(values.map((v) => (v - mean) ** 2)) / values.length + epsilon)] as const;
  };
  return (index: readonly number[]): [number, number] => {
    if (!known.has(index.join())) {
      const members = set(index);
      const found = statistics(members);
      for (const member of members) known.set(member.join(), found);
    }
    const [mean, deviation] = known.get(index.join())!;
    return [(x(index) - mean) / deviation, deviation];
  };
}

/** Cotangents of x, weight and bias, term by term: how every element of a set moves every other. */
function normGradient(node: Tensor, [x, weight, g]: readonly Element[], norm: Norm): Element[] {
  const { shape } = at(node.args, 0);
  const normal = normalized(x!, norm);
  const ofChannel = (c: number, term: (index: readonly number[]) => number) => {
    const lead = each(shape.slice(0, -1), (index) => term([...index, c]));
    return add(lead);
  };
  return [
    (index) => {
      const [own, deviation] = normal(index);
      const set = norm.set(index);
      return add(set.map((other) => {
        const same = other.every((i, axis) => i === at(index, axis)) ? 1 : 0;
        const through = (norm.isCentred ? 1 : 0) + own * normal(other)[0];
        return g!(other) * weight!(other.slice(-1)) * (same - through / set.length);
      })) / deviation;
    },
    ([c = 0]) => ofChannel(c, (index) => g!(index) * normal(index)[0]),
    ([c = 0]) => ofChannel(c, (index) => g!(index)),
  ];
}

/** Formulas of all ops that have arguments or data. */
export const formulas: { readonly [K in Exclude<Op, "input">]: Formula<K> } = {
  constant: ({ attributes: { data, type } }) => {
    if (typeof data === "number") return [() => data];
    const strides = stridesOf(type.shape);
    const bits = new DataView(data.buffer, data.byteOffset);
    const read = (i: number) => type.dtype === "f16" ? bits.getFloat16(2 * i, true) : at(data, i);
    return [(index) => read(add(index.map((n, axis) => n * at(strides, axis))))];
  },
  map: ({ attributes: { expression } }, args) => [
    (index) => evaluate(expression, (i) => at(args, i)(index)),
  ],
  reduce: (node, args) => {
    const { reducer, axes, expression } = node.attributes;
    const { shape } = at(node.args, 0);
    return [(index) => {
      const inner = each(axes.map((axis) => at(shape, axis)), (within) => {
        const full = index.map((i, axis) => axes.includes(axis) ? at(within, axes.indexOf(axis)) : i);
        return evaluate(expression, (i) => at(args, i)(full));
      });
      return reducer === "sum" ? add(inner) : inner.reduce((x, y) => x > y ? x : y);
    }];
  },
  contract: (node, args) => {
    const { a, b, out } = parseSpec(node.attributes.spec);
    const { epilogue } = node.attributes;
    const size = (letter: string) => {
      const [list, i] = a.includes(letter) ? [a, 0] : [b, 1];
      return at(at(node.args, i).shape, list.indexOf(letter));
    };
    const summed = [...new Set(a + b)].filter((letter) => !out.includes(letter));
    return [(index) => {
      const place = new Map([...out].map((letter, i) => [letter, at(index, i)]));
      const of = (letters: string) => [...letters].map((letter) => place.get(letter)!);
      const sum = add(each(summed.map(size), (within) => {
        summed.forEach((letter, i) => place.set(letter, at(within, i)));
        return at(args, 0)(of(a)) * at(args, 1)(of(b));
      }));
      return epilogue ? evaluate(epilogue, (i) => i === 0 ? sum : at(args, i + 1)(index)) : sum;
    }];
  },
  reshape: (node, [x]) => {
    const from = at(node.args, 0).shape;
    return [(index) => {
      let place = index.reduce((sum, n, axis) => sum * at(node.shape, axis) + n, 0);
      return x!(
        from.toReversed().map((n) => {
          const digit = place % n;
          place = (place - digit) / n;
          return digit;
        }).toReversed(),
      );
    }];
  },
  permute: (
    { attributes: { order } },
    [x],
  ) => [(index) => x!(order.map((_, i) => at(index, order.indexOf(i))))],
  broadcast: (node, [x]) => {
    const { shape } = at(node.args, 0);
    return [(index) => x!(index.map((n, axis) => at(shape, axis) === 1 ? 0 : n))];
  },
  slice: ({ attributes: { starts } }, [x]) => [(index) => x!(index.map((n, axis) => n + at(starts, axis)))],
  pad: (node, [x]) => {
    const { shape } = at(node.args, 0);
    return [(index) => {
      const inner = index.map((n, axis) => n - at(node.attributes.starts, axis));
      return inner.every((n, axis) => n >= 0 && n < at(shape, axis)) ? x!(inner) : 0;
    }];
  },
  concat: (node, args) => {
    const { axis } = node.attributes;
    return [(index) => {
      let rest = at(index, axis);
      let part = 0;
      for (; rest >= at(at(node.args, part).shape, axis); part++) rest -= at(at(node.args, part).shape, axis);
      return at(args, part)(insert(index, axis, 1, rest));
    }];
  },
  unfold: ({ attributes: { axis, stride } }, [x]) => [
    (index) => x!(insert(index, axis, 2, at(index, axis) * stride + at(index, axis + 1))),
  ],
  fold: (node, [x]) => {
    const { axis, stride } = node.attributes;
    const { shape } = at(node.args, 0);
    const windows = [at(shape, axis), at(shape, axis + 1)];
    return [
      (index) =>
        add(
          each(windows, ([w = 0, j = 0]) =>
            w * stride + j === at(index, axis) ? x!(insert(index, axis, 1, w, j)) : 0),
        ),
    ];
  },
  gather: ({ attributes: { axis } }, [x, picks]) => [
    (index) => x!(insert(index, axis, 1, picks!([at(index, axis)]))),
  ],
  scatterAdd: (node, [x, places]) => {
    const { axis } = node.attributes;
    const count = at(at(node.args, 1).shape, 0);
    return [
      (index) => total(count, (j) => places!([j]) === at(index, axis) ? x!(insert(index, axis, 1, j)) : 0),
    ];
  },
  cast: ({ dtype }, [x]) => [(index) => dtype === "i32" ? Math.trunc(x!(index)) : x!(index)],
  pick: () => {
    throw new TypeError("pick is read from all results of its argument");
  },
  layerNorm: (node, [x, scale, shift]) => {
    const n = at(node.shape, -1);
    return [(index) => {
      const value = (i: number) => x!([...index.slice(0, -1), i]);
      const mean = total(n, value) / n;
      const variance = total(n, (i) => (value(i) - mean) ** 2) / n;
      const feature = at(index, -1);
      const centred = value(feature) - mean;
      return centred / Math.sqrt(variance + node.attributes.epsilon) * scale!([feature]) + shift!([feature]);
    }];
  },
  layerNormGradient: (node, args) =>
    normGradient(node as Tensor, args, layerOf(at(node.args, 0), node.attributes.epsilon)),
  groupNorm: (node, [x, weight, bias]) => {
    const normal = normalized(x!, groupOf(at(node.args, 0), node.attributes));
    return [(index) => {
      const channel = index.slice(-1);
      return normal(index)[0] * weight!(channel) + (bias?.(channel) ?? 0);
    }];
  },
  groupNormGradient: (node, args) =>
    normGradient(node as Tensor, args, groupOf(at(node.args, 0), node.attributes)),
  softmax: (node, [x]) => {
    const n = at(node.shape, -1);
    return [(index) => 1 / total(n, (j) => Math.exp(x!([...index.slice(0, -1), j]) - x!(index)))];
  },
  softmaxGradient: (node, [y, g]) => {
    const n = at(node.shape, -1);
    return [(index) => {
      const of = (j: number) => [...index.slice(0, -1), j];
      return total(n, (j) => ((j === at(index, -1) ? 1 : 0) - y!(index)) * y!(of(j)) * g!(of(j)));
    }];
  },
  swiglu: (node, [x]) => [(index) => {
    const gate = x!([...index.slice(0, -1), at(index, -1) + at(node.shape, -1)]);
    return x!(index) * gate / (1 + Math.exp(-gate));
  }],
  swigluGradient: (node, [x, g]) => {
    const half = at(node.shape, -1) / 2;
    return [(index) => {
      const feature = at(index, -1);
      const of = (i: number) => [...index.slice(0, -1), i];
      const [value, gate] = [x!(of(feature % half)), x!(of(half + feature % half))];
      const open = 1 / (1 + Math.exp(-gate));
      // A product: each half is the factor of the other one's cotangent.
      const factor = feature < half ? gate * open : value * (open + gate * open * (1 - open));
      return g!(of(feature % half)) * factor;
    }];
  },
  rope: (node, [x, cosine, sine]) => {
    const pairs = at(at(node.args, 1).shape, -1);
    return [(index) => {
      const feature = at(index, -1);
      if (feature >= 2 * pairs) return x!(index);
      const of = (i: number) => [...index.slice(0, -1), i];
      // The pair as a complex number times cos + i sin.
      const pair = of(feature >> 1);
      const [re, im] = [x!(of(feature & ~1)), x!(of(feature | 1))];
      return feature % 2 === 0
        ? re * cosine!(pair) - im * sine!(pair)
        : re * sine!(pair) + im * cosine!(pair);
    }];
  },
  attention: (node, args) => {
    const p = weight(node as Tensor, args, node.attributes.scale, args[3]);
    const keys = at(at(node.args, 1).shape, -2);
    return [(index) => {
      const [lead, m, i] = [index.slice(0, -2), at(index, -2), at(index, -1)];
      return total(keys, (n) => p(lead, m, n) * args[2]!([...lead, n, i]));
    }];
  },
  attentionGradient: (node, args) => {
    const { scale } = node.attributes;
    const [q, k, v, g] = args;
    const p = weight(node as Tensor, args, scale, args[4]);
    const [queries, keys] = [at(at(node.args, 0).shape, -2), at(at(node.args, 1).shape, -2)];
    const width = at(at(node.args, 2).shape, -1);
    // d loss / d weight, and through the softmax d loss / d (scaled score).
    const dp = once((lead, m, n) => total(width, (i) => g!([...lead, m, i]) * v!([...lead, n, i])));
    const ds = once((lead, m, n) =>
      total(keys, (j) => p(lead, m, j) * ((j === n ? 1 : 0) - p(lead, m, n)) * dp(lead, m, j))
    );
    const split = (index: readonly number[]) => [index.slice(0, -2), at(index, -2), at(index, -1)] as const;
    return [
      (index) => {
        const [lead, m, i] = split(index);
        return scale * total(keys, (n) => ds(lead, m, n) * k!([...lead, n, i]));
      },
      (index) => {
        const [lead, n, i] = split(index);
        return scale * total(queries, (m) => ds(lead, m, n) * q!([...lead, m, i]));
      },
      (index) => {
        const [lead, n, i] = split(index);
        return total(queries, (m) => p(lead, m, n) * g!([...lead, m, i]));
      },
      ...args[4] ? [(index: readonly number[]) => ds(...split(index))] : [],
    ];
  },
};

function readerOf(numbers: ArrayLike<number>, shape: Shape): Element {
  const strides = stridesOf(shape);
  return (index) => at(numbers, index.reduce((place, n, axis) => place + n * at(strides, axis), 0));
}

/**
 * Evaluates a graph by the formulas, fused ops included.
 *
 * @param graph any graph
 * @param feeds numbers of the inputs
 * @returns numbers of the outputs, in C order
 */
export function evaluateByFormulas(
  graph: Graph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Float64Array> {
  const values = new Map<Tensor, readonly Float64Array[]>();
  const results = (node: Tensor): readonly Float64Array[] => {
    if (node.op === "input") return [Float64Array.from(feeds[node.attributes.name]!)];
    if (node.op === "pick") return [at(values.get(at(node.args, 0))!, node.attributes.index)];
    const args = node.args.map((a) => readerOf(values.get(a)![0]!, a.shape));
    const formula = formulas[node.op] as Formula<Op>;
    return formula(node as Node<Op>, args).map((element, i) => {
      const { shape } = at(node.results, i);
      const numbers = new Float64Array(sizeOf(shape));
      let next = 0;
      for (const index of indices(shape)) numbers[next++] = element(index);
      return numbers;
    });
  };
  for (const node of graph.nodes) values.set(node, results(node));
  return Object.fromEntries([...graph.outputs].map(([name, node]) => [name, values.get(node)![0]!]));
}
