// Types of an object's attributes, whether they lie in its header or, being many, in a heap. Layout: HDF5 file format
// specification, sections IV.A.2.m and IV.A.2.v.

import { Cursor, type Hdf5Bytes } from "./hdf5_bytes.ts";
import type { Hdf5Type } from "./hdf5_datatype.ts";
import { heapObject, treeRecords } from "./hdf5_fractal_heap.ts";
import { headerMessages, MESSAGE, typeOf } from "./hdf5_header.ts";

/** Bytes of an object's place in a heap, first in a record of a tree of names. */
const HEAP_ID = 8;

/** Bytes that finding the types of one object's attributes may read: a few hundred for each of very many. */
const MOST_READ = 64 << 20;

/**
 * The same bytes, of which no more are read than any object needs: damaged places may lead to each other again and again.
 */
function bounded(file: Hdf5Bytes): Hdf5Bytes {
  let total = 0;
  return {
    addressBytes: file.addressBytes,
    read(address, length) {
      const bytes = file.read(address, length);
      // Also what reads nothing takes its time.
      total += bytes.length + 64;
      if (total > MOST_READ) throw new SyntaxError("it is damaged: its attributes lead to each other");
      return bytes;
    },
  };
}

/** Name and type of the attribute in a message. */
function attributeOf(file: Hdf5Bytes, body: Uint8Array): [name: string, type: () => Hdf5Type] {
  const cursor = new Cursor(body);
  const version = cursor.unsigned(1);
  const flags = cursor.unsigned(1);
  const [nameBytes, typeBytes] = [cursor.unsigned(2), cursor.unsigned(2)];
  cursor.skip(version < 3 ? 2 : 3);
  const padded = (bytes: number) => version === 1 ? Math.ceil(bytes / 8) * 8 : bytes;
  const name = new Cursor(cursor.take(padded(nameBytes))).name(false);
  const type = cursor.take(Math.min(padded(typeBytes), cursor.left));
  return [name, () => typeOf(file, { body: type, shared: version > 1 && (flags & 1) !== 0 })];
}

/** Bodies of messages of attributes that lie in a heap. */
function* inHeap(file: Hdf5Bytes, info: Uint8Array): Generator<Uint8Array> {
  const cursor = new Cursor(info);
  const flags = cursor.skip(1).unsigned(1);
  if (flags & 1) cursor.skip(2);
  const heap = cursor.take(file.addressBytes);
  // Where none lies there, the address is all ones.
  if (heap.every((byte) => byte === 255)) return;
  const address = new Cursor(heap).unsigned(file.addressBytes);
  for (const record of treeRecords(file, cursor.unsigned(file.addressBytes))) {
    const message = heapObject(file, address, record.subarray(0, HEAP_ID));
    if (message) yield message;
  }
}

/**
 * Types of an object's attributes by name, without those that lie elsewhere. Each is read when it is asked for, and may
 * then be refused.
 *
 * @param address of the object
 */
export function attributeTypes(bytes: Hdf5Bytes, address: number): Map<string, () => Hdf5Type> {
  const file = bounded(bytes);
  const found = new Map<string, () => Hdf5Type>();
  for (const { kind, body, shared } of headerMessages(file, address)) {
    if (kind === MESSAGE.attribute && !shared) found.set(...attributeOf(file, body));
    else if (kind === MESSAGE.attributeInfo) {
      for (const message of inHeap(file, body)) found.set(...attributeOf(file, message));
    }
  }
  return found;
}
