// Pass: removes what does nothing. Movement of movement becomes one movement, single values are folded into the
// expressions that use them, sums over axes of one point vanish.

import type { Tensor } from "../ir/node.ts";
import { type Expression, number, operand, operandsOf, substitute } from "../ir/scalar.ts";
import { broadcast, constant, map, pad, permute, reshape, slice } from "../ir/tensor.ts";
import { type Graph, rewrite } from "../ir/trace.ts";
import { at, sameShape, type Shape } from "../ir/types.ts";

/** The value every element has, or null. */
function uniformValue(node: Tensor): number | null {
  if (node.op !== "constant" || node.dtype !== "f32") return null;
  return typeof node.attributes.data === "number" ? node.attributes.data : null;
}

/** A movement op on one repeated value is that value in another shape. */
function moveUniform(x: Tensor, shape: Shape): Tensor | null {
  const value = uniformValue(x);
  return value === null ? null : constant(value, shape);
}

/** Operands that are one value become numbers of the expression. */
function foldOperands(expression: Expression, args: readonly Tensor[]): Expression {
  return substitute(
    expression,
    args.map((a, i) => {
      const value = uniformValue(a);
      return value === null ? operand(i) : number(Math.fround(value));
    }),
  );
}

function simplifyMap(node: Extract<Tensor, { op: "map" }>, args: readonly Tensor[]): Tensor {
  const folded = foldOperands(node.attributes.expression, args);
  const [only] = operandsOf(folded);
  if (folded === operand(only ?? 0)) return at(args, only ?? 0);
  return map(folded, ...args);
}

function simplifyNode(node: Tensor, args: readonly Tensor[], keep: () => Tensor): Tensor {
  const [x] = args;
  if (!x) return keep();
  switch (node.op) {
    case "map":
      return simplifyMap(node, args);
    case "reduce": {
      const single = node.attributes.axes.every((axis) => x.shape[axis] === 1);
      if (!single) return keep();
      return node.attributes.expression === operand(0) ? x : map(node.attributes.expression, ...args);
    }
    case "reshape": {
      const inner = x.op === "reshape" ? at(x.args, 0) : x;
      return moveUniform(x, node.shape) ?? reshape(inner, node.shape);
    }
    case "permute": {
      if (x.op === "permute") {
        const inner = x.attributes.order;
        return permute(at(x.args, 0), node.attributes.order.map((i) => at(inner, i)));
      }
      return moveUniform(x, node.shape) ?? keep();
    }
    case "broadcast":
      return moveUniform(x, node.shape) ??
        (x.op === "broadcast" ? broadcast(at(x.args, 0), node.shape) : keep());
    case "slice": {
      if (x.op === "slice") {
        const outer = x.attributes.starts;
        const starts = node.attributes.starts.map((s, i) => s + at(outer, i));
        return slice(at(x.args, 0), starts, node.shape);
      }
      return moveUniform(x, node.shape) ?? keep();
    }
    case "pad":
      if (x.op === "pad") {
        const inner = x.attributes.starts;
        return pad(at(x.args, 0), node.attributes.starts.map((s, i) => s + at(inner, i)), node.shape);
      }
      return keep();
    case "cast":
      return x.dtype === node.dtype ? x : keep();
    default:
      return keep();
  }
}

/**
 * Simplifies a graph.
 *
 * @param graph unchanged
 * @returns a legal graph with the same inputs and outputs
 */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node, args, keep) => {
    const result = simplifyNode(node, args, keep);
    if (!sameShape(result.shape, node.shape)) {
      throw new TypeError(`simplify changed ${node.op} from [${node.shape}] to [${result.shape}]`);
    }
    return result;
  });
}
