// Names of channels and their columns in the network's field table (data.md section 4).

import { nearNames } from "../../data/near_names.ts";
import type { FieldMap } from "../model.ts";
import type { FieldTable } from "./align_fields.ts";

/** Columns that the network makes by itself; data never uses them. */
const RESERVED = ["closed_boundary", "open_boundary", "bias_correction"];

/** Names of a table that data may use, in the order of their columns. */
export function knownFields(table: FieldTable): string[] {
  const names = Object.keys(table).filter((name) => !RESERVED.includes(name));
  return names.sort((a, b) => table[a]! - table[b]!);
}

/**
 * Columns of channels.
 *
 * @param channels names such as `velocity_x`
 * @param table the network's field table
 * @param map for names the table does not have
 * @returns one column a channel
 * @throws RangeError naming every unknown channel, and two channels that share a column
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const table = { pressure: 3, velocity_x: 4 };
 * assert.deepEqual(fieldIndices(["velocity_x", "p"], table, { p: "pressure" }), [4, 3]);
 * ```
 */
export function fieldIndices(channels: readonly string[], table: FieldTable, map: FieldMap = {}): number[] {
  const unknown: string[] = [];
  const columns = channels.map((name) => {
    const wanted = Object.hasOwn(map, name) ? map[name]! : name;
    if (typeof wanted === "number") return wanted;
    const column = Object.hasOwn(table, wanted) && !RESERVED.includes(wanted) ? table[wanted] : undefined;
    if (column === undefined) unknown.push(wanted);
    return column ?? -1;
  });
  if (unknown.length > 0) {
    const meant = new Set(unknown.flatMap((name) => nearNames(name, knownFields(table))));
    const hint = meant.size > 0 ? ` (did you mean ${[...meant].join(", ")}?)` : "";
    throw new RangeError(
      `The model's field table has no ${
        unknown.map((n) => `"${n}"`).join(", ")
      }${hint}; map the names to fields it knows`,
    );
  }
  const last = Math.max(...Object.values(table));
  columns.forEach((column, i) => {
    if (!Number.isInteger(column) || column < RESERVED.length || column > last) {
      throw new RangeError(
        `Channel "${channels[i]}" is mapped to column ${column}, wanted ${RESERVED.length} to ${last}`,
      );
    }
    const other = columns.indexOf(column);
    if (other !== i) {
      throw new RangeError(
        `Channels "${channels[other]}" and "${channels[i]}" share column ${column} of the field table`,
      );
    }
  });
  return columns;
}

/**
 * A table with further names behind its last column.
 *
 * @param table the network's field table
 * @param names new fields; known ones keep their columns
 */
export function extendFields(table: FieldTable, names: readonly string[]): Record<string, number> {
  const extended: Record<string, number> = { ...table };
  let next = Math.max(-1, ...Object.values(table)) + 1;
  for (const name of names) if (!Object.hasOwn(extended, name)) extended[name] = next++;
  return extended;
}
