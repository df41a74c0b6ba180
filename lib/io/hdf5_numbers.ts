// Numbers of any layout that HDF5 can describe (offset, precision, sign, exponent, bias), converted as the HDF5 library
// converts them to native types. Bytes come little-endian, as the library hands them out; the layouts that machines
// compute in are viewed, all others decoded bit by bit.

import type { FloatType, Hdf5Type, IntegerType } from "./hdf5_datatype.ts";
import { toFloat32 } from "./numbers.ts";

/** A type whose values are numbers. */
export type NumberType = (IntegerType | FloatType) & Pick<Hdf5Type, "order" | "asStored">;

/** Bits that a double holds exactly. */
const EXACT = 53;
/** Types of so few bytes are converted by a table of all their values once there are more values than that. */
const TABLE_BYTES = 2;

const IEEE: Readonly<Record<number, readonly [exponent: number, mantissa: number]>> = {
  2: [5, 10],
  4: [8, 23],
  8: [11, 52],
};

/** Whether a float is one of IEEE 754 that fills its bytes. */
function isIeee({ bytes, sign, exponent, mantissa, first }: FloatType): boolean {
  const [bits, fraction] = IEEE[bytes] ?? [0, 0];
  return bits > 0 && exponent.bits === bits && mantissa.bits === fraction && mantissa.at === 0 &&
    exponent.at === fraction && sign === 8 * bytes - 1 && exponent.bias === 2 ** (bits - 1) - 1 &&
    first === "implied";
}

/** Whether a type is f32, the one that most fields have. */
export function isFloat32(type: Hdf5Type): boolean {
  return type.kind === "float" && type.bytes === 4 && isIeee(type);
}

/** Whether sign, exponent and mantissa follow each other from the highest bit on, the first of the mantissa implied. */
function isUsual({ sign, exponent, mantissa, first }: FloatType): boolean {
  return first === "implied" && mantissa.at + mantissa.bits === exponent.at &&
    exponent.at + exponent.bits === sign;
}

/** Why numbers of a type are not converted; null when they are. */
export function numberFault(type: NumberType): string | null {
  if (type.kind === "integer") return type.precision > 64 ? `a ${type.precision}-bit integer` : null;
  if (type.first === "set") return "a float whose mantissa begins with a stored 1";
  if (type.exponent.bits > 32) return `a float with an exponent of ${type.exponent.bits} bits`;
  // The library makes these little-endian by arithmetic, which goes wrong for some.
  if (type.offset > 0 && type.order !== "little" && !isUsual(type)) {
    return `a float of unusual layout at bit ${type.offset} that is not little-endian`;
  }
  return null;
}

/** `length` bits from bit `at` of bytes that begin at `from`; as a bigint, since there may be more than 53. */
function wideBits(bytes: Uint8Array, from: number, at: number, length: number): bigint {
  let value = 0n;
  for (let i = (at + length - 1) >> 3; i >= at >> 3; i--) value = value << 8n | BigInt(bytes[from + i]!);
  return BigInt.asUintN(length, value >> BigInt(at & 7));
}

/** The same of at most 53 bits, as a number. */
function bits(bytes: Uint8Array, from: number, at: number, length: number): number {
  let value = 0;
  let place = 1;
  for (let done = 0; done < length;) {
    const skip = (at + done) & 7;
    const take = Math.min(8 - skip, length - done);
    value += ((bytes[from + ((at + done) >> 3)]! >> skip) & ((1 << take) - 1)) * place;
    place *= 2 ** take;
    done += take;
  }
  return value;
}

/** `value * 2 ** power`, rounded once: a power of two may be too small for a double where the product is not. */
function scaled(value: number, power: number): number {
  if (value === 0) return 0;
  return power < -1000 ? value * 2 ** -1000 * 2 ** (power + 1000) : value * 2 ** power;
}

/** Decodes one value of the bytes at a place. */
type Decode = (bytes: Uint8Array, from: number) => number;

function integerDecoder({ offset, precision, signed }: IntegerType): Decode {
  if (precision > EXACT) {
    return (bytes, from) => {
      const value = wideBits(bytes, from, offset, precision);
      return Number(signed ? BigInt.asIntN(precision, value) : value);
    };
  }
  const half = 2 ** (precision - 1);
  return (bytes, from) => {
    const value = bits(bytes, from, offset, precision);
    return signed && value >= half ? value - 2 * half : value;
  };
}

function floatDecoder({ sign, exponent, mantissa, first }: FloatType): Decode {
  const { bits: length, bias } = exponent;
  const special = 2 ** length - 1;
  const fractionOf = mantissa.bits > EXACT
    ? (bytes: Uint8Array, from: number) => wideBits(bytes, from, mantissa.at, mantissa.bits)
    : (bytes: Uint8Array, from: number) => bits(bytes, from, mantissa.at, mantissa.bits);
  // What stands before the fraction of a normal number; a bigint where the fraction is one.
  const leading = mantissa.bits > EXACT ? 1n << BigInt(mantissa.bits) : 2 ** mantissa.bits;
  const infinite = leading === 2 ** mantissa.bits
    ? 2 ** (mantissa.bits - 1)
    : 1n << BigInt(mantissa.bits - 1);
  return (bytes, from) => {
    const negative = bits(bytes, from, sign, 1) === 1;
    const power = bits(bytes, from, exponent.at, length);
    const fraction = fractionOf(bytes, from);
    let value: number;
    if (power === special) {
      value = fraction == 0 || (first !== "implied" && fraction === infinite) ? Infinity : NaN;
    } else if (first === "implied" && power > 0) {
      const whole = typeof fraction === "bigint"
        ? Number(fraction + (leading as bigint))
        : fraction + (leading as number);
      value = scaled(whole, power - bias - mantissa.bits);
    } else {
      // A stored mantissa of zeros with an exponent is no number that hardware makes: the library counts half a unit.
      const units = fraction == 0 && power > 0 ? 0.5 : Number(fraction);
      value = scaled(units, power - bias + 1 - mantissa.bits);
    }
    return negative ? -value : value;
  };
}

function decoded(bytes: Uint8Array, type: NumberType): Float64Array {
  const count = bytes.length / type.bytes;
  const out = new Float64Array(count);
  const decode = type.kind === "integer" ? integerDecoder(type) : floatDecoder(type);
  if (type.bytes === TABLE_BYTES && count > 65_536) {
    const word = new Uint8Array(TABLE_BYTES);
    const table = Float64Array.from({ length: 65_536 }, (_, i) => {
      word[0] = i & 255;
      word[1] = i >> 8;
      return decode(word, 0);
    });
    for (let i = 0; i < count; i++) out[i] = table[bytes[2 * i]! | bytes[2 * i + 1]! << 8]!;
    return out;
  }
  for (let i = 0, from = 0; i < count; i++, from += type.bytes) out[i] = decode(bytes, from);
  return out;
}

/** Whole bytes as the integers that machines compute in; null for others. */
function viewedIntegers({ bytes, precision, signed }: IntegerType, buffer: ArrayBuffer) {
  if (precision !== 8 * bytes) return null;
  switch (bytes) {
    case 1:
      return signed ? new Int8Array(buffer) : new Uint8Array(buffer);
    case 2:
      return signed ? new Int16Array(buffer) : new Uint16Array(buffer);
    case 4:
      return signed ? new Int32Array(buffer) : new Uint32Array(buffer);
    default:
      return null;
  }
}

/** Elements with their bytes the other way round. */
function reversed(bytes: Uint8Array, width: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at < out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}

/** Elements with neighbouring bytes exchanged. */
function exchanged(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, i) => bytes[i ^ 1]!);
}

/**
 * Numbers as doubles; integers beyond 2^53 and floats of more than 53 bits are rounded to the nearest.
 *
 * @param bytes whole elements, as the library hands them out: little-endian but for enumerations
 * @param type one that `numberFault` has nothing against
 */
export function toNumbers(bytes: Uint8Array, type: NumberType): Float64Array {
  if (type.asStored && type.order === "big") {
    return toNumbers(reversed(bytes, type.bytes), { ...type, order: "little" });
  }
  // Words of 16 bits, the highest first: the library takes them for big-endian and turns all bytes round.
  if (type.order === "vax") return toNumbers(exchanged(bytes), { ...type, order: "little" });
  if (type.kind === "float" && isIeee(type)) {
    if (type.bytes === 8) return new Float64Array(bytes.slice().buffer);
    return Float64Array.from(toFloat32(bytes.slice(), type.bytes === 4 ? "f32" : "f16"));
  }
  if (type.kind === "integer") {
    const viewed = viewedIntegers(type, bytes.slice().buffer);
    if (viewed) return Float64Array.from(viewed);
  }
  return decoded(bytes, type);
}
