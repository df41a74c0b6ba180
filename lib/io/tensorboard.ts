// TensorBoard's event files: TFRecords (length, data, each with a masked CRC-32C) of Event messages in protobuf's wire
// format. Scalars only.

import { crc32c } from "./crc32c.ts";

/** The checksum as records store it: a checksum of data that holds checksums is weak. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Wire types of protobuf. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function field(number: number, wire: number, contents: Uint8Array): Uint8Array {
  const length = wire === BYTES ? varint(contents.length) : new Uint8Array(0);
  return joined([varint(number * 8 + wire), length, contents]);
}

function fixed(size: 4 | 8, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return new Uint8Array(view.buffer);
}

const text = (value: string) => new TextEncoder().encode(value);

/** One record around an Event. */
function record(event: Uint8Array): Uint8Array {
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(event.length), true);
  const head = new Uint8Array(length.buffer);
  const sum = (bytes: Uint8Array) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, masked(bytes), true);
    return new Uint8Array(view.buffer);
  };
  return joined([head, sum(head), event, sum(event)]);
}

/** The record an event file starts with. @param seconds since 1970 */
export function eventFileStart(seconds: number): Uint8Array {
  return record(joined([field(1, FIXED64, fixed(8, seconds)), field(3, BYTES, text("brain.Event:2"))]));
}

/**
 * A record of scalars.
 *
 * @param seconds since 1970
 * @param step which the scalars belong to
 * @param scalars numbers by tag, `train/loss`
 */
export function scalarRecord(
  seconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) =>
    field(1, BYTES, joined([field(1, BYTES, text(tag)), field(2, FIXED32, fixed(4, value))]))
  );
  return record(joined([
    field(1, FIXED64, fixed(8, seconds)),
    field(2, VARINT, varint(step)),
    field(5, BYTES, joined(values)),
  ]));
}

/** Where a varint ends, and its value. */
function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (; at < bytes.length; scale *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return { value, next: at };
}

/** The step of an Event; 0 where it names none. */
function stepOf(event: Uint8Array): number {
  for (let at = 0; at < event.length;) {
    const { value: tag, next } = readVarint(event, at);
    const wire = tag % 8;
    if (tag === 2 * 8 + VARINT) return readVarint(event, next).value;
    if (wire === FIXED64) at = next + 8;
    else if (wire === FIXED32) at = next + 4;
    else {
      const { value, next: after } = readVarint(event, next);
      at = wire === BYTES ? after + value : after;
    }
  }
  return 0;
}

/**
 * The records of an event file up to a step: what a run that is resumed there has not still to write. A last record that
 * is torn is left out.
 *
 * @param bytes of the file
 * @param last step that stays
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const [one, two] = [scalarRecord(0, 1, { loss: 3 }), scalarRecord(0, 2, { loss: 2 })];
 * const file = Uint8Array.from([...eventFileStart(0), ...one, ...two]);
 * assert.deepEqual(eventsUpTo(file, 1), file.subarray(0, file.length - two.length));
 * ```
 */
export function eventsUpTo(bytes: Uint8Array, last: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [];
  for (let at = 0; at + 16 <= bytes.length;) {
    const end = at + Number(view.getBigUint64(at, true)) + 16;
    if (end > bytes.length) break;
    if (stepOf(bytes.subarray(at + 12, end - 4)) <= last) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return joined(kept);
}
