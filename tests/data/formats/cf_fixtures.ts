// Files of other libraries, and what those read of them.

import assert from "node:assert/strict";
import type { Dataset } from "../../../lib/data/dataset.ts";
import { fixture } from "../../shared.ts";

interface Expected {
  /** Frame 2 of the first trajectory, in the order of samples; null for what is missing. */
  readonly fields: Readonly<Record<string, readonly (number | null)[]>>;
  readonly mask?: readonly number[];
  readonly times: readonly number[];
  readonly system: string;
  readonly boundaries: readonly (readonly string[])[];
  readonly trajectories: number;
  readonly scalars?: Readonly<Record<string, number>>;
}

interface Calendar {
  readonly digits: readonly number[];
  readonly seconds: readonly number[];
}

type Recorded = Readonly<Record<string, Expected>> & {
  readonly calendars: Readonly<Record<string, Calendar>>;
};

/** What make.py recorded. */
export const RECORDED: Recorded = JSON.parse(await Deno.readTextFile(fixture("cf/expected.json")));

/** Holds an open file against what was recorded of it. */
export async function checkAgainst(data: Dataset, name: string): Promise<void> {
  const expected = RECORDED[name]!;
  const split = await data.split();
  assert.equal(split.trajectories, expected.trajectories, name);
  const trajectory = split.trajectory(0);
  const { fields, grid, boundaries, scalars } = trajectory.info;
  assert.equal(grid.system, expected.system, name);
  assert.deepEqual(boundaries, expected.boundaries, name);
  assert.deepEqual([...await trajectory.times()], expected.times, name);
  const own = fields.filter(({ mask }) => !mask).map((field) => field.name);
  assert.deepEqual(own.toSorted(), Object.keys(expected.fields).toSorted(), name);
  const { values, hidden } = await trajectory.sample([2]);
  for (const [i, field] of fields.entries()) {
    if (field.mask) continue;
    const wanted = Float32Array.from(expected.fields[field.name]!, (value) => value ?? NaN);
    assert.deepEqual(values[i], wanted, `${name}: ${field.name}`);
  }
  assert.deepEqual(hidden && [...hidden], expected.mask ?? null, name);
  for (const [key, value] of Object.entries(expected.scalars ?? {})) assert.equal(scalars[key], value, key);
}
