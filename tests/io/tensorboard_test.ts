// Event files read back byte by byte.

import assert from "node:assert/strict";
import { crc32c } from "../../lib/io/crc32c.ts";
import { eventFileStart, scalarRecord } from "../../lib/io/tensorboard.ts";

/** Data of the records of a file; checks lengths and checksums. */
function records(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const unmask = (masked: number) => {
    const rotated = (masked - 0xa282ead8) >>> 0;
    return ((rotated << 15) | (rotated >>> 17)) >>> 0;
  };
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    assert.equal(unmask(view.getUint32(at + 8, true)), crc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(unmask(view.getUint32(at + 12 + length, true)), crc32c(data));
    found.push(data);
    at += length + 16;
  }
  return found;
}

Deno.test("crc32c() equals the published check values", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

Deno.test("scalarRecord() is an Event of TensorBoard's schema", () => {
  const file = Uint8Array.from([...eventFileStart(1.5), ...scalarRecord(2.5, 300, { "train/loss": 0.25 })]);
  const [start, event] = records(file);
  const text = new TextDecoder();
  // wall_time: field 1, 64 bits; file_version: field 3, bytes.
  assert.deepEqual([...start!.subarray(0, 1)], [9]);
  assert.equal(text.decode(start!.subarray(11)), "brain.Event:2");
  const view = new DataView(event!.buffer, event!.byteOffset, event!.length);
  assert.equal(view.getFloat64(1, true), 2.5);
  // step: field 2, varint 300 is 0xac 0x02.
  assert.deepEqual([...event!.subarray(9, 12)], [0x10, 0xac, 0x02]);
  // summary: field 5; value: field 1; tag: field 1; simple_value: field 2, 32 bits.
  assert.deepEqual([event![12], event![14], event![16]], [0x2a, 0x0a, 0x0a]);
  assert.equal(text.decode(event!.subarray(18, 28)), "train/loss");
  assert.equal(event![28], 0x15);
  assert.equal(view.getFloat32(29, true), 0.25);
  assert.equal(event!.length, 33);
});
