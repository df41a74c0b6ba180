// The nodes of a graph: which ops there are, what each carries, and what a tensor is. A closed set: every table
// over ops is a mapped type over these names, so a forgotten entry does not compile.

import type { Expression } from "./scalar.ts";
import type { DType, HostArray, Shape, Type } from "./types.ts";

/** What each primitive carries besides its arguments. */
export interface PrimitiveAttributes {
  /** A value bound at run time. */
  input: { readonly name: string; readonly type: Type };
  /** Host data, or one value repeated. */
  constant: { readonly data: HostArray | number; readonly type: Type };
  /** A scalar expression over arguments of equal shape. */
  map: { readonly expression: Expression };
  /** Sum or largest value over axes, which stay with size 1, of an expression over the arguments. */
  reduce: {
    readonly reducer: "sum" | "max";
    readonly axes: readonly number[];
    readonly expression: Expression;
  };
  /**
   * Two-argument einsum, `"bmk,bnk->bmn"`; every letter stands in at least two of the three. With an epilogue the
   * result is that expression of the sum (operand 0) and further arguments of the output's shape. `quantised`: rows of
   * the first argument (all of k) are rounded to 63 levels a side of their largest number before the product.
   */
  contract: { readonly spec: string; readonly epilogue: Expression | null; readonly quantised?: boolean };
  /** The same elements in C order under another shape. */
  reshape: { readonly shape: Shape };
  /** Axis `i` of the result is axis `order[i]` of the argument. */
  permute: { readonly order: readonly number[] };
  /** Axes of size 1 repeated; the rank stays. */
  broadcast: { readonly shape: Shape };
  /** The box at `starts` of the given shape. */
  slice: { readonly starts: readonly number[]; readonly shape: Shape };
  /** Zeros around the argument, which starts at `starts` of the result. */
  pad: { readonly starts: readonly number[]; readonly shape: Shape };
  /** Arguments one after the other. */
  concat: { readonly axis: number };
  /** Axis replaced by (windows, size), window `w` starting at `w * stride`. */
  unfold: { readonly axis: number; readonly size: number; readonly stride: number };
  /** The reverse: (windows, size) at `axis` added back into an axis of `length`. */
  fold: { readonly axis: number; readonly stride: number; readonly length: number };
  /** Entries of `axis` picked by a 1-d i32 argument. */
  gather: { readonly axis: number };
  /** Entries of `axis` added into an axis of `length` at the places of a 1-d i32 argument. */
  scatterAdd: { readonly axis: number; readonly length: number };
  /** Another number type. */
  cast: { readonly dtype: DType };
  /** The i-th result of a fused op. */
  pick: { readonly index: number };
}

/** What norms of groups of channels carry. */
export interface GroupNormAttributes {
  /** Axes that statistics go over beside the channels of a group; not the last one. */
  readonly axes: readonly number[];
  /** Equal parts of the last axis. */
  readonly groups: number;
  /** Whether the mean is taken off: else it is divided by the root mean square. */
  readonly isCentred: boolean;
  /** Added to the mean square. */
  readonly epsilon: number;
}

/** What each fused op carries. */
export interface FusedAttributes {
  /** Norm over the last axis. */
  layerNorm: { readonly epsilon: number };
  /** Its gradient. */
  layerNormGradient: { readonly epsilon: number };
  /** Norm of groups of channels over other axes. */
  groupNorm: GroupNormAttributes;
  /** Its gradient. */
  groupNormGradient: GroupNormAttributes;
  /** Weights that add up to 1 along the last axis. */
  softmax: Record<string, never>;
  /** Its gradient. */
  softmaxGradient: Record<string, never>;
  /** Gated unit over the last axis. */
  swiglu: Record<string, never>;
  /** Its gradient. */
  swigluGradient: Record<string, never>;
  /** Rotation of feature pairs. */
  rope: Record<string, never>;
  /** Attention of every query over all keys. */
  attention: { readonly scale: number };
  /** Its gradient. */
  attentionGradient: { readonly scale: number };
}

/** Names of the primitives. */
export type Primitive = keyof PrimitiveAttributes;
/** Names of the fused ops. */
export type Fused = keyof FusedAttributes;
/** Names of all ops. */
export type Op = Primitive | Fused;
/** Attributes of every op. */
export type Attributes = PrimitiveAttributes & FusedAttributes;

/** One node of a graph. Immutable; equal nodes of a trace are the same object. */
export interface Node<K extends Op> {
  /** Position in the trace: arguments have smaller ids than their users. */
  readonly id: number;
  /** Which op. */
  readonly op: K;
  /** What it is computed from. */
  readonly args: readonly Tensor[];
  /** What it carries besides. */
  readonly attributes: Attributes[K];
  /** Types of all results; fused ops may have several. */
  readonly results: readonly Type[];
  /** Number type of the first result. */
  readonly dtype: DType;
  /** Shape of the first result. */
  readonly shape: Shape;
  /** Where the node was made, `block7/space`. */
  readonly scope: string;
  /** 0, or which recomputation it belongs to: equal nodes of different epochs stay apart. */
  readonly generation: number;
}

/** A symbolic value: a node of any op. It holds no numbers. */
export type Tensor = { [K in Op]: Node<K> }[Op];
