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

/** Numbers of a piece of text: the thread is free again after a few milliseconds. Bytes of them are whole groups of three. */
const PIECE = 3 * 2048;

/** Base64 of the bytes of an array, in pieces. */
function* base64Pieces(numbers: Float32Array): Generator<string, void, void> {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  for (let at = 0; at < bytes.length; at += 4 * PIECE) {
    yield btoa(String.fromCharCode(...bytes.subarray(at, at + 4 * PIECE)));
  }
}

/**
 * Numbers as the text of a JSON value, in pieces: whoever sends them can let others have their turn in between.
 *
 * @param numbers of a field
 * @param form decimal unless given
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal([...numbersJson(Float32Array.of(0.1, 1 / 3, NaN))].join(""), "[0.1,0.33333334,null]");
 * ```
 */
export function* numbersJson(
  numbers: Float32Array,
  form: NumberForm = "decimal",
): Generator<string, void, void> {
  if (form === "base64") {
    yield `{"dtype":"f32","base64":"`;
    yield* base64Pieces(numbers);
    yield `"}`;
    return;
  }
  yield "[";
  for (let at = 0; at < numbers.length; at += PIECE) {
    const text = Array.from(numbers.subarray(at, at + PIECE), shortest).join(",");
    yield at === 0 ? text : `,${text}`;
  }
  yield "]";
}
