// A compiled graph: a flat list of kernel launches over slots. This is all a device sees: views, numbers and scalar
// expressions, never models.

import type { GroupNormAttributes } from "../ir/node.ts";
import type { Expression } from "../ir/scalar.ts";
import type { DType, HostArray, Type } from "../ir/types.ts";
import type { View } from "./view.ts";

/**
 * Memory a program uses. `input` and `output` slots are bound to buffers at each run, `constant` slots are filled
 * once when a program is loaded, `scratch` slots share an arena: `offset` is the planned place in it. An input that
 * an output of the same name and type replaces (weights, moments) is written as well: there is no slot for that output.
 */
export interface Slot {
  /** How it is bound or placed. */
  readonly kind: "input" | "output" | "constant" | "scratch";
  /** Number type. */
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  /** Name of an input or output; label of the others. */
  readonly name: string;
  /** Contents of a constant. */
  readonly data: HostArray | null;
  /** Bytes from the start of the arena (scratch only, a multiple of 64). */
  readonly offset: number;
  /** First and last launch that touch the slot. */
  readonly lifetime: readonly [number, number];
}

/** One axis of a contraction: its size and the stride of each operand along it (0 where it has no such axis). */
export interface ContractAxis {
  /** Points of the axis. */
  readonly size: number;
  /** Stride of the first operand. */
  readonly a: number;
  /** Stride of the second operand. */
  readonly b: number;
  /** Stride of the result. */
  readonly out: number;
}

/**
 * Kernel launches by name. All views are strided; outputs never overlap inputs of the same launch unless stated.
 *
 * - `map`: `out[i] = expression(inputs[0][i], ..)`; every input has the output's shape (strides may be 0). With
 *   no inputs the expression is a number: a fill. An input may be the very view that is written: in place.
 * - `reduce`: inputs share a shape; `out` has size 1 on the reduced axes;
 *   `out = sum | max over axes of expression(inputs..)`.
 * - `contract`: `out[batch, m, n] = sum over k of a[batch, m, k] b[batch, n, k]`, every group a list of axes
 *   (possibly empty: one element); then, when there is an epilogue, `out = epilogue(sum, extras[0][i], ..)` with
 *   the sum as operand 0 and `extras` over the output's index space (shape of `out`).
 * - `gather`: `out[.., j, ..] = x[.., indices[j], ..]` along `axis`.
 * - `scatterAdd`: `out = 0; out[.., indices[j], ..] += x[.., j, ..]`.
 * - `fold`: x has (windows, size) at `axis`, `axis + 1`; `out = 0; out[.., w * stride + j, ..] += x[.., w, j, ..]`.
 * - `layerNorm`: over the last axis of x: `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
 * - `layerNormGradient`: x, weight, cotangent of the output -> cotangents of x, weight, bias.
 * - `groupNormGradient`: x [.., h], weight [h], cotangent of the output -> cotangents of x, weight, bias of
 *   `(x - mean) / sqrt(variance + epsilon) * weight + bias` with statistics over `axes` and the channels of a group;
 *   mean 0 unless `isCentred`.
 * - `softmax`: over the last axis: `exp(x - max) / sum of exp(x - max)`.
 * - `softmaxGradient`: y = softmax, cotangent of y -> cotangent of x.
 * - `swiglu`: x [.., 2m] -> [.., m]: the first half times SiLU of the second.
 * - `swigluGradient`: x, cotangent of the output [.., m] -> cotangent of x.
 * - `rope`: x [.., e], cosine and sine [.., p] (broadcast over leading axes by stride 0): features 2j and 2j+1 for
 *   j < p rotate, the rest pass.
 * - `attention`: q [.., m, e], k [.., n, e], v [.., n, e], optional bias [.., m, n] (broadcast by stride 0):
 *   `softmax(q k^T scale + bias) v`; leading axes equal.
 * - `attentionGradient`: q, k, v, cotangent of the output, optional bias -> cotangents of q, k, v and of the bias, that
 *   one for every element of the scores.
 * - `cast`: number types differ between input and output; same shape.
 */
export interface LaunchAttributes {
  /** Expression over the inputs. */
  map: { readonly expression: Expression };
  /** Sum or largest value over axes. */
  reduce: {
    readonly reducer: "sum" | "max";
    readonly axes: readonly number[];
    readonly expression: Expression;
  };
  /** Product summed over shared axes. */
  contract: {
    readonly batch: readonly ContractAxis[];
    readonly m: readonly ContractAxis[];
    readonly n: readonly ContractAxis[];
    readonly k: readonly ContractAxis[];
    readonly epilogue: Expression | null;
    /** Whether rows of the first operand are quantised to 63 levels a side of their largest number; then b is i8. */
    readonly quantised?: boolean;
  };
  /** Entries picked along an axis. */
  gather: { readonly axis: number };
  /** Entries added along an axis. */
  scatterAdd: { readonly axis: number };
  /** Windows added back. */
  fold: { readonly axis: number; readonly stride: number };
  /** Another number type. */
  cast: Record<string, never>;
  /** Norm over the last axis. */
  layerNorm: { readonly epsilon: number };
  /** Its gradient. */
  layerNormGradient: { readonly epsilon: number };
  /** Gradient of the norm of groups of channels. */
  groupNormGradient: GroupNormAttributes;
  /** Weights that add up to 1. */
  softmax: Record<string, never>;
  /** Its gradient. */
  softmaxGradient: Record<string, never>;
  /** Gated unit. */
  swiglu: Record<string, never>;
  /** Its gradient. */
  swigluGradient: Record<string, never>;
  /** Rotation of feature pairs. */
  rope: Record<string, never>;
  /** Weighted mean of values. */
  attention: { readonly scale: number };
  /** Its gradient. */
  attentionGradient: { readonly scale: number };
}

/** Names of kernels. */
export type Kernel = keyof LaunchAttributes;

/** One kernel launch. */
export interface LaunchOf<K extends Kernel = Kernel> {
  /** Which kernel. */
  readonly kernel: K;
  /** What is read. */
  readonly inputs: readonly View[];
  /** What is written. */
  readonly outputs: readonly View[];
  /** Settings of the kernel. */
  readonly attributes: LaunchAttributes[K];
  /** Where in the model the launch comes from, `block7/space/qkv`. */
  readonly scope: string;
}

/** A launch of any kernel, tagged by `kernel`. */
export type Launch = { [K in Kernel]: LaunchOf<K> }[Kernel];

/** A compiled graph. */
export interface Program {
  /** Memory the launches refer to by index. */
  readonly slots: readonly Slot[];
  /** Kernel launches in order. */
  readonly launches: readonly Launch[];
  /** Bytes of the arena all scratch slots live in. */
  readonly arenaBytes: number;
  /** Bytes of all slots of each kind. */
  readonly bytes: { readonly input: number; readonly output: number; readonly constant: number };
}

/** Types of a program's inputs and outputs by name, as callers bind them. */
export type Signature = ReadonlyMap<string, Type>;

/** Shape text for printers. */
export function viewText(view: View): string {
  const strides = view.strides.join(",");
  return `%${view.slot}+${view.offset}[${view.shape.join(",")}|${strides}]`;
}

/** One line a launch: kernel, output view, input views, scope; then the slots with bytes and lifetime. */
export function printProgram(program: Program): string {
  const lines = program.launches.map((launch, i) => {
    const out = launch.outputs.map(viewText).join(" ");
    const ins = launch.inputs.map(viewText).join(" ");
    return `${i} ${launch.kernel} ${out} <- ${ins}${launch.scope ? `  # ${launch.scope}` : ""}`;
  });
  program.slots.forEach((slot, i) => {
    const place = slot.kind === "scratch" ? `@${slot.offset}` : slot.name;
    lines.push(`%${i} ${slot.kind} ${slot.dtype} x ${slot.length} ${place} [${slot.lifetime.join("..")}]`);
  });
  lines.push(`arena ${program.arenaBytes} bytes`);
  return lines.join("\n");
}
