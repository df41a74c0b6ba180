// Which inputs are matrices that products read in no other way than whole, row by row: a device may keep those in the
// order in which its products want them. What that order is only the device knows.

import { at } from "../ir/types.ts";
import type { ContractAxis, Launch, LaunchOf, Program } from "./program.ts";

function points(axes: readonly ContractAxis[]): number {
  return axes.reduce((count, { size }) => count * size, 1);
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

function rowsOfProduct(
  { inputs, attributes }: LaunchOf<"contract">,
  slot: number,
  length: number,
): number | null {
  const { batch, n, k, quantised } = attributes;
  const [rows, columns] = [points(n), points(k)];
  const matrix = at(inputs, 1);
  const others = inputs.filter((_, i) => i !== 1);
  const rowsInOrder = n.every((axis, i) =>
    i === 0 || axis.out < at(n, i - 1).out === axis.b < at(n, i - 1).b
  );
  const isWhole = matrix.slot === slot && matrix.offset === 0 && rows * columns === length &&
    isEven(k, 1) && isEven(n, columns) && rowsInOrder;
  return isWhole && batch.length === 0 && !quantised && !others.some((view) => view.slot === slot)
    ? rows
    : null;
}

/**
 * Rows of a matrix, where a launch reads it whole, row by row, as the second operand of a product without batch axes.
 *
 * @param launch that reads the slot
 * @param slot the matrix
 * @param length elements of the slot
 * @returns null where the launch reads it otherwise
 */
export function wholeRows(launch: Launch, slot: number, length: number): number | null {
  return launch.kernel === "contract" ? rowsOfProduct(launch, slot, length) : null;
}

/**
 * Rows of every input that all launches which read it read so, with the same number of rows; null of those read
 * otherwise.
 */
function rowsOf({ slots, launches }: Program): Map<string, number | null> {
  const found = new Map<string, number | null>();
  for (const launch of launches) {
    for (const index of new Set([...launch.inputs, ...launch.outputs].map(({ slot }) => slot))) {
      const { kind, name, length } = at(slots, index);
      if (kind !== "input") continue;
      const rows = wholeRows(launch, index, length);
      found.set(name, found.has(name) && found.get(name) !== rows ? null : rows);
    }
  }
  return found;
}

/**
 * Matrices among the stationary inputs of programs that run one after the other.
 *
 * @param programs prologue and main
 * @param stationary whether the input of that name is the same in every run
 * @returns rows by the name of the input
 */
export function matricesOf(
  programs: readonly Program[],
  stationary: (input: string) => boolean,
): Map<string, number> {
  const read = programs.map(rowsOf);
  const names = new Set(read.flatMap((rows) => [...rows.keys()]).filter(stationary));
  return new Map([...names].flatMap((name) => {
    const each = new Set(read.flatMap((rows) => rows.has(name) ? [rows.get(name)!] : []));
    const [rows] = each;
    return each.size === 1 && rows ? [[name, rows] as const] : [];
  }));
}
