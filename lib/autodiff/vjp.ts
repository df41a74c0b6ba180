// Gradients of the primitives: one row an op. A row gives the cotangents of the arguments that are wanted, from
// the cotangent of the result. Cotangents are f32 whatever they belong to: in f16 small ones would vanish.

import type { Node, Primitive, Tensor } from "../ir/node.ts";
import { apply, differentiate, operand } from "../ir/scalar.ts";
import {
  broadcast,
  contract,
  div,
  equal,
  fold,
  gather,
  map,
  mul,
  pad,
  permute,
  reshape,
  scatterAdd,
  slice,
  sliceAxis,
  sum,
  unfold,
} from "../ir/tensor.ts";
import { parseSpec } from "../ir/contract_spec.ts";
import { at } from "../ir/types.ts";

/** Primitives a cotangent passes through; `pick` is handled by the walk itself. */
export type Differentiable = Exclude<Primitive, "input" | "constant" | "pick">;

/** Cotangent of argument `index`, or null where there is none (integers). */
export type Vjp<K extends Primitive> = (node: Node<K>, cotangent: Tensor, index: number) => Tensor | null;

/** Gradient of every primitive. */
export const vjp: { readonly [K in Differentiable]: Vjp<K> } = {
  map: ({ args, attributes }, cotangent, index) => {
    const partial = differentiate(attributes.expression, index);
    return map(apply("mul", operand(args.length), partial), ...args, cotangent);
  },
  reduce: (node, cotangent, index) => {
    const { reducer, expression } = node.attributes;
    const full = at(node.args, 0).shape;
    let spread = broadcast(cotangent, full);
    if (reducer === "max") {
      // Equal maxima share the cotangent evenly.
      const inner = map(expression, ...node.args);
      const mask = equal(inner, broadcast(node as Tensor, full));
      spread = mul(spread, div(mask, broadcast(sum(mask, node.attributes.axes), full)));
    }
    const partial = differentiate(expression, index);
    return map(apply("mul", operand(node.args.length), partial), ...node.args, spread);
  },
  contract: ({ args, attributes }, cotangent, index) => {
    if (attributes.quantised) {
      throw new TypeError("Cannot differentiate a contract with quantised activations");
    }
    if (attributes.epilogue) throw new TypeError("Cannot differentiate a contract that has an epilogue");
    const { a, b, out } = parseSpec(attributes.spec);
    const [x, y] = [at(args, 0), at(args, 1)];
    return index === 0
      ? contract(`${out},${b}->${a}`, cotangent, y)
      : contract(`${out},${a}->${b}`, cotangent, x);
  },
  reshape: ({ args }, cotangent) => reshape(cotangent, at(args, 0).shape),
  permute: ({ attributes: { order } }, cotangent) =>
    permute(cotangent, order.map((_, i) => order.indexOf(i))),
  broadcast: ({ args, shape }, cotangent) =>
    sum(cotangent, shape.map((_, i) => i).filter((i) => at(args, 0).shape[i] !== shape[i])),
  slice: ({ args, attributes }, cotangent) => pad(cotangent, attributes.starts, at(args, 0).shape),
  pad: ({ args, attributes }, cotangent) => slice(cotangent, attributes.starts, at(args, 0).shape),
  concat: ({ args, attributes: { axis } }, cotangent, index) => {
    const start = args.slice(0, index).reduce((total, a) => total + at(a.shape, axis), 0);
    return sliceAxis(cotangent, axis, start, at(at(args, index).shape, axis));
  },
  unfold: ({ args, attributes: { axis, stride } }, cotangent) =>
    fold(cotangent, axis, stride, at(at(args, 0).shape, axis)),
  fold: ({ args, attributes: { axis, stride } }, cotangent) => {
    const shape = at(args, 0).shape;
    // Windows that no element of the argument belongs to are cut off.
    return sliceAxis(unfold(cotangent, axis, at(shape, axis + 1), stride), axis, 0, at(shape, axis));
  },
  gather: ({ args, attributes: { axis } }, cotangent, index) =>
    index === 0 ? scatterAdd(cotangent, at(args, 1), axis, at(at(args, 0).shape, axis)) : null,
  scatterAdd: ({ args, attributes: { axis } }, cotangent, index) =>
    index === 0 ? gather(cotangent, at(args, 1), axis) : null,
  cast: ({ args, dtype }, cotangent) => dtype === "i32" || at(args, 0).dtype === "i32" ? null : cotangent,
};
