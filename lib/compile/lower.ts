// Pass: graph to launches and slots. Movement ops become views of what they move; a copy is made only where no
// strides can express the result and what is moved cannot be computed where it would be copied to.

import { letterSizes, parseSpec } from "../ir/contract_spec.ts";
import {
  broadcastLayout,
  isContiguous,
  permuteLayout,
  reshapeLayout,
  sameWindow,
  sliceLayout,
  unfoldLayout,
} from "../ir/layout.ts";
import type { Tensor } from "../ir/node.ts";
import { number, operand } from "../ir/scalar.ts";
import type { Graph } from "../ir/trace.ts";
import { at, type DType, type HostArray, type Shape, sizeOf } from "../ir/types.ts";
import { type Destination, destinationsOf, partsWithin } from "./destination.ts";
import { planMemory } from "./memory_plan.ts";
import type { ContractAxis, Kernel, Launch, LaunchAttributes, Program, Slot } from "./program.ts";
import { placeUpdates, type Update, updatedNames } from "./update.ts";
import { type View, wholeView } from "./view.ts";

/** Name of an output's slot: a program that updates a state has inputs and outputs of the same name. */
export function outputSlotName(name: string): string {
  return `output/${name}`;
}

/** Collects slots and launches while the graph is walked. */
class Lowering {
  readonly slots: Slot[] = [];
  readonly launches: Launch[] = [];
  readonly #views = new Map<Tensor, readonly View[]>();
  /** Slots that will be inputs once their new values are placed. */
  readonly #claimed = new Set<number>();
  readonly #destinations: ReadonlyMap<Tensor, readonly (Destination | undefined)[]>;
  /** Memory of what is computed part by part. */
  readonly #wholes = new Map<Tensor, View>();

  constructor(graph: Graph) {
    this.#destinations = destinationsOf(graph);
  }

  /** The view of a node's i-th result. */
  view(node: Tensor, index = 0): View {
    const views = this.#views.get(node);
    if (!views) throw new RangeError(`Cannot lower: ${node.op} ${node.id} is used before it is made`);
    return at(views, index);
  }

  bind(node: Tensor, ...views: View[]): void {
    this.#views.set(node, views);
  }

  slot(kind: Slot["kind"], dtype: DType, length: number, name: string, data: Slot["data"] = null): number {
    this.slots.push({ kind, dtype, length, name, data, offset: 0, lifetime: [0, 0] });
    return this.slots.length - 1;
  }

  /** A fresh scratch slot, seen whole. */
  scratch(dtype: DType, shape: Shape, name: string): View {
    return wholeView(this.slot("scratch", dtype, sizeOf(shape), name), dtype, shape);
  }

  /** Memory of a node's i-th result: within another's where it is computed in place. */
  fresh(node: Tensor, index = 0): View {
    const { dtype, shape } = at(node.results, index);
    const destination = this.#destinations.get(node)?.[index];
    if (!destination) return this.scratch(dtype, shape, node.op);
    this.whole(destination.into);
    return { ...destination.layout, dtype, slot: this.#wholes.get(destination.root)!.slot };
  }

  /** Memory of what is made of parts, before the first of them is written. */
  whole(node: Tensor): View {
    let view = this.#wholes.get(node);
    if (!view) {
      this.#wholes.set(node, view = this.fresh(node));
      if (node.op === "pad") this.launch("map", [], [view], { expression: number(0) }, node.scope);
    }
    return view;
  }

  launch<K extends Kernel>(
    kernel: K,
    inputs: readonly View[],
    outputs: readonly View[],
    attributes: LaunchAttributes[K],
    scope: string,
  ): void {
    this.launches.push({ kernel, inputs, outputs, attributes, scope } as Launch);
  }

  copy(from: View, to: View, scope: string): void {
    this.launch("map", [from], [to], { expression: operand(0) }, scope);
  }

  /** A reshaped view, copied where strides can not express it. */
  reshape(node: Tensor): View {
    const view = this.view(at(node.args, 0));
    const reshaped = reshapeLayout(view, node.shape);
    if (reshaped) return reshaped;
    const copied = this.fresh(node);
    this.copy(view, reshapeLayout(copied, view.shape)!, node.scope);
    return copied;
  }

  /** A slot of its own that holds the new value of an input; null where that is the input itself. */
  update(node: Tensor, input: Tensor): Update | null {
    const view = this.view(node);
    const into = this.view(input).slot;
    const slot = at(this.slots, view.slot);
    const whole = isContiguous(view) && slot.length === sizeOf(view.shape);
    if (view.slot === into && whole) return null;
    if (slot.kind === "scratch" && whole && !this.#claimed.has(view.slot)) {
      this.#claimed.add(view.slot);
      return { from: view.slot, into };
    }
    const own = this.scratch(view.dtype, view.shape, "update");
    this.#claimed.add(own.slot);
    this.copy(view, own, node.scope);
    return { from: own.slot, into };
  }

  /** Marks the slot of a view as a program output, or copies into a new one where that is not possible. */
  output(output: string, node: Tensor): void {
    const name = outputSlotName(output);
    const view = this.view(node);
    const slot = at(this.slots, view.slot);
    const whole = isContiguous(view) && slot.length === sizeOf(view.shape);
    if (slot.kind === "scratch" && whole && !this.#claimed.has(view.slot)) {
      this.slots[view.slot] = { ...slot, kind: "output", name };
      return;
    }
    const target = wholeView(
      this.slot("output", view.dtype, sizeOf(view.shape), name),
      view.dtype,
      view.shape,
    );
    this.copy(view, target, node.scope);
  }
}

/** A number as host data; an f16 as its bits. */
function oneElement(dtype: DType, value: number): HostArray {
  if (dtype === "f32") return Float32Array.of(value);
  if (dtype === "i32") return Int32Array.of(value);
  const bits = new Uint16Array(1);
  new DataView(bits.buffer).setFloat16(0, value, true);
  return bits;
}

/** Axes of a contraction with the strides of the three views. */
function contractAxes(spec: string, a: View, b: View, out: View, scope: string) {
  const parsed = parseSpec(spec);
  const sizes = letterSizes(spec, a.shape, b.shape, scope);
  const stride = (letters: string, view: View, letter: string) => {
    const i = letters.indexOf(letter);
    return i < 0 ? 0 : at(view.strides, i);
  };
  const group = (letters: string) =>
    [...letters].map((letter): ContractAxis => ({
      size: sizes.get(letter) ?? 1,
      a: stride(parsed.a, a, letter),
      b: stride(parsed.b, b, letter),
      out: stride(parsed.out, out, letter),
    })).filter((axis) => axis.size !== 1);
  return { batch: group(parsed.batch), m: group(parsed.m), n: group(parsed.n), k: group(parsed.k) };
}

function lowerNode(lowering: Lowering, node: Tensor): void {
  const { scope } = node;
  const args = node.args.map((a) => lowering.view(a));
  const fresh = () => lowering.fresh(node);
  switch (node.op) {
    case "input":
    case "pick":
      return lowering.bind(
        node,
        node.op === "pick" ? lowering.view(at(node.args, 0), node.attributes.index) : wholeView(
          lowering.slot("input", node.dtype, sizeOf(node.shape), node.attributes.name),
          node.dtype,
          node.shape,
        ),
      );
    case "constant": {
      const { data } = node.attributes;
      if (typeof data !== "number") {
        const slot = lowering.slot("constant", node.dtype, data.length, "constant", data);
        return lowering.bind(node, wholeView(slot, node.dtype, node.shape));
      }
      const slot = lowering.slot("constant", node.dtype, 1, "value", oneElement(node.dtype, data));
      return lowering.bind(node, {
        slot,
        dtype: node.dtype,
        offset: 0,
        shape: node.shape,
        strides: node.shape.map(() => 0),
      });
    }
    case "reshape":
      return lowering.bind(node, lowering.reshape(node));
    case "permute":
      return lowering.bind(node, permuteLayout(at(args, 0), node.attributes.order));
    case "broadcast":
      return lowering.bind(node, broadcastLayout(at(args, 0), node.shape));
    case "slice":
      return lowering.bind(node, sliceLayout(at(args, 0), node.attributes.starts, node.shape));
    case "unfold": {
      const { axis, size, stride } = node.attributes;
      return lowering.bind(node, unfoldLayout(at(args, 0), axis, size, stride));
    }
    case "pad":
    case "concat": {
      const out = lowering.whole(node);
      partsWithin(node, out).forEach((part, i) => {
        const [from, to] = [at(args, i), { ...out, ...part }];
        if (from.slot !== to.slot || !sameWindow(from, to)) lowering.copy(from, to, scope);
      });
      return lowering.bind(node, out);
    }
    case "contract": {
      const out = fresh();
      const [a, b, ...extras] = args;
      const axes = contractAxes(node.attributes.spec, a!, b!, out, scope);
      const { epilogue, quantised = false } = node.attributes;
      const attributes = { ...axes, epilogue, quantised };
      lowering.launch("contract", [a!, b!, ...extras], [out], attributes, scope);
      return lowering.bind(node, out);
    }
    default: {
      const outputs = node.results.map((_, i) => lowering.fresh(node, i));
      // Here the op's name is the kernel's name, and the attributes are the same record.
      lowering.launches.push(
        { kernel: node.op, inputs: args, outputs, attributes: node.attributes, scope } as Launch,
      );
      return lowering.bind(node, ...outputs);
    }
  }
}

/**
 * Lowers a graph to a program.
 *
 * @param graph arguments before their users; its fused ops are kernels of the device. An output with the name and type
 *   of an input replaces it: it is written into the buffer that is bound to the input
 * @returns a program with planned memory
 */
export function lower(graph: Graph): Program {
  const lowering = new Lowering(graph);
  // Inputs that no node uses are bound all the same.
  for (const input of graph.inputs.values()) lowerNode(lowering, input);
  for (const node of graph.nodes) if (node.op !== "input") lowerNode(lowering, node);
  const updated = updatedNames(graph);
  const updates = [...updated].flatMap((name) =>
    lowering.update(graph.outputs.get(name)!, graph.inputs.get(name)!) ?? []
  );
  for (const [name, node] of graph.outputs) if (!updated.has(name)) lowering.output(name, node);
  const { slots, launches } = placeUpdates(lowering.slots, lowering.launches, updates);
  return planMemory(slots, launches);
}
