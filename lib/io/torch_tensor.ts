// A described tensor against the record that holds its numbers: every claim is checked first, then numbers are read by
// range.

import { type ByteSource, readInto } from "./byte_source.ts";
import { STORED_BYTES, toFloat32, toUint16 } from "./numbers.ts";
import { quoted, shown } from "./quote.ts";
import { checkElements, elementsOf, isHalf, type StoredTensor } from "./stored_tensor.ts";
import type { Described } from "./torch_objects.ts";

/** Where the numbers of a storage lie. */
export interface TorchRecord {
  /** For messages. */
  readonly name: string;
  /** Bytes it has. */
  readonly size: number;
  /** Its first byte in the file. */
  offset(): Promise<number>;
}

const SIGN_16 = 0x8000;

/** A tensor's elements gathered in C order from the storage elements it spans. */
function gather(span: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const out = new Float32Array(shape.reduce((n, size) => n * size, 1));
  const counter = new Array<number>(shape.length).fill(0);
  let position = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = span[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      counter[axis] = counter[axis]! + 1;
      if (counter[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      counter[axis] = 0;
    }
  }
  return out;
}

function isContiguous({ shape, strides }: Described): boolean {
  let wanted = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== wanted) return false;
    wanted *= shape[axis]!;
  }
  return true;
}

/** Numbers as the tensor has them: the file's, or their negatives. They are the caller's own. */
function signed(values: Float32Array, negative: boolean): Float32Array {
  return negative ? values.map((value) => -value) : values;
}

/**
 * Checks a described tensor against its record and makes it readable.
 *
 * @param source of the record
 * @param name of the tensor
 * @param described one that is read
 * @param record of its storage; undefined: it is absent
 * @throws SyntaxError naming the tensor and what does not fit
 */
export function torchTensor(
  source: ByteSource,
  name: string,
  described: Described,
  record: TorchRecord | undefined,
): StoredTensor {
  const { storage, offset, shape, strides, negative } = described;
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": tensor ${quoted(name)}: ${why}`);
  };
  const dtype = described.type.dtype ?? fail(`it is ${described.unread}`);
  if (!record) return fail(`record ${quoted(`data/${storage.key}`)} is absent`);
  if (storage.bytes !== record.size) {
    fail(`record ${quoted(record.name)} has ${record.size} bytes, its storage claims ${storage.bytes}`);
  }
  const width = STORED_BYTES[dtype];
  const elements = elementsOf(shape, fail);
  const last = elements === 0 ? -1 : shape.reduce((sum, n, i) => sum + (n - 1) * strides[i]!, 0);
  const needed = (offset + last + 1) * width;
  if (!Number.isSafeInteger(needed) || needed > record.size) {
    fail(`it needs ${needed} bytes of record ${quoted(record.name)}, which has ${record.size}`);
  }
  // Without this a few bytes of file could claim any number of elements.
  if (elements > last + 1) fail(`its strides ${shown(strides)} repeat elements`);
  const contiguous = isContiguous(described);
  let begin: Promise<number> | undefined;
  const offsetOf = async (element: number) => {
    // One that failed is looked for again.
    begin ??= record.offset().catch((error) => {
      begin = undefined;
      throw error;
    });
    return await begin + (offset + element) * width;
  };
  const readSpan = async (from = 0, to = last + 1) =>
    await source.read(await offsetOf(from), (to - from) * width);
  const bits = async (from?: number, to?: number) => {
    const stored = toUint16(await readSpan(from, to));
    return negative ? stored.map((value) => value ^ SIGN_16) : stored;
  };
  return {
    name,
    dtype,
    shape,
    contiguous,
    async read(from, to) {
      if (contiguous) return signed(toFloat32(await readSpan(from, to), dtype), negative);
      const values = gather(toFloat32(await readSpan(), dtype), shape, strides);
      return signed(values.subarray(from, to), negative);
    },
    ...(contiguous && !negative
      ? {
        async readInto(into, from) {
          checkElements(source, name, from + into.length / width, elements);
          await readInto(source, await offsetOf(from), into);
        },
      }
      : {}),
    ...(contiguous && isHalf(dtype) ? { readBits: bits } : {}),
  };
}
