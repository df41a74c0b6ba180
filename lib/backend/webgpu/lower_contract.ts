// `contract` as a launch: each invocation keeps a block of results in registers.

import type { ContractAxis, Step } from "../../compile/program.ts";
import { operand } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import { type Axis, bounded, mergeAxes, sortAxes, spaceSize } from "../axes.ts";
import { group, OUT } from "../contract_axes.ts";
import { type Dispatch, dispatch, operandOf } from "./dispatch.ts";
import { expressionText, pickStrides, type Walk } from "./shader.ts";

/** Invocations of a workgroup along rows and along columns. */
const SIDE = 8;

/** Results of an invocation along an axis: as many as there are, at most `most`. */
function block(size: number, most: number): number {
  let n = 1;
  while (n < most && n * SIDE < size) n *= 2;
  return n;
}

/** Lowers `contract`. */
export function contract({ inputs, outputs, attributes }: Step<"contract">): Dispatch[] {
  const out = at(outputs, 0);
  const extras = inputs.slice(2);
  const ordered = (axes: readonly ContractAxis[], by: number) =>
    bounded(mergeAxes(sortAxes(group(axes, out, extras, false), by)), 3 + extras.length);
  const [batches, rows, columns] = [attributes.batch, attributes.m, attributes.n].map((axes) =>
    ordered(axes, OUT)
  ) as [
    Axis[],
    Axis[],
    Axis[],
  ];
  const summed = group(attributes.k, out, [], false);
  const steps = bounded(mergeAxes(sortAxes(summed, 0)), 3);
  const operands = [...inputs, out].map(operandOf);
  const offsets = operands.map(({ offset }) => offset);
  const more = extras.map((_, i) => i);
  const names = more.map((i) => `in${2 + i}`);
  // Strides of an axis are those of a, b, out, then of the epilogue's operands.
  const walk = (ending: string, axes: readonly Axis[], own: readonly (0 | 1)[], isFirst: boolean): Walk => ({
    ending,
    members: [...own.map((o) => `in${o}`), ...names, "out"],
    axes: pickStrides(axes, [...own, ...more.map((i) => 3 + i), OUT]),
    offsets: isFirst
      ? [...own.map((o) => at(offsets, o)), ...more.map((i) => at(offsets, 2 + i)), at(offsets, -1)]
      : null,
  });
  const walks: Walk[] = [
    walk("_batch", batches, [0, 1], true),
    walk("_m", rows, [0], false),
    walk("_n", columns, [1], false),
    { ending: "_k", members: ["in0", "in1"], axes: pickStrides(steps, [0, 1]), offsets: null },
  ];
  const [m, n, k, b] = [rows, columns, steps, batches].map(spaceSize) as [number, number, number, number];
  const [tall, wide] = [block(m, 4), block(n, 8)];
  const place = (name: string) => `batch.${name} + at_m.${name} + at_n.${name}`;
  const substitutions = {
    rows: String(tall),
    columns: String(wide),
    epilogue: expressionText(
      attributes.epilogue ?? operand(0),
      (i) => i === 0 ? "sum" : `load${i + 1}(${place(`in${i + 1}`)})`,
      (v) => `store0(${place("out")}, ${v});`,
    ),
  };
  const groups = [Math.ceil(n / (SIDE * wide)), Math.ceil(m / (SIDE * tall)), b] as const;
  return [
    dispatch(
      { name: "contract", head: [m, n, k, b], walks, substitutions, groups },
      operands.slice(0, -1),
      operands.slice(-1),
    ),
  ];
}
