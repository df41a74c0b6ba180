// The binary stream of frames (docs/serving_formats.md): records of two lengths, a header in JSON and numbers.

/** Bytes of the two lengths. */
export const LENGTHS = 8;
/** Numbers begin at a multiple of this, counted from the record's start, so that they can be read in place. */
const ALIGNED = 8;

/**
 * One record.
 *
 * @param header as JSON
 * @param numbers little-endian, one array after the other
 */
export function recordOf(header: unknown, numbers: readonly Float32Array[] = []): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNED) * ALIGNED;
  const bytes = numbers.reduce((n, { byteLength }) => n + byteLength, 0);
  const record = new Uint8Array(LENGTHS + length + bytes).fill(0x20, LENGTHS, LENGTHS + length);
  const view = new DataView(record.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, bytes, true);
  record.set(text, LENGTHS);
  let at = LENGTHS + length;
  for (const part of numbers) {
    record.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return record;
}

/** A record that was read. */
export interface StreamRecord {
  readonly header: Readonly<Record<string, unknown>>;
  readonly numbers: Float32Array;
}

/**
 * Records of a stream.
 *
 * @param stream of their bytes, in parts of any size
 * @param most bytes that a record may have
 * @throws SyntaxError where it ends within a record, or a record is none
 */
export async function* readRecords(
  stream: AsyncIterable<Uint8Array>,
  most: number,
): AsyncGenerator<StreamRecord, void, void> {
  let length = LENGTHS;
  const parts: Uint8Array[] = [];
  let there = 0;
  const join = (): Uint8Array => {
    if (parts.length === 1) return parts[0]!;
    const all = new Uint8Array(there);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  for await (const part of stream) {
    parts.push(part);
    there += part.length;
    while (there >= length) {
      const kept = join();
      const view = new DataView(kept.buffer, kept.byteOffset);
      const [header, numbers] = [view.getUint32(0, true), view.getUint32(4, true)];
      length = LENGTHS + header + numbers;
      if (length > most || numbers % 4 !== 0) {
        throw new SyntaxError(`Cannot read the frames: a record claims ${header} and ${numbers} bytes`);
      }
      if (there < length) {
        parts.splice(0, parts.length, kept);
        break;
      }
      const text = new TextDecoder().decode(kept.subarray(LENGTHS, LENGTHS + header));
      const values = new Float32Array(kept.slice(LENGTHS + header, length).buffer);
      parts.splice(0, parts.length, kept.subarray(length));
      there -= length;
      length = LENGTHS;
      yield { header: parseHeader(text), numbers: values };
    }
  }
  if (there > 0) {
    throw new SyntaxError(`Cannot read the frames: they end within a record, ${there} bytes long`);
  }
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null) return header as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new SyntaxError(`Cannot read the frames: the header of a record is no JSON object`);
}
