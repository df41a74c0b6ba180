// Messages of an object's header: what the HDF5 library reads before anything of the object, so that here they cost no
// request. Layout: HDF5 file format specification, sections IV.A.1 and IV.A.2.

import { Cursor, type Hdf5Bytes } from "./hdf5_bytes.ts";
import { type Hdf5Type, parseDatatype } from "./hdf5_datatype.ts";

/** Kinds of messages that are looked at. */
export const MESSAGE = {
  datatype: 0x03,
  external: 0x07,
  attribute: 0x0c,
  continuation: 0x10,
  attributeInfo: 0x15,
} as const;

/** A message of a header. */
export interface Message {
  readonly kind: number;
  /** Says only where the message is. */
  readonly shared: boolean;
  readonly body: Uint8Array;
}

/** Bytes of a header's first piece before its messages, and pieces of a header, at most. */
const HEAD = 64;
const MOST_PIECES = 1024;
/** Bytes of a header, at most. */
const MOST_BYTES = 1 << 24;
const SHARED = 2;
/** Where a shared message is: in the heap of the file, or in another object's header. */
const IN_HEAP = 1;
/** Steps from object to object to a type, at most. */
const MOST_STEPS = 4;

/** A piece of a header. */
interface Piece {
  readonly address: number;
  readonly length: number;
}

/** Messages of a piece, without its frame; `head` is the size of what stands before each. */
function* messagesOf(bytes: Uint8Array, second: boolean, ordered: boolean): Generator<Message> {
  const cursor = new Cursor(bytes);
  const head = second ? (ordered ? 6 : 4) : 8;
  while (cursor.left >= head) {
    const kind = cursor.unsigned(second ? 1 : 2);
    const length = cursor.unsigned(2);
    const flags = cursor.unsigned(1);
    cursor.skip(second ? (ordered ? 2 : 0) : 3);
    // The library pads headers of its first version so that a message may reach over the end of what it needs.
    yield { kind, shared: (flags & SHARED) !== 0, body: cursor.take(Math.min(length, cursor.left)) };
  }
}

/** How the first piece of a header begins. */
interface Start {
  readonly second: boolean;
  readonly ordered: boolean;
  readonly first: Piece;
}

function startOf(file: Hdf5Bytes, address: number): Start {
  const head = new Cursor(file.read(address, HEAD));
  if (head.bytes[0] === 1) {
    const length = head.skip(8).unsigned(4);
    return { second: false, ordered: false, first: { address: address + 16, length } };
  }
  head.expect("OHDR");
  const flags = head.skip(1).unsigned(1);
  head.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const length = head.unsigned(1 << (flags & 3));
  return { second: true, ordered: (flags & 4) !== 0, first: { address: address + head.at, length } };
}

/**
 * All messages of a header.
 *
 * @param address of the object
 * @throws SyntaxError where it is damaged
 */
export function headerMessages(file: Hdf5Bytes, address: number): Message[] {
  const { second, ordered, first } = startOf(file, address);
  const found: Message[] = [];
  const pieces = [first];
  let total = 0;
  for (let i = 0; i < pieces.length; i++) {
    if (i >= MOST_PIECES) throw new SyntaxError(`a header has more than ${MOST_PIECES} pieces`);
    const { address, length } = pieces[i]!;
    total += length;
    if (total > MOST_BYTES) throw new SyntaxError(`a header claims ${total} bytes`);
    let bytes = file.read(address, length);
    // Later pieces of the second version have letters in front and a checksum behind.
    if (second && i > 0) {
      const piece = new Cursor(bytes);
      piece.expect("OCHK");
      bytes = piece.take(piece.left - 4);
    }
    for (const message of messagesOf(bytes, second, ordered)) {
      if (message.kind === MESSAGE.continuation) {
        const place = new Cursor(message.body);
        pieces.push({ address: place.unsigned(file.addressBytes), length: place.unsigned(8) });
      } else found.push(message);
    }
  }
  return found;
}

/**
 * The type that a message holds, or that it says the place of.
 *
 * @param message its `shared` says whether its body is a place
 */
export function typeOf(
  file: Hdf5Bytes,
  { body, shared }: Pick<Message, "body" | "shared">,
  depth = 0,
): Hdf5Type {
  if (!shared) return parseDatatype(body);
  if (depth >= MOST_STEPS) throw new SyntaxError("its type leads to itself");
  const place = new Cursor(body);
  const version = place.unsigned(1);
  const where = place.unsigned(1);
  if (version === 3 && where === IN_HEAP) {
    throw new SyntaxError("its type is kept in a table of shared messages: rewrite the file with h5repack");
  }
  if (version === 1) place.skip(6);
  return objectType(file, place.unsigned(file.addressBytes), depth + 1);
}

/** The type in the header of an object: of a dataset, or of a type that has a name of its own. */
export function objectType(file: Hdf5Bytes, address: number, depth = 0): Hdf5Type {
  const messages = headerMessages(file, address);
  // Their names would be looked up where other files are open.
  if (messages.some(({ kind }) => kind === MESSAGE.external)) {
    throw new SyntaxError("it lies in other files, which are not read");
  }
  const message = messages.find(({ kind }) => kind === MESSAGE.datatype);
  if (!message) throw new SyntaxError(`the object at byte ${address} has no type`);
  return typeOf(file, message, depth);
}
