// Datasets of HDF5 files whose numbers come piece after piece: chunks are shuffled and compressed as they fill, numbers
// that are not chunked go where they belong.

import { deflated, shuffled } from "./hdf5_deflate.ts";
import { type Hdf5NumberType, NUMBER_BYTES } from "./hdf5_messages.ts";

/** Numbers that can be written. */
export type WritableNumbers = Float32Array | Float64Array | Int8Array;

/** How the numbers of a dataset are laid out. */
export interface DatasetLayout {
  readonly shape: readonly number[];
  /** Chunk sizes: of leading axes one, then some of an axis, then all of the others. Without, numbers lie in one piece. */
  readonly chunks?: readonly number[];
  /** How much chunks are compressed: 1 to 9, 0 for not at all; 4 unless given. */
  readonly level?: number;
}

/** A dataset whose numbers come in C order, piece after piece. */
export interface StreamedDataset {
  readonly layout: DatasetLayout;
  /**
   * Takes the next numbers.
   *
   * @throws RangeError for more than its shape holds
   */
  append(numbers: WritableNumbers): Promise<void>;
}

/** A file that grows. */
export interface GrowingFile {
  /** Makes room at the end. */
  reserve(bytes: number): number;
  /** Writes at a position. */
  write(position: number, bytes: Uint8Array): Promise<void>;
}

/** Level of compression unless another is given: measured in bench/convert.ts. */
export const LEVEL = 4;
/** Types by the arrays that hold them. */
export const TYPES = { Float32Array: "f32", Float64Array: "f64", Int8Array: "i8" } as const;

/** Numbers of a shape. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((n, size) => n * size, 1);
}

/** Numbers of a chunk, and of one at the end of the axis that is cut. */
function chunkCounts(shape: readonly number[], chunks: readonly number[]): { whole: number; perRow: number } {
  const cut = chunks.findIndex((size) => size !== 1);
  const axis = cut < 0 ? shape.length - 1 : cut;
  if (chunks.length !== shape.length || chunks.some((n, i) => n < 1 || i > axis && n !== shape[i])) {
    throw new RangeError(
      `Cannot write chunks of [${chunks.join(", ")}] of [${
        shape.join(", ")
      }]: wanted 1 of leading axes, any number of one axis, all of the others`,
    );
  }
  return { whole: product(chunks), perRow: product(shape.slice(axis)) };
}

/** A dataset in the making: where its parts lie. */
export class Streamed implements StreamedDataset {
  readonly layout: DatasetLayout;
  readonly type: Hdf5NumberType;
  /** Of chunks. */
  readonly addresses: number[] = [];
  readonly bytes: number[] = [];
  /** Of the numbers in one piece. */
  readonly start: number;
  readonly #end: GrowingFile;
  readonly #total: number;
  readonly #chunk: { readonly whole: number; readonly perRow: number } | null;
  readonly #held: Uint8Array;
  #heldCount = 0;
  #taken = 0;

  constructor(end: GrowingFile, layout: DatasetLayout, type: Hdf5NumberType) {
    this.layout = layout;
    this.type = type;
    this.#end = end;
    this.#total = product(layout.shape);
    this.#chunk = layout.chunks ? chunkCounts(layout.shape, layout.chunks) : null;
    this.#held = new Uint8Array((this.#chunk?.whole ?? 0) * NUMBER_BYTES[type]);
    this.start = this.#chunk ? 0 : end.reserve(this.#total * NUMBER_BYTES[type]);
  }

  async append(numbers: WritableNumbers): Promise<void> {
    const { layout: { shape }, type } = this;
    if (TYPES[numbers.constructor.name as keyof typeof TYPES] !== type) {
      throw new TypeError(`Cannot write ${numbers.constructor.name} into a dataset of ${type}`);
    }
    if (this.#taken + numbers.length > this.#total) {
      throw new RangeError(
        `Cannot write ${this.#taken + numbers.length} numbers into a dataset of shape [${shape.join(", ")}]`,
      );
    }
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    if (!this.#chunk) {
      const at = this.start + this.#taken * NUMBER_BYTES[type];
      this.#taken += numbers.length;
      await this.#end.write(at, bytes);
      return;
    }
    for (let from = 0; from < numbers.length;) {
      // At the end of the axis that is cut a chunk is not filled.
      const inRow = this.#taken % this.#chunk.perRow;
      const ends = Math.min(inRow - inRow % this.#chunk.whole + this.#chunk.whole, this.#chunk.perRow);
      const count = Math.min(numbers.length - from, ends - inRow);
      const width = NUMBER_BYTES[type];
      this.#held.set(bytes.subarray(from * width, (from + count) * width), this.#heldCount * width);
      this.#heldCount += count;
      this.#taken += count;
      from += count;
      if (inRow + count === ends) await this.#writeChunk();
    }
  }

  async #writeChunk(): Promise<void> {
    const { level = LEVEL } = this.layout;
    const width = NUMBER_BYTES[this.type];
    this.#held.fill(0, this.#heldCount * width);
    this.#heldCount = 0;
    const chunk = level > 0 ? await deflated(shuffled(this.#held, width), level) : this.#held;
    const at = this.#end.reserve(chunk.length);
    this.addresses.push(at);
    this.bytes.push(chunk.length);
    await this.#end.write(at, chunk);
  }

  /** @throws RangeError while numbers are missing */
  checkWhole(): void {
    if (this.#taken === this.#total) return;
    throw new RangeError(
      `A dataset of shape [${
        this.layout.shape.join(", ")
      }] was given ${this.#taken} numbers, wanted ${this.#total}`,
    );
  }
}
