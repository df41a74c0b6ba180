// Numbers as CF packs them: integers with a scale and an offset, unsigned ones in signed types, numbers that stand for
// missing ones. Out comes what they mean, NaN where nothing is.

import type { StoredArray } from "../stored/stored_array.ts";
import { type CfVariable, numberOf, numbersOf, textOf } from "./variable.ts";

/** How a variable's numbers are to be taken. */
export interface Packing {
  readonly scale: number;
  readonly offset: number;
  /** Added to negative numbers: those of an unsigned type. */
  readonly wrap: number;
  /** Numbers that stand for missing ones. */
  readonly missing: readonly number[];
  /** Smallest and largest that are valid. */
  readonly range: readonly [number, number];
}

/**
 * What the attributes say. Missing numbers and the range are those of packed ones.
 *
 * @param variable with its attributes
 */
export function packingOf(variable: CfVariable): Packing {
  const isUnsigned = /^true$/i.test(textOf(variable, "_Unsigned") ?? "") && variable.bits > 0;
  const wrap = isUnsigned ? 2 ** variable.bits : 0;
  const unsigned = (value: number) => value < 0 ? value + wrap : value;
  const filled = [...numbersOf(variable, "_FillValue"), ...numbersOf(variable, "missing_value")];
  const missing = filled.length === 0 && variable.unwritten !== null ? [variable.unwritten] : filled;
  const [low, high] = numbersOf(variable, "valid_range");
  return {
    scale: numberOf(variable, "scale_factor") ?? 1,
    offset: numberOf(variable, "add_offset") ?? 0,
    wrap,
    missing: missing.map(unsigned).filter((value) => !Number.isNaN(value)),
    range: [
      unsigned(numberOf(variable, "valid_min") ?? low ?? -Infinity),
      unsigned(numberOf(variable, "valid_max") ?? high ?? Infinity),
    ],
  };
}

/** Whether a variable says what stands for missing numbers: only of such cells may be missing by intent. */
export function declaresMissing({ attributes }: CfVariable): boolean {
  const names = ["_FillValue", "missing_value", "valid_min", "valid_max", "valid_range"];
  return names.some((name) => Object.hasOwn(attributes, name));
}

/** Whether numbers are what they are. */
function isPlain({ scale, offset, wrap, missing, range: [low, high] }: Packing): boolean {
  return scale === 1 && offset === 0 && wrap === 0 && missing.length === 0 && low === -Infinity &&
    high === Infinity;
}

/**
 * Unpacks numbers.
 *
 * @param raw as they are stored
 * @param packing what they mean
 * @param out receives them; may be `raw`
 */
export function unpack<T extends Float32Array | Float64Array>(
  raw: Float32Array | Float64Array,
  { scale, offset, wrap, missing, range: [low, high] }: Packing,
  out: T,
): T {
  // A fill value of double precision is stored in single precision as the nearest.
  const round = raw instanceof Float32Array ? Math.fround : (value: number) => value;
  const gaps = missing.map(round);
  const [least, most] = [round(low), round(high)];
  for (let i = 0; i < raw.length; i++) {
    let value = raw[i]!;
    if (value < 0) value += wrap;
    const isGap = value < least || value > most || gaps.includes(value);
    out[i] = isGap ? NaN : value * scale + offset;
  }
  return out;
}

/**
 * A variable as an array of what its numbers mean.
 *
 * @param variable whose numbers can be read
 * @throws SyntaxError, when it is read, naming the variable
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const variable = {
 *   name: "t2m",
 *   dimensions: ["x"],
 *   shape: [3],
 *   attributes: { scale_factor: 0.5, add_offset: 273, _FillValue: -32768 },
 *   fault: null,
 *   bits: 16,
 *   unwritten: null,
 *   read: () => Promise.resolve(Float64Array.of(-32768, 0, 4)),
 * };
 * assert.deepEqual([...await unpacked(variable).read([0], [3])], [NaN, 273, 275]);
 * ```
 */
export function unpacked(variable: CfVariable): StoredArray {
  const packing = packingOf(variable);
  const plain = isPlain(packing);
  return {
    name: variable.name,
    shape: variable.shape,
    async read(start, count) {
      const raw = await variable.read(start, count);
      if (plain) return raw instanceof Float32Array ? raw : Float32Array.from(raw);
      return unpack(raw, packing, raw instanceof Float32Array ? raw : new Float32Array(raw.length));
    },
  };
}

/** All numbers of a small variable in double precision: coordinates, times. */
export async function readNumbers(variable: CfVariable): Promise<Float64Array> {
  const raw = await variable.read(variable.shape.map(() => 0), variable.shape);
  return unpack(raw, packingOf(variable), new Float64Array(raw.length));
}
