// Numbers in JSON: as few digits as give the same number back, or base64. JSON has no NaN and no infinity: they are null.

/** How numbers are written. */
export type NumberForm = "decimal" | "base64";

/** Digits that single precision needs at most. */
const MOST_DIGITS = 9;

/** The shortest text that is the same number in single precision. */
function shortest(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return Object.is(value, -0) ? "-0" : String(value);
  for (let digits = 6; digits < MOST_DIGITS; digits++) {
    const near = Number(value.toPrecision(digits));
    if (Math.fround(near) === value) return String(near);
  }
  return String(Number(value.toPrecision(MOST_DIGITS)));
}

/** Letters that `btoa` is given at once: whole groups of three. */
const PIECE = 3 * 4096;

/** Base64 of the bytes of an array. */
export function toBase64(numbers: Float32Array): string {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  }
  return text;
}

/**
 * Numbers as the text of a JSON value.
 *
 * @param numbers of a field
 * @param form decimal unless given
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(numbersJson(Float32Array.of(0.1, 1 / 3, NaN)), "[0.1,0.33333334,null]");
 * ```
 */
export function numbersJson(numbers: Float32Array, form: NumberForm = "decimal"): string {
  if (form === "base64") return `{"dtype":"f32","base64":"${toBase64(numbers)}"}`;
  const parts: string[] = new Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) parts[i] = shortest(numbers[i]!);
  return `[${parts.join(",")}]`;
}
