// What the channels of PDEGym's sets are, by the sets' names.

import type { Boundary } from "../../dataset.ts";

/** A field of channels. */
export interface ChannelField {
  readonly name: string;
  readonly order: number;
  /** Which channels, component by component. */
  readonly channels: readonly number[];
}

/** A kind of sets. */
export interface System {
  readonly fields: readonly ChannelField[];
  readonly side: Boundary;
  /** Trajectories held out by their order. */
  readonly valid: number;
  readonly test: number;
  /** What was taken for granted or left out. */
  readonly notes: readonly string[];
}

const scalar = (name: string, channel: number): ChannelField => ({ name, order: 0, channels: [channel] });
const velocity = (first: number): ChannelField => ({
  name: "velocity",
  order: 1,
  channels: [first, first + 1],
});
/** Density, velocity, pressure. */
const GAS: readonly ChannelField[] = [scalar("density", 0), scalar("pressure", 3), velocity(1)];

interface Row extends Omit<System, "notes"> {
  readonly name: RegExp;
}

const FLUID = { valid: 120, test: 240 };
const LATER = { valid: 100, test: 130 };
const WAVES = { valid: 60, test: 240 };

const ROWS: readonly Row[] = [
  { name: /CE-RM/i, fields: GAS, side: "open", ...LATER },
  { name: /GCE-RT/i, fields: [...GAS, scalar("gravity_potential", 5)], side: "open", ...LATER },
  { name: /CE-/i, fields: GAS, side: "periodic", ...FLUID },
  { name: /FNS-KF/i, fields: [velocity(0)], side: "periodic", ...FLUID },
  { name: /NS-/i, fields: [velocity(0)], side: "periodic", ...FLUID },
  { name: /Wave-/i, fields: [scalar("pressure", 0)], side: "open", ...WAVES },
  { name: /ACE/i, fields: [scalar("concentration", 0)], side: "periodic", ...WAVES },
];

/** The row of a set: by its name, or by the array that it has, which some names share. */
function rowOf(set: string, array: string): Row | undefined {
  const found = ROWS.find(({ name }) => name.test(set));
  if (found) return found;
  if (array === "data") return ROWS.find(({ name }) => name.test("CE-"));
  return array === "velocity" ? ROWS.find(({ name }) => name.test("NS-")) : undefined;
}

/**
 * What channels are.
 *
 * @param set name of the file without its ending, `CE-RP`
 * @param array that they are of
 * @param count of channels
 * @param file for messages
 * @throws SyntaxError for a set of no known name, or with too few channels
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { fields, side } = channelsOf("NS-PwC", "velocity", 3, "NS-PwC.nc");
 * assert.deepEqual(fields.map(({ name }) => name), ["tracer", "velocity"]);
 * assert.equal(side, "periodic");
 * ```
 */
export function channelsOf(set: string, array: string, count: number, file: string): System {
  const row = rowOf(set, array);
  if (!row) {
    throw new SyntaxError(
      `Cannot read "${file}": what the ${count} channels of "${array}" are follows from the file's name, wanted one with ` +
        "CE-.., NS-.., FNS-KF, GCE-RT, Wave-.. or ACE",
    );
  }
  const { name: _, ...system } = row;
  // A third channel beside a velocity is what it carries along.
  const fields = array === "velocity" && count > 2 ? [scalar("tracer", 2), ...row.fields] : row.fields;
  const needed = Math.max(...fields.flatMap(({ channels }) => channels)) + 1;
  if (count < needed) {
    throw new SyntaxError(
      `Cannot read "${file}": "${array}" has ${count} channels, wanted at least ${needed} (${
        fields.map(({ name }) => name).join(", ")
      })`,
    );
  }
  const used = new Set(fields.flatMap(({ channels }) => channels));
  const rest = Array.from({ length: count }, (_, i) => i).filter((i) => !used.has(i));
  const left = rest.length > 0 ? [`channel ${rest.join(", ")} of "${array}" is left out`] : [];
  return { ...system, fields, notes: [...left, "PDEGym's files have no times, frames are counted from 0"] };
}
