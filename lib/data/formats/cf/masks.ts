// Cells that are missing in all frames, as land is in an ocean: they are hidden. Cells that are missing now and then stay
// NaN. All frames are looked at where they are few, else as many, evenly spread.

import type { StoredArray } from "../stored/stored_array.ts";
import { readStored, type StoredField } from "../stored/stored_field.ts";

/** Frames that are looked at, at the most: a file of many gigabytes must open without being read. */
export const MOST_LOOKS = 16;

/** Where fields lie. */
export interface MaskedGrid {
  readonly steps: number;
  readonly space: string;
  readonly points: readonly number[];
}

/** Frames that are looked at, the first and the last among them. */
function looks(steps: number): number[] {
  const count = Math.min(steps, MOST_LOOKS);
  return Array.from(
    { length: count },
    (_, i) => count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1)),
  );
}

/** Cells of a frame that lack a number, 1 each. */
function gapsOf(values: Float32Array, points: number): Uint8Array {
  const components = values.length / points;
  const gaps = new Uint8Array(points);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) gaps[Math.floor(i / components)] = 1;
  return gaps;
}

/**
 * Cells that lack a number in all frames of a field; null where there are none.
 *
 * @param field one that may have such cells
 * @param index trajectory
 */
async function alwaysMissing(
  field: StoredField,
  grid: MaskedGrid,
  index: number,
): Promise<Uint8Array | null> {
  const size = grid.points.reduce((n, points) => n * points, 1);
  let always: Uint8Array | null = null;
  for (const first of field.constant ? [0] : looks(grid.steps)) {
    const values = await readStored(field, { ...grid, index, first, count: 1 });
    const gaps = gapsOf(values, size);
    always = always ? always.map((gap, i) => gap & gaps[i]!) : gaps;
    // Most fields end here, after their first frame.
    if (!always.includes(1)) return null;
  }
  return always;
}

/**
 * Cells that are missing in all frames of any of the fields; null where there are none.
 *
 * @param fields those that may have such cells
 * @param index trajectory
 */
export async function hiddenOf(
  fields: readonly StoredField[],
  grid: MaskedGrid,
  index: number,
): Promise<Float32Array | null> {
  let hidden: Float32Array | null = null;
  for (const field of fields) {
    const missing = await alwaysMissing(field, grid, index);
    if (!missing) continue;
    hidden ??= new Float32Array(missing.length);
    for (let i = 0; i < missing.length; i++) if (missing[i]) hidden[i] = 1;
  }
  return hidden;
}

/** A mask as an array of a file, found out when it is first read. */
export function maskArray(name: string, grid: MaskedGrid, make: () => Promise<Float32Array>): StoredArray {
  let made: Promise<Float32Array> | null = null;
  return {
    name,
    shape: grid.points,
    async read() {
      made ??= make();
      made.catch(() => made = null);
      return await made;
    },
  };
}
