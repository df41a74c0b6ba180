// Where values are written: in place where the only op that uses one would copy it. The parts of a concatenation, the
// argument of a pad, and what a reshape would bring into another order are computed where they would be copied to.

import {
  broadcastLayout,
  type Layout,
  permuteLayout,
  reshapeLayout,
  sliceLayout,
  unfoldLayout,
} from "../ir/layout.ts";
import type { Node, Tensor } from "../ir/node.ts";
import type { Graph } from "../ir/trace.ts";
import { at, type Shape, stridesOf } from "../ir/types.ts";

/** A place within the memory of another node's value. */
export interface Destination {
  /** The concat, pad or reshape that would copy; it may have a place of its own. */
  readonly into: Tensor;
  /** Whose memory it is. */
  readonly root: Tensor;
  /** Place in the memory of the root, which is dense. */
  readonly layout: Layout;
}

function dense(shape: Shape): Layout {
  return { offset: 0, shape, strides: stridesOf(shape) };
}

/** The place of every argument within a concat or a pad that lies at `whole`. */
export function partsWithin(node: Node<"concat"> | Node<"pad">, whole: Layout): Layout[] {
  if (node.op === "pad") return [sliceLayout(whole, node.attributes.starts, at(node.args, 0).shape)];
  const { axis } = node.attributes;
  let start = 0;
  return node.args.map(({ shape }) => {
    const part = sliceLayout(whole, shape.map((_, i) => i === axis ? start : 0), shape);
    start += at(shape, axis);
    return part;
  });
}

/** Finds destinations, users before what they use. */
class Placement {
  /** By node, then by result. */
  readonly found = new Map<Tensor, (Destination | undefined)[]>();
  readonly #users = new Map<Tensor, (Tensor | null)[]>();
  readonly #layouts = new Map<Tensor, Layout>();

  constructor(graph: Graph) {
    const use = (node: Tensor, user: Tensor | null) =>
      this.#users.set(node, [...this.#users.get(node) ?? [], user]);
    for (const user of graph.nodes) for (const arg of user.args) use(arg, user);
    for (const output of graph.outputs.values()) use(output, null);
    for (const node of graph.nodes.toReversed()) this.#visit(node);
  }

  #visit(node: Tensor): void {
    if (node.op === "concat" || node.op === "pad") {
      const own = this.found.get(node)?.[0];
      const parts = partsWithin(node, own?.layout ?? dense(node.shape));
      parts.forEach((layout, i) =>
        this.#place(at(node.args, i), { into: node, root: own?.root ?? node, layout })
      );
    } else if (node.op === "reshape" && !this.found.has(node) && this.#copies(node)) {
      const arg = at(node.args, 0);
      this.#place(arg, { into: node, root: node, layout: dense(arg.shape) });
    }
  }

  /** Whether no strides express a reshape. */
  #copies(node: Node<"reshape">): boolean {
    return reshapeLayout(this.#layout(at(node.args, 0)), node.shape) === null;
  }

  /** How a value without a destination lies in the memory it is a view of. */
  #layout(node: Tensor): Layout {
    let layout = this.#layouts.get(node);
    if (!layout) this.#layouts.set(node, layout = this.#moved(node));
    return layout;
  }

  #moved(node: Tensor): Layout {
    const from = () => this.#layout(at(node.args, 0));
    switch (node.op) {
      case "reshape":
        return reshapeLayout(from(), node.shape) ?? dense(node.shape);
      case "permute":
        return permuteLayout(from(), node.attributes.order);
      case "broadcast":
        return broadcastLayout(from(), node.shape);
      case "slice":
        return sliceLayout(from(), node.attributes.starts, node.shape);
      case "unfold":
        return unfoldLayout(from(), node.attributes.axis, node.attributes.size, node.attributes.stride);
      default:
        return dense(node.shape);
    }
  }

  /** Gives a value, or what it is a view of, a destination; returns whether it has one now. */
  #place(node: Tensor, destination: Destination): boolean {
    if (this.#users.get(node)!.length > 1) return false;
    const { layout } = destination;
    switch (node.op) {
      case "input":
      case "constant":
      case "broadcast":
      case "slice":
      case "unfold":
        return false;
      case "permute": {
        const { order } = node.attributes;
        const inverse = permuteLayout(layout, order.map((_, i) => order.indexOf(i)));
        return this.#place(at(node.args, 0), { ...destination, layout: inverse });
      }
      case "reshape": {
        const arg = at(node.args, 0);
        const inner = reshapeLayout(layout, arg.shape);
        if (!inner) return false;
        return this.#place(arg, { ...destination, layout: inner }) ||
          this.#copies(node) && this.#set(node, 0, destination);
      }
      case "pick": {
        const op = at(node.args, 0);
        const isPicked = this.#users.get(op)!.every((user) => user?.op === "pick");
        return isPicked && this.#set(op, node.attributes.index, destination);
      }
      default:
        return node.results.length === 1 && this.#set(node, 0, destination);
    }
  }

  #set(node: Tensor, index: number, destination: Destination): boolean {
    const all = this.found.get(node) ?? [];
    // Two results of a launch in one buffer are more than a GPU binds.
    if (all[index] || all.some((other) => other?.root === destination.root)) return false;
    all[index] = destination;
    this.found.set(node, all);
    return true;
  }
}

/**
 * Finds the values that can be computed in place: each has one use, and nothing but views lies between it and the op
 * that would copy it.
 *
 * @param graph after all passes, so that a node is a launch or a view
 * @returns by node that is launched, one for every result, as far as there is one
 */
export function destinationsOf(graph: Graph): ReadonlyMap<Tensor, readonly (Destination | undefined)[]> {
  return new Placement(graph).found;
}
