// Pass over a program: matrices that are multiplied again and again lie in memory as the device's products read them,
// so that no run packs them. A matrix `[n, k]` in panels of 8 rows is `[n / 8][k][8]`; its buffer takes and gives
// numbers in row order all the same.

import { at, type Shape, sizeOf } from "../ir/types.ts";
import type { Device } from "./device.ts";
import type { AnyStep, ContractAxis, Program, Slot, Step } from "./program.ts";

/** Steps of k that products take at once. */
export const PANEL_STEPS = 4;

/**
 * Columns of a matrix that a device can keep in panels; undefined for others.
 *
 * @param device where it will lie
 * @param shape `[n, ..]`: the first axis counts rows
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(panelColumns({ panelRows: 8 }, [16, 3, 4]), 12);
 * assert.equal(panelColumns({ panelRows: 8 }, [12, 12]), undefined);
 * assert.equal(panelColumns({ panelRows: null }, [16, 12]), undefined);
 * ```
 */
export function panelColumns(device: Pick<Device, "panelRows">, shape: Shape): number | undefined {
  const columns = sizeOf(shape.slice(1));
  const fits = device.panelRows !== null && at(shape, 0) % device.panelRows === 0 &&
    columns % PANEL_STEPS === 0;
  return fits ? columns : undefined;
}

/** Whether axes, in the order of the second operand's memory, step through it evenly, the last one by `unit`. */
function isEven(axes: readonly ContractAxis[], unit: number): boolean {
  let next = unit;
  for (const { size, b } of [...axes].sort((x, y) => x.b - y.b)) {
    if (b !== next) return false;
    next *= size;
  }
  return true;
}

/** The product with its second operand in panels. */
function withPanels(step: Step<"contract">, slot: number, columns: number): AnyStep {
  const { attributes, inputs } = step;
  const { batch, n, k, rounded } = attributes;
  const [others, matrix] = [inputs.filter((_, i) => i !== 1), at(inputs, 1)];
  const size = (axes: readonly ContractAxis[]) => axes.reduce((count, axis) => count * axis.size, 1);
  const rowsInOrder = n.every((axis, i) =>
    i === 0 || axis.out < at(n, i - 1).out === axis.b < at(n, i - 1).b
  );
  const isWhole = matrix.slot === slot && matrix.offset === 0 && size(k) === columns &&
    isEven(k, 1) && isEven(n, columns) && rowsInOrder;
  if (!isWhole || others.some((view) => view.slot === slot) || batch.length > 0 || rounded) {
    throw new TypeError(`Cannot lay a matrix in panels: ${step.scope} does not read it whole, row by row`);
  }
  return { ...step, attributes: { ...attributes, panels: true } };
}

/**
 * The program with inputs in panels. Buffers that are bound to them are made with the same columns.
 *
 * @param program as compiled
 * @param columns of the matrices by the names of their inputs, as {@link panelColumns} gave them; names that the
 *   program does not have are ignored
 * @throws TypeError when a step reads one of them otherwise than whole, as the second operand of a product without
 *   batch axes
 */
export function layPanels(program: Program, columns: ReadonlyMap<string, number>): Program {
  const laid = new Map(program.slots.flatMap((slot, i) => {
    const panel = slot.kind === "input" ? columns.get(slot.name) : undefined;
    return panel === undefined ? [] : [[i, panel] as const];
  }));
  const steps = program.steps.map((step): AnyStep => {
    const read = step.inputs.find((view) => laid.has(view.slot))?.slot;
    if (read === undefined) return step;
    if (step.kernel === "contract") return withPanels(step, read, laid.get(read)!);
    throw new TypeError(`Cannot lay a matrix in panels: ${step.kernel} reads it (${step.scope})`);
  });
  const slots = program.slots.map((slot, i): Slot => {
    const panel = laid.get(i);
    return panel === undefined ? slot : { ...slot, panelColumns: panel };
  });
  return { ...program, steps, slots };
}
