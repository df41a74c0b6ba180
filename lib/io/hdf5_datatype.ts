// The type of a dataset or attribute as an HDF5 file describes it, down to single bits: what the library's interface
// leaves out. Layout: HDF5 file format specification, section IV.A.2.d. Damage is a SyntaxError without the file's name.

import { Cursor } from "./hdf5_bytes.ts";
import { quoted } from "./quote.ts";

/** Bits of a number that are counted: from `offset` on, the lowest first. */
export interface IntegerType {
  readonly kind: "integer";
  readonly bytes: number;
  readonly offset: number;
  readonly precision: number;
  readonly signed: boolean;
}

/** Where a floating point number keeps its parts, in bits from its lowest one. */
export interface FloatType {
  readonly kind: "float";
  readonly bytes: number;
  /** The lowest bit that counts. */
  readonly offset: number;
  readonly sign: number;
  readonly exponent: { readonly at: number; readonly bits: number; readonly bias: number };
  readonly mantissa: { readonly at: number; readonly bits: number };
  /** The mantissa's first bit: not stored and 1, stored and 1, or stored and of either value. */
  readonly first: "implied" | "set" | "stored";
}

/** Text of a fixed number of bytes, or of any: then `bytes` are those of a pointer. */
export interface TextType {
  readonly kind: "text";
  readonly bytes: number;
  readonly padding: "zeros" | "spaces";
  /** Of any number of bytes. */
  readonly varying: boolean;
}

/** Rows of named members. */
export interface CompoundType {
  readonly kind: "compound";
  readonly bytes: number;
  readonly members: readonly { readonly name: string; readonly offset: number; readonly type: Hdf5Type }[];
}

/** What is not read, by its name. */
export interface OtherType {
  readonly kind: "other";
  readonly bytes: number;
  readonly name: string;
}

/** A type in its file; enumerations are their numbers, bit fields unsigned integers. */
export type Hdf5Type = (IntegerType | FloatType | TextType | CompoundType | OtherType) & {
  readonly order: ByteOrder;
  /** The library hands it out in that order, where it makes others little-endian. */
  readonly asStored?: boolean;
};

/** Order of bytes; mixed where members of a compound differ, none where there is nothing to order. */
export type ByteOrder = "little" | "big" | "vax" | "mixed" | "none";

/** Bytes of a pointer in the library's memory. */
const POINTER = 4;
/** Types in types, at most. */
const DEEPEST = 16;
/** Members or values of a type, at most. */
const MOST_MEMBERS = 4096;
/** First version whose names are not padded. */
const UNPADDED = 3;

/** Words for a type in messages: `16-bit float`, `compound of (name, value)`. */
export function typeName(type: Hdf5Type): string {
  if (type.kind === "other") return type.name;
  if (type.kind === "text") return "text";
  if (type.kind === "compound") {
    return `compound of (${type.members.slice(0, 4).map(({ name }) => quoted(name)).join(", ")}${
      type.members.length > 4 ? ", .." : ""
    })`;
  }
  if (type.kind === "integer") return `${type.precision}-bit integer`;
  return `${1 + type.exponent.bits + type.mantissa.bits}-bit float`;
}

function integer(cursor: Cursor, bytes: number, flags: number, signed: boolean): Hdf5Type {
  const offset = cursor.unsigned(2);
  const precision = cursor.unsigned(2);
  if (precision === 0 || offset + precision > 8 * bytes) {
    throw new SyntaxError(`a number has ${precision} bits at bit ${offset} of ${bytes} bytes`);
  }
  return { kind: "integer", bytes, offset, precision, signed, order: flags & 1 ? "big" : "little" };
}

function float(cursor: Cursor, version: number, bytes: number, flags: number): Hdf5Type {
  const offset = cursor.unsigned(2);
  cursor.skip(2);
  const exponent = { at: cursor.unsigned(1), bits: cursor.unsigned(1) };
  const mantissa = { at: cursor.unsigned(1), bits: cursor.unsigned(1) };
  const bias = cursor.unsigned(4);
  const sign = flags >> 8 & 0xff;
  const first = (["stored", "set", "implied"] as const)[flags >> 4 & 3];
  const end = Math.max(sign + 1, exponent.at + exponent.bits, mantissa.at + mantissa.bits);
  if (!first || exponent.bits === 0 || mantissa.bits === 0 || end > 8 * bytes) {
    throw new SyntaxError(
      `a float of ${bytes} bytes has its sign at bit ${sign}, exponent at ${exponent.at}, mantissa at ${mantissa.at}`,
    );
  }
  const order = (flags & 1) === 0 ? "little" : version >= 3 && flags & 0x40 ? "vax" : "big";
  return { kind: "float", bytes, offset, sign, exponent: { ...exponent, bias }, mantissa, first, order };
}

function orderOf(types: readonly Hdf5Type[]): ByteOrder {
  const orders = new Set(types.map(({ order }) => order).filter((order) => order !== "none"));
  return orders.size > 1 ? "mixed" : [...orders][0] ?? "none";
}

function compound(cursor: Cursor, version: number, bytes: number, count: number, depth: number): Hdf5Type {
  if (count > MOST_MEMBERS) throw new SyntaxError(`a compound type has ${count} members`);
  const width = version < UNPADDED ? 4 : Math.floor(Math.log2(Math.max(1, bytes)) / 8) + 1;
  const members = Array.from({ length: count }, () => {
    const name = cursor.name(version < UNPADDED);
    const offset = cursor.unsigned(width);
    let elements = 0;
    if (version === 1) {
      elements = cursor.unsigned(1);
      cursor.skip(27);
    }
    const type = typeAt(cursor, depth + 1);
    if (offset + type.bytes > bytes) {
      throw new SyntaxError(`member ${quoted(name)} reaches out of its compound`);
    }
    return { name, offset, type: elements === 0 ? type : other(type.bytes, "array", type.order) };
  });
  return { kind: "compound", bytes, members, order: orderOf(members.map(({ type }) => type)) };
}

/** The numbers of an enumeration; its names are passed over. */
function enumeration(cursor: Cursor, version: number, count: number, depth: number): Hdf5Type {
  if (count > MOST_MEMBERS) throw new SyntaxError(`an enumeration has ${count} values`);
  const base = typeAt(cursor, depth + 1);
  for (let i = 0; i < count; i++) cursor.name(version < UNPADDED);
  cursor.skip(count * base.bytes);
  return { ...base, asStored: true };
}

function array(cursor: Cursor, version: number, bytes: number, depth: number): Hdf5Type {
  const rank = cursor.unsigned(1);
  if (version < UNPADDED) cursor.skip(3);
  const shape = Array.from({ length: rank }, () => cursor.unsigned(4));
  if (version < UNPADDED) cursor.skip(4 * rank);
  const base = typeAt(cursor, depth + 1);
  return other(bytes, `array of [${shape.join(", ")}] ${typeName(base)}s`, base.order);
}

function other(bytes: number, name: string, order: ByteOrder = "none"): Hdf5Type {
  return { kind: "other", bytes, name, order };
}

function typeAt(cursor: Cursor, depth: number): Hdf5Type {
  if (depth > DEEPEST) throw new SyntaxError(`its types are nested more than ${DEEPEST} deep`);
  const head = cursor.unsigned(1);
  const flags = cursor.unsigned(3);
  const bytes = cursor.unsigned(4);
  const version = head >> 4;
  switch (head & 15) {
    case 0:
      return integer(cursor, bytes, flags, (flags & 8) !== 0);
    case 1:
      return float(cursor, version, bytes, flags);
    case 2:
      cursor.skip(2);
      return other(bytes, "time");
    case 3:
      return {
        kind: "text",
        bytes,
        padding: (flags & 15) === 2 ? "spaces" : "zeros",
        varying: false,
        order: "none",
      };
    case 4:
      return integer(cursor, bytes, flags, false);
    case 5:
      cursor.skip(flags & 0xff);
      return other(bytes, "opaque bytes");
    case 6:
      return compound(cursor, version, bytes, flags & 0xffff, depth);
    case 7:
      return other(bytes, "reference");
    case 8:
      return enumeration(cursor, version, flags & 0xffff, depth);
    case 9: {
      const base = typeAt(cursor, depth + 1);
      if ((flags & 15) === 1) {
        return { kind: "text", bytes: POINTER, padding: "zeros", varying: true, order: "none" };
      }
      return other(bytes, `list of any length of ${typeName(base)}s`, base.order);
    }
    case 10:
      return array(cursor, version, bytes, depth);
    case 11: {
      const base = typeAt(cursor, depth + 1);
      return other(bytes, `complex number of ${typeName(base)}s`, base.order);
    }
    default:
      throw new SyntaxError(`its type is of the unknown class ${head & 15}`);
  }
}

/**
 * Reads a datatype message.
 *
 * @param message its bytes, maybe more
 * @throws SyntaxError for what is no type
 */
export function parseDatatype(message: Uint8Array): Hdf5Type {
  try {
    return typeAt(new Cursor(message), 0);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new SyntaxError("a type ends before it is complete", { cause: error });
    }
    throw error;
  }
}
