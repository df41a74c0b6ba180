// Values of attributes and small tables, from the bytes that the HDF5 library hands out: numbers of any layout, text
// without its padding, parameters by name.

import { type CompoundType, type Hdf5Type, type TextType, typeName } from "./hdf5_datatype.ts";
import { numberFault, toNumbers } from "./hdf5_numbers.ts";
import type { H5Metadata } from "./hdf5_types.ts";

/** Value of an attribute of a type that is not read. */
export interface Unread {
  /** Name of the type, or why it is not read. */
  readonly unread: string;
}

/** Rows of a table of names and numbers. */
export interface Parameters {
  readonly parameters: Readonly<Record<string, number>>;
}

/** Value of an attribute: one for a scalar, a list otherwise. Booleans are numbers 0 and 1. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Parameters
  | Unread;

/** The text at a pointer of the library's memory. */
type TextAt = (pointer: number) => string;

/** Rows of a table of parameters, at most. */
export const MOST_ROWS = 4096;

/**
 * Why a type is not read, by its name; null when it is: numbers, text, tables of one text and one number.
 *
 * @param type as the file describes it
 */
export function typeFault(type: Hdf5Type): string | null {
  if (type.kind === "text") return null;
  if (type.kind === "other") return type.name;
  if (type.kind !== "compound") return numberFault(type);
  return parameterMembers(type) ? null : typeName(type);
}

/**
 * A type as it lies in the library's memory, where members of a compound may lie elsewhere than in the file.
 *
 * @throws SyntaxError, without the file's name, when the library takes it for another
 */
export function inMemory(type: Hdf5Type, { size, compound_type: compound }: H5Metadata): Hdf5Type {
  if (type.kind === "other") return { ...type, bytes: size };
  if (type.kind === "compound" && compound?.members.length === type.members.length) {
    const members = type.members.map((member, i) => ({ ...member, offset: compound.members[i]!.offset }));
    return { ...type, bytes: size, members };
  }
  if (type.bytes !== size) {
    throw new SyntaxError(`it is damaged: a type of ${size} bytes is described as ${type.bytes} bytes`);
  }
  return type;
}

/** The text and the number of a table of parameters; null when it is another compound. */
function parameterMembers(type: CompoundType & Pick<Hdf5Type, "order">) {
  const [first, second] = type.members;
  if (type.members.length !== 2 || type.order === "mixed" || type.order === "vax") return null;
  const [name, value] = first!.type.kind === "text" ? [first!, second!] : [second!, first!];
  if (name.type.kind !== "text") return null;
  if (value.type.kind !== "integer" && value.type.kind !== "float") return null;
  if (numberFault(value.type) || (value.type.asStored && type.order === "big")) return null;
  return { name: { at: name.offset, type: name.type }, value: { at: value.offset, type: value.type } };
}

/** Texts of a type, without what fills them up. */
export function toTexts(bytes: Uint8Array, type: TextType, textAt: TextAt): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  return Array.from({ length: bytes.length / type.bytes }, (_, i) => {
    const at = i * type.bytes;
    if (type.varying) {
      const pointer = view.getUint32(at, true);
      return pointer === 0 ? "" : textAt(pointer);
    }
    const raw = bytes.subarray(at, at + type.bytes);
    if (type.padding === "spaces") return decoder.decode(raw).replace(/[ \0]+$/, "");
    const end = raw.indexOf(0);
    return decoder.decode(end < 0 ? raw : raw.subarray(0, end));
  });
}

/** Rows of a table of parameters by name; names may be filled up with spaces whatever their type says. */
function toParameters(
  bytes: Uint8Array,
  type: CompoundType & Pick<Hdf5Type, "order">,
  textAt: TextAt,
): Parameters {
  const { name, value } = parameterMembers(type)!;
  const column = (at: number, width: number) => {
    const out = new Uint8Array(bytes.length / type.bytes * width);
    for (let from = at, to = 0; to < out.length; from += type.bytes, to += width) {
      out.set(bytes.subarray(from, from + width), to);
    }
    return out;
  };
  const names = toTexts(column(name.at, name.type.bytes), name.type, textAt);
  const values = toNumbers(column(value.at, value.type.bytes), value.type);
  return { parameters: Object.fromEntries(names.map((text, i) => [text.trimEnd(), values[i]!])) };
}

/**
 * Values of a type that `typeFault` has nothing against.
 *
 * @param bytes as the library hands them out
 * @param textAt reads text of any length, which the bytes point to
 */
export function toValues(
  bytes: Uint8Array,
  type: Hdf5Type,
  textAt: TextAt,
): number[] | string[] | Parameters {
  if (type.kind === "text") return toTexts(bytes, type, textAt);
  if (type.kind === "compound") return toParameters(bytes, type, textAt);
  if (type.kind === "other") throw new TypeError(`Cannot read ${type.name}`);
  return [...toNumbers(bytes, type)];
}
