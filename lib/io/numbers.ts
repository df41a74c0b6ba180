// Widening and narrowing of stored number types. Files are little-endian; so are all platforms this runs on.

/** Number types found in checkpoints, with bytes an element. */
export const STORED_BYTES = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
} as const;

/** Name of a stored number type. */
export type StoredType = "f64" | "f32" | "f16" | "bf16" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool";

/** Value of 16 bits as an IEEE half. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All fp16 numbers by their bits: a table makes widening a look-up. */
let fp16: Float32Array | null = null;

/** fp16 as f32; exact. */
export function widenFp16(bits: Uint16Array): Float32Array {
  fp16 ??= Float32Array.from({ length: 65536 }, (_, i) => halfToNumber(i));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = fp16[bits[i]!]!;
  return out;
}

/** bfloat16 as f32; exact. */
export function widenBfloat(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}

const scratch = new DataView(new ArrayBuffer(4));

/** Nearest IEEE half of a number, ties to even; too large becomes infinity. */
export function numberToHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below the smallest normal half: count in units of 2^-24.
    const units = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(units);
    const rest = units - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/**
 * f32 as fp16, rounded to nearest even.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([...narrowToHalf(Float32Array.of(1, -2))], [0x3c00, 0xc000]);
 * ```
 */
export function narrowToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToHalf(values[i]!);
  return out;
}

/** f32 as bfloat16, rounded to nearest even; values beyond the largest become infinity. */
export function narrowToBfloat(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    // A quiet NaN: rounding could carry its fraction away and leave infinity.
    out[i] = (b & 0x7fffffff) > 0x7f800000 ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** 16-bit elements of stored bytes; a view of them where their place in memory allows. */
export function toUint16(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, 2);
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

/** The bytes where a typed array of this element width can view them: themselves or a copy. */
function aligned(bytes: Uint8Array, width: number): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

/**
 * Stored bytes as f32.
 *
 * @param bytes little-endian, a whole number of elements; given away: the result may be a view of them
 * @param type how they are stored
 * @returns values widened, or rounded to f32 from f64 and integers
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * // 0x3c00 is one as an IEEE half and 2^-7 as bfloat16.
 * assert.deepEqual([...toFloat32(Uint8Array.of(0x00, 0x3c), "f16")], [1]);
 * assert.deepEqual([...toFloat32(Uint8Array.of(0x00, 0x3c), "bf16")], [2 ** -7]);
 * ```
 */
export function toFloat32(bytes: Uint8Array, type: StoredType): Float32Array {
  const width = STORED_BYTES[type];
  const { buffer, byteOffset, byteLength } = aligned(bytes, width);
  const count = byteLength / width;
  switch (type) {
    case "f32":
      return new Float32Array(buffer, byteOffset, count);
    case "f16":
      return widenFp16(new Uint16Array(buffer, byteOffset, count));
    case "bf16":
      return widenBfloat(new Uint16Array(buffer, byteOffset, count));
    case "f64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "i64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case "i32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, count));
    case "i16":
      return Float32Array.from(new Int16Array(buffer, byteOffset, count));
    case "i8":
      return Float32Array.from(new Int8Array(buffer, byteOffset, count));
    case "u8":
    case "bool":
      return Float32Array.from(new Uint8Array(buffer, byteOffset, count));
  }
}
