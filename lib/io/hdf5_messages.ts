// The words of HDF5 files that are written: types, extents, attributes and headers as bytes. The oldest forms of the
// specification ("HDF5 File Format Specification", IV), which every reader has and which carry no checksums.

/** Number types that are written. */
export type Hdf5NumberType = "f32" | "f64" | "i8" | "i64";

/** Value of an attribute to write. Booleans become enumerations of FALSE and TRUE, as h5py writes them. */
export type WritableAttribute = string | number | boolean | bigint | readonly string[] | readonly boolean[];

/** An address that leads nowhere. */
export const NOWHERE = 0xffffffffffffffffn;
/** Messages by their numbers. */
const MESSAGE = {
  dataspace: 1,
  datatype: 3,
  fill: 5,
  layout: 8,
  filters: 11,
  attribute: 12,
  group: 17,
} as const;

/** Bytes as a list of little-endian numbers by their widths in bytes. */
export function packed(...fields: readonly (readonly [1 | 2 | 4 | 8, number | bigint])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((n, [width]) => n + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 1) view.setUint8(at, Number(value));
    else if (width === 2) view.setUint16(at, Number(value), true);
    else if (width === 4) view.setUint32(at, Number(value), true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

/** Bytes one after the other. */
export function joined(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Filled with zeros to whole eights. */
export function padded(bytes: Uint8Array): Uint8Array {
  return bytes.length % 8 === 0 ? bytes : joined(bytes, new Uint8Array(8 - bytes.length % 8));
}

/** A name, ended by a zero. */
export function nameBytes(name: string): Uint8Array {
  return joined(new TextEncoder().encode(name), [0]);
}

/** Integers: class 0; size, bits from bit 0. */
const integer = (
  size: number,
  signed: boolean,
) => [0x10, signed ? 8 : 0, 0, 0, size, 0, 0, 0, 0, 0, 8 * size, 0];
const TYPES = {
  // Floats: class 1; implied first bit of the mantissa, place of the sign; size; bits, exponent, mantissa, bias.
  f32: [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0],
  f64: [0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0],
  i8: integer(1, true),
  i64: integer(8, true),
  // An enumeration over integers, class 8: its two names, their values.
  boolean: [
    ...[0x18, 2, 0, 0, 1, 0, 0, 0],
    ...integer(1, true),
    ...padded(nameBytes("FALSE")),
    ...padded(nameBytes("TRUE")),
    ...[0, 1],
  ],
  // Text of any length, class 9: zero-terminated UTF-8; length, address of a heap and number in it.
  text: [0x19, 1, 1, 0, 16, 0, 0, 0, ...integer(1, false)],
} as const;

/** A message of a header. */
function message(kind: keyof typeof MESSAGE, data: Uint8Array, constant = false): Uint8Array {
  const body = padded(data);
  if (body.length > 0xffff) {
    throw new RangeError(`Cannot write a message of ${body.length} bytes in HDF5, wanted less than 64 KiB`);
  }
  return joined(packed([2, MESSAGE[kind]], [2, body.length], [4, constant ? 1 : 0]), body);
}

/** An extent; a single value has none. */
function dataspace(shape: readonly number[]): Uint8Array {
  const head = packed([1, 1], [1, shape.length], [2, 0], [4, 0]);
  return joined(head, packed(...shape.map((size) => [8, size] as const)));
}

/**
 * An object's header.
 *
 * @param messages of the object
 */
export function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const body = joined(...messages);
  return joined(packed([2, 1], [2, messages.length], [4, 1], [4, body.length], [4, 0]), body);
}

/** Messages that make a header one of a group. */
export function groupMessage(tree: number, names: number): Uint8Array {
  return message("group", packed([8, tree], [8, names]));
}

/** Where and how the numbers of a dataset lie. */
export interface DatasetPlace {
  readonly shape: readonly number[];
  readonly type: Hdf5NumberType;
  /** Of the numbers, or of the tree of chunks; null where there are none. */
  readonly address: number | null;
  /** Sizes of a chunk and, where chunks are compressed, the level; absent for numbers that lie in one piece. */
  readonly chunks?: { readonly sizes: readonly number[]; readonly level: number };
}

/** Bytes of a number. */
export const NUMBER_BYTES = { f32: 4, f64: 8, i8: 1, i64: 8 } as const;

/** Shuffle, then deflate; a reader that lacks one refuses the chunk. */
function filters(size: number, level: number): Uint8Array {
  const filter = (id: number, name: string, value: number) =>
    joined(packed([2, id], [2, 8], [2, 1], [2, 1]), nameBytes(name), packed([4, value], [4, 0]));
  return joined(
    packed([1, 1], [1, 2], [2, 0], [4, 0]),
    filter(2, "shuffle", size),
    filter(1, "deflate", level),
  );
}

/** Messages that make a header one of a dataset. */
export function datasetMessages({ shape, type, address, chunks }: DatasetPlace): Uint8Array[] {
  const size = NUMBER_BYTES[type];
  const at = address ?? NOWHERE;
  const count = shape.reduce((n, extent) => n * extent, size);
  const layout = chunks
    ? packed([1, 3], [1, 2], [1, shape.length + 1], [8, at], ...chunks.sizes.map((n) => [4, n] as const), [
      4,
      size,
    ])
    : packed([1, 3], [1, 1], [8, at], [8, count]);
  return [
    message("dataspace", dataspace(shape)),
    message("datatype", Uint8Array.from(TYPES[type]), true),
    // Room is made as chunks come (3), or for all (2); numbers that were not written are 0.
    message("fill", packed([1, 2], [1, chunks ? 3 : 2], [1, 2], [1, 1], [4, 0]), true),
    ...chunks && chunks.level > 0 ? [message("filters", filters(size, chunks.level))] : [],
    message("layout", layout),
  ];
}

/** Texts lie in a heap of the file: where each is, is known when it is added. */
export type AddText = (text: string) => Uint8Array;

/** Type, extent and bytes of a value. */
function encoded(
  value: WritableAttribute,
  addText: AddText,
): { type: keyof typeof TYPES; shape: number[]; data: Uint8Array } {
  if (typeof value === "string") return { type: "text", shape: [], data: addText(value) };
  if (typeof value === "boolean") return { type: "boolean", shape: [], data: Uint8Array.of(Number(value)) };
  if (typeof value === "bigint") {
    return { type: "i64", shape: [], data: packed([8, BigInt.asUintN(64, value)]) };
  }
  if (typeof value === "number") {
    return { type: "f64", shape: [], data: new Uint8Array(Float64Array.of(value).buffer) };
  }
  if (value.length === 0) return { type: "f64", shape: [0], data: new Uint8Array(0) };
  if (value.every((v) => typeof v === "boolean")) {
    return { type: "boolean", shape: [value.length], data: Uint8Array.from(value, Number) };
  }
  return { type: "text", shape: [value.length], data: joined(...value.map((v) => addText(String(v)))) };
}

/**
 * An attribute.
 *
 * @param name of it
 * @param value of it
 * @param addText puts a text into a heap
 * @throws RangeError for 64 KiB and more
 */
export function attributeMessage(name: string, value: WritableAttribute, addText: AddText): Uint8Array {
  const { type, shape, data } = encoded(value, addText);
  const [words, kind, space] = [nameBytes(name), Uint8Array.from(TYPES[type]), dataspace(shape)];
  const head = packed([2, 1], [2, words.length], [2, kind.length], [2, space.length]);
  return message("attribute", joined(head, padded(words), padded(kind), padded(space), data));
}
