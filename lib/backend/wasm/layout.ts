// Packed matrices: NR rows of wasm/src/micro.rs side by side, `[n / 8][k][8]`, a panel each, as products read them. Where
// numbers in row order go.

import { at, type HostArray, notFiniteHalf } from "../../ir/types.ts";

/** Rows of a panel. */
export const PANEL_ROWS = 8;
/** Steps of k that products take at once. */
export const PANEL_STEPS = 4;

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
  return rows % PANEL_ROWS === 0 && columns % PANEL_STEPS === 0 && columns > 0 ? columns : null;
}

/** Refuses half floats that are not finite: products widen panels of them without a look at the exponent. */
export function checkFinite(label: string, halves: HostArray, offset: number): void {
  const bad = notFiniteHalf(halves);
  if (bad < 0) return;
  const half = at(halves, bad);
  const value = half & 0x3ff ? "NaN" : half & 0x8000 ? "-Infinity" : "Infinity";
  throw new RangeError(
    `Cannot write ${label}: element ${
      offset + bad
    } is ${value}, wanted finite half floats in a packed matrix`,
  );
}

/**
 * Calls `visit` for every stretch of a row: its numbers lie PANEL_ROWS apart in panels.
 *
 * @param columns of the matrix
 * @param offset first element, counted in row order
 * @param length elements
 * @param visit told where in the numbers a stretch starts, where in the panels, and how long it is
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

/** Puts numbers in row order, from element `offset` on, into panels. */
export function pack(panels: HostArray, columns: number, numbers: HostArray, offset: number): void {
  stretches(columns, offset, numbers.length, (from, place, count) => {
    for (let i = 0; i < count; i++) panels[place + i * PANEL_ROWS] = numbers[from + i]!;
  });
}

/** Numbers of panels in row order, from an element on. */
export function unpack(panels: HostArray, columns: number, from: number, to: number): HostArray {
  const numbers = panels.slice(from, to);
  stretches(columns, from, numbers.length, (start, place, count) => {
    for (let i = 0; i < count; i++) numbers[start + i] = panels[place + i * PANEL_ROWS]!;
  });
  return numbers;
}
