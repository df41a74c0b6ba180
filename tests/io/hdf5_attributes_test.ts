// Attributes whose places lead to each other again and again are given up, not followed for minutes.

import assert from "node:assert/strict";
import { attributeTypes } from "../../lib/io/hdf5_attributes.ts";
import type { Hdf5Bytes } from "../../lib/io/hdf5_bytes.ts";

const [HEAP, TREE, LEAF] = [256, 1024, 2048];
const RECORD_BYTES = 24;

/**
 * An object with an attribute for each record of a tree, all of which are looked for in that same tree, where none is.
 *
 * @param records of the tree
 */
function entangled(records: number): Uint8Array {
  const nodeBytes = 10 + RECORD_BYTES * records;
  const bytes = new Uint8Array(LEAF + nodeBytes);
  const view = new DataView(bytes.buffer);
  const letters = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  const place = (at: number, address: number) => view.setBigUint64(at, BigInt(address), true);
  letters(0, "OHDR");
  // The second version, 22 bytes: the message that says where many attributes are, of 18.
  bytes.set([2, 0, 22, 0x15, 18, 0, 0, 0, 0], 4);
  place(13, HEAP);
  place(21, TREE);
  letters(HEAP, "FRHP");
  place(HEAP + 22, TREE);
  view.setUint16(HEAP + 110, 4, true);
  place(HEAP + 112, 512);
  place(HEAP + 120, 1024);
  letters(TREE, "BTHD");
  view.setUint32(TREE + 6, nodeBytes, true);
  view.setUint16(TREE + 10, RECORD_BYTES, true);
  place(TREE + 16, LEAF);
  view.setUint16(TREE + 24, records, true);
  letters(LEAF, "BTLF");
  for (let i = 0; i < records; i++) {
    // The first byte says: too large for blocks, look for it in the tree of such; the number there is another.
    bytes[LEAF + 6 + RECORD_BYTES * i] = 0x10;
    bytes[LEAF + 6 + RECORD_BYTES * i + 16] = 1;
  }
  return bytes;
}

function file(bytes: Uint8Array): Hdf5Bytes {
  return { addressBytes: 8, read: (address, length) => bytes.subarray(address, address + length) };
}

Deno.test("attributeTypes() gives up on attributes that are looked for in each other for ever", () => {
  assert.throws(
    () => attributeTypes(file(entangled(20_000)), 0),
    /damaged: its attributes lead to each other/,
  );
  // A few are looked for to the end, and are not there.
  assert.equal(attributeTypes(file(entangled(20)), 0).size, 0);
});
