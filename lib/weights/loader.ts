// Tensors of a checkpoint into buffers, one after the other, range by range. The next ranges, which may be the next
// tensor's, are read while one is converted: neither the disk nor the device waits for the other.

import type { Device, DeviceBuffer, RawType, Upload } from "../compile/device.ts";
import { STORED_BYTES } from "../io/numbers.ts";
import type { Checkpoint, StoredTensor } from "../io/stored_tensor.ts";
import { hostUpload } from "./host_upload.ts";
import { FLOATING, readFp16Weight, readWeight } from "./read.ts";

/** Bytes of a range: enough for the speed of a disk, and still in the processor's cache when it is converted. */
export const RANGE_BYTES: number = 2 ** 22;
/** Ranges under way: one is converted, one read, and one ready where these take turns in being slower. */
const PLACES = 3;
/** Ranges begin and end with so many rows where those fit: devices pack rows by groups. */
const GROUP = 8;

/** A tensor and where its numbers go. */
export interface LoadRequest {
  /** For messages. */
  readonly checkpoint: Checkpoint;
  readonly tensor: StoredTensor;
  /** As large as the tensor; f32, f16 or i8. */
  readonly buffer: DeviceBuffer;
  /** The scale of each row, where numbers have 8 bits. */
  readonly scales: DeviceBuffer | null;
}

/** A tensor's numbers as they are stored, or widened where they do not lie in order. */
interface Raw {
  readonly dtype: RawType;
  readInto(into: Uint8Array, from: number): Promise<void>;
}

function rawOf(tensor: StoredTensor): Raw {
  const { dtype, contiguous } = tensor;
  const readInto = tensor.readInto?.bind(tensor);
  if (readInto && FLOATING.has(dtype)) return { dtype: dtype as RawType, readInto };
  let whole: Promise<Float32Array> | undefined;
  return {
    dtype: "f32",
    async readInto(into, from) {
      const to = from + into.length / STORED_BYTES.f32;
      const numbers = contiguous
        ? await tensor.read(from, to)
        : (await (whole ??= tensor.read())).subarray(from, to);
      into.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    },
  };
}

/**
 * Elements of a range: whole groups of rows, or whole rows, or, of rows that are longer and may be split, a part.
 *
 * @param most bytes of a range
 * @param columns elements of a row
 * @param bytes of an element
 * @param splits whether rows may be split
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(rangeOf(4e6, 1000, 4, true), 1000 * 1000);
 * assert.equal(rangeOf(4e6, 300_000, 4, false), 3 * 300_000);
 * assert.deepEqual([rangeOf(4e6, 2e6, 4, true), rangeOf(4e6, 2e6, 4, false)], [1e6, 2e6]);
 * ```
 */
export function rangeOf(most: number, columns: number, bytes: number, splits: boolean): number {
  const rows = Math.floor(most / (columns * bytes));
  if (rows >= GROUP) return (rows - rows % GROUP) * columns;
  return splits ? Math.floor(most / bytes) : Math.max(1, rows) * columns;
}

/** A request as it proceeds. */
interface Load extends LoadRequest {
  readonly raw: Raw;
  /** Elements of a range. */
  readonly step: number;
  /** Elements of which no read has begun. */
  next: number;
  /** Elements that are not there yet. */
  left: number;
  failed: boolean;
  readonly settled: PromiseWithResolvers<void>;
}

/** A range that is read. */
interface Reading {
  readonly load: Load;
  readonly place: number;
  readonly from: number;
  readonly count: number;
  /** Settles when nothing is written to the place's memory any more. */
  readonly result: Promise<{ readonly error: unknown } | null>;
}

/** See the head of the file. */
export class Loader {
  readonly #device: Device;
  readonly #rangeBytes: number;
  readonly #waiting: Load[] = [];
  #isRunning = false;

  /**
   * @param device that the buffers are on
   * @param rangeBytes of a range; longer ones where a row of 8-bit numbers has more
   */
  constructor(device: Device, rangeBytes: number = RANGE_BYTES) {
    this.#device = device;
    this.#rangeBytes = rangeBytes;
  }

  /**
   * Loads a tensor, behind those that were requested before. The buffers have to live until this settles.
   *
   * @throws RangeError naming the tensor and the first number that is not finite in the buffer's type; what reading and
   *   writing throw. The other tensors are loaded all the same
   */
  load(request: LoadRequest): Promise<void> {
    const { tensor, buffer, scales } = request;
    const raw = rawOf(tensor);
    const columns = tensor.shape.slice(1).reduce((n, size) => n * size, 1);
    const bytes = STORED_BYTES[raw.dtype];
    const step = rangeOf(this.#rangeBytes, Math.max(1, columns), bytes, scales === null);
    const settled = Promise.withResolvers<void>();
    if (buffer.length === 0) settled.resolve();
    this.#waiting.push({ ...request, raw, step, next: 0, left: buffer.length, failed: false, settled });
    if (!this.#isRunning) this.#run();
    return settled.promise;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let upload: Upload | undefined;
    try {
      upload = this.#device.upload?.(PLACES) ?? hostUpload();
    } catch (error) {
      for (const load of this.#waiting.splice(0)) load.settled.reject(error);
    }
    const readings: Reading[] = [];
    for (let begun = 0; upload;) {
      while (readings.length < PLACES) {
        const reading = this.#begin(upload, begun % PLACES);
        if (!reading) break;
        readings.push(reading);
        begun++;
      }
      const first = readings.shift();
      if (!first) break;
      await this.#finish(upload, first);
    }
    this.#isRunning = false;
    upload?.[Symbol.dispose]();
  }

  /** Begins to read the next range; null when there is none. */
  #begin(upload: Upload, place: number): Reading | null {
    let load = this.#waiting[0];
    while (load && (load.failed || load.next >= load.buffer.length)) {
      this.#waiting.shift();
      load = this.#waiting[0];
    }
    if (!load) return null;
    const { raw, next: from } = load;
    const count = Math.min(load.step, load.buffer.length - from);
    load.next += count;
    const read = async () => await raw.readInto(upload.memory(place, count * STORED_BYTES[raw.dtype]), from);
    return { load, place, from, count, result: read().then(() => null, (error) => ({ error })) };
  }

  async #finish(upload: Upload, { load, place, from, count, result }: Reading): Promise<void> {
    const failure = await result;
    if (load.failed) return;
    try {
      if (failure) throw failure.error;
      const { raw: { dtype }, buffer, scales } = load;
      if (!await upload.write(place, { dtype, buffer, scales, from, count })) {
        throw await notFinite(load, from, from + count);
      }
      load.left -= count;
      if (load.left === 0) load.settled.resolve();
    } catch (error) {
      load.failed = true;
      load.settled.reject(error);
    }
  }
}

/** The error of elements of which one is not finite: reads them again. */
async function notFinite(
  { checkpoint, tensor, buffer }: LoadRequest,
  from: number,
  to: number,
): Promise<unknown> {
  const read = buffer.dtype === "f16" ? readFp16Weight : readWeight;
  try {
    await read(checkpoint, tensor, from, to);
  } catch (error) {
    return error;
  }
  return new RangeError(`Checkpoint "${checkpoint.name}": "${tensor.name}" changed while it was read`);
}
