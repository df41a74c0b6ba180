// Numbers of a sample that are not finite: found before they reach a network, and named.

import { componentNames } from "./components.ts";
import type { Sample } from "./dataset.ts";

/** Where a number is not finite. */
export interface NotFinite {
  /** Component of a field: `velocity_x`. */
  readonly component: string;
  /** Frame of the sample, from 0; null in a field that stays the same. */
  readonly frame: number | null;
  /** NaN or an infinity. */
  readonly value: number;
}

/**
 * First value of a sample that is not finite, or null. What is hidden is not looked at.
 *
 * @param sample to check
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("tests/fixtures/samples-bad/12_nan_frame.hdf5");
 * const sample = await (await data.split()).trajectory(0).sample([3, 4]);
 * assert.deepEqual(locateNotFinite(sample), { component: "A", frame: 1, value: NaN });
 * ```
 */
export function locateNotFinite({ info, times, values, hidden }: Sample): NotFinite | null {
  for (const [i, field] of info.fields.entries()) {
    const names = componentNames(info, field);
    const numbers = values[i]!;
    const size = numbers.length / (field.constant ? 1 : times.length);
    for (let at = 0; at < numbers.length; at++) {
      if (Number.isFinite(numbers[at])) continue;
      const inFrame = at % size;
      if (hidden?.[Math.floor(inFrame / names.length)]) continue;
      const frame = field.constant ? null : Math.floor(at / size);
      return { component: names[inFrame % names.length]!, frame, value: numbers[at]! };
    }
  }
  return null;
}

/**
 * First value of a sample that is not finite, in words, or null. What is hidden is not looked at.
 *
 * @param sample to check
 * @param frames numbers of its frames in their trajectory, for the message; those in the sample unless given
 * @returns `frame 12, velocity_x is NaN`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("tests/fixtures/samples-bad/12_nan_frame.hdf5");
 * const sample = await (await data.split()).trajectory(0).sample([4, 5, 6]);
 * assert.match(findNotFinite(sample, [4, 5, 6]) ?? "", /^frame 4, A is NaN$/);
 * ```
 */
export function findNotFinite(sample: Sample, frames?: readonly number[]): string | null {
  const found = locateNotFinite(sample);
  if (!found) return null;
  const { component, frame, value } = found;
  const where = frame === null ? "constant" : `frame ${frames?.[frame] ?? frame},`;
  return `${where} ${component} is ${value}`;
}
