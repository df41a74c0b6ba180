// Packed matrices: NR rows of wasm/src/micro.rs side by side, `[n / 8][k][8]`, a panel each, as products read them.
// Where numbers in row order go.

import { at, type HostArray, notFiniteFp16 } from "../../ir/types.ts";

/** Rows of a panel. */
export const PANEL_ROWS = 8;
/** Terms of k that products take at once. */
export const K_BLOCK = 4;

/**
 * Columns of a matrix that is kept packed; null of one that is made of no whole panels and stays in row order.
 *
 * @param label for the error, `buffer "x"`
 * @param length elements
 * @param rows of the matrix
 * @throws RangeError for elements that are no whole rows
 */
export function packedColumns(label: string, length: number, rows: number): number | null {
  const columns = length / rows;
  if (!Number.isInteger(rows) || rows < 1 || !Number.isInteger(columns)) {
    throw new RangeError(`Cannot make ${label}: ${length} elements are no ${rows} rows`);
  }
  return rows % PANEL_ROWS === 0 && columns % K_BLOCK === 0 && columns > 0 ? columns : null;
}

/** Refuses fp16 numbers that are not finite: products widen packed ones without a look at the exponent. */
export function checkFinite(label: string, numbers: HostArray, offset: number): void {
  const bad = notFiniteFp16(numbers);
  if (bad < 0) return;
  const half = at(numbers, bad);
  const value = half & 0x3ff ? "NaN" : half & 0x8000 ? "-Infinity" : "Infinity";
  throw new RangeError(
    `Cannot write ${label}: element ${
      offset + bad
    } is ${value}, wanted finite fp16 numbers in a packed matrix`,
  );
}

/**
 * Calls `visit` for every stretch of a row: its numbers lie PANEL_ROWS apart in panels.
 *
 * @param columns of the matrix
 * @param offset first element, counted in row order
 * @param length elements
 * @param visit called with where in the numbers a stretch starts, where in packed layout, and how long it is
 */
function stretches(
  columns: number,
  offset: number,
  length: number,
  visit: (from: number, place: number, count: number) => void,
): void {
  for (let done = 0; done < length;) {
    const row = Math.floor((offset + done) / columns);
    const column = offset + done - row * columns;
    const count = Math.min(columns - column, length - done);
    const lane = row % PANEL_ROWS;
    visit(done, (row - lane) * columns + column * PANEL_ROWS + lane, count);
    done += count;
  }
}

/** Puts numbers in row order, from element `offset` on, into packed layout. */
export function pack(packed: HostArray, columns: number, numbers: HostArray, offset: number): void {
  stretches(columns, offset, numbers.length, (from, place, count) => {
    for (let i = 0; i < count; i++) packed[place + i * PANEL_ROWS] = numbers[from + i]!;
  });
}

/** Packed numbers in row order, from an element on. */
export function unpack(packed: HostArray, columns: number, from: number, to: number): HostArray {
  const numbers = packed.slice(from, to);
  stretches(columns, from, numbers.length, (start, place, count) => {
    for (let i = 0; i < count; i++) numbers[start + i] = packed[place + i * PANEL_ROWS]!;
  });
  return numbers;
}
