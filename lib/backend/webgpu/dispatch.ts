// What a launch becomes: dispatches of shaders over ranges of slots. Places within a range count from its start, so a
// binding covers no more of a slot than a launch touches.

import { spanOf, type View } from "../../compile/view.ts";
import { BYTES, type DType } from "../../ir/types.ts";
import type { Axis } from "../axes.ts";
import { type ShaderName, type ShaderParts, type Walk, walkUniforms } from "./shader.ts";
import type { Target } from "./target.ts";

/** Offsets of bindings are multiples of this on every adapter. */
export const BINDING_ALIGNMENT = 256;

/** A range of a slot, or working memory of the launch itself. */
export interface Operand {
  /** Slot, or null for the launch's working memory. */
  readonly slot: number | null;
  readonly dtype: DType;
  /** First byte, a multiple of {@link BINDING_ALIGNMENT}. */
  readonly start: number;
  readonly bytes: number;
  /** Where element 0 of the view lies, in elements from the start. */
  readonly offset: number;
}

/** One dispatch. */
export interface Dispatch {
  readonly parts: ShaderParts;
  /** The uniform block. */
  readonly uniforms: Uint32Array<ArrayBuffer>;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly groups: readonly [number, number, number];
}

/** The range of a slot that a view touches. */
export function operandOf(view: View): Operand {
  return rangeOf(view, spanOf(view));
}

/** A range of the view's slot, from its first to its last element. */
export function rangeOf(view: View, [first, last]: readonly [number, number]): Operand {
  const width = BYTES[view.dtype];
  const start = Math.floor(first * width / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;
  const bytes = Math.ceil(((last + 1) * width - start) / 4) * 4;
  return { slot: view.slot, dtype: view.dtype, start, bytes, offset: view.offset - start / width };
}

/** The bits of a number as the shaders read them. */
export function floatBits(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** Workgroups for `count` of them, in rows where one axis does not hold them all. */
export function rowsOfGroups(count: number, { limits }: Target): [number, number, number] {
  const rows = Math.ceil(count / limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(count / rows), rows, 1];
}

/** What a dispatch is made of besides its operands. */
export interface DispatchSettings {
  readonly name: ShaderName;
  readonly head: readonly number[];
  readonly walks: readonly Walk[];
  readonly substitutions?: Readonly<Record<string, string>>;
  readonly groups: readonly [number, number, number];
  /** Inputs that are read four elements at once. */
  readonly quads?: readonly boolean[];
}

/** A dispatch over operands. */
export function dispatch(
  settings: DispatchSettings,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
): Dispatch {
  const { name, head, walks, substitutions = {}, groups, quads = [] } = settings;
  const uniforms = Uint32Array.from([...head, ...walks.flatMap(walkUniforms)]);
  const parts: ShaderParts = {
    name,
    inputs: inputs.map(({ dtype }, i) => ({ dtype, access: "read", quads: quads[i] ?? false })),
    outputs: outputs.map(({ dtype }) => ({ dtype, access: "write" })),
    head: head.length,
    walks,
    substitutions,
  };
  return { parts, uniforms, inputs, outputs, groups };
}

/** A dispatch of one invocation an element (or row), `width` a workgroup. */
export function elementwise(
  target: Target,
  name: ShaderName,
  count: number,
  width: number,
  rest: {
    readonly head?: readonly number[];
    readonly walk: Walk;
    readonly substitutions?: Record<string, string>;
  },
  inputs: readonly Operand[],
  outputs: readonly Operand[],
): Dispatch {
  const groups = rowsOfGroups(Math.ceil(count / width), target);
  const head = [groups[0] * width, count, ...rest.head ?? []];
  const { walk, substitutions = {} } = rest;
  return dispatch({ name, head, walks: [walk], substitutions, groups }, inputs, outputs);
}

/** A walk whose members are operands, in the order of the axes' strides. */
export function walkOf(names: readonly string[], axes: readonly Axis[], operands: readonly Operand[]): Walk {
  return { ending: "", members: names, axes, offsets: operands.map(({ offset }) => offset) };
}
