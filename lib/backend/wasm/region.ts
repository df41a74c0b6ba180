// A range of the device's memory with a number type; matrices may be packed, which is seen nowhere else but in
// products. All at once: whose turn it is is not known here.

import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import { ARRAYS } from "../jobs.ts";
import { checkFinite, pack, packedColumns, unpack } from "./layout.ts";
import type { Allocator } from "./memory.ts";

/** See the head of the file. */
export class Region {
  readonly dtype: DType;
  readonly length: number;
  /** Columns of a packed matrix; null in row order. */
  readonly packed: number | null;
  /** First byte. */
  readonly address: number;
  readonly allocator: Allocator;
  readonly #label: string;

  /**
   * Zeroed memory.
   *
   * @param label named in errors, `buffer "x"`
   * @param rows of a matrix that may be packed
   * @throws RangeError when memory does not suffice
   */
  constructor(allocator: Allocator, dtype: DType, length: number, label: string, rows?: number) {
    this.dtype = dtype;
    this.length = length;
    this.packed = rows === undefined ? null : packedColumns(label, length, rows);
    this.allocator = allocator;
    this.#label = label;
    this.address = allocator.allocateZeroed(length * BYTES[dtype], label);
  }

  /** The elements in place; out of date when memory grows. */
  #view(): HostArray {
    // Typed arrays take a shared buffer as well; only their declared type does not say so.
    const memory = this.allocator.memory.buffer as ArrayBuffer;
    return new ARRAYS[this.dtype](memory, this.address, this.length);
  }

  /**
   * Copies numbers of the type in, from an element on.
   *
   * @throws RangeError for fp16 numbers of a packed matrix that are not finite
   */
  put(data: HostArray, from = 0): void {
    if (this.packed === null) this.#view().set(data, from);
    else {
      if (this.dtype === "f16") checkFinite(this.#label, data, from);
      pack(this.#view(), this.packed, data, from);
    }
  }

  /** Copies numbers out, into memory of their own: the device's may be shared and change. */
  take(from = 0, to = this.length): HostArray {
    const view = this.#view();
    // Made by slice they are not zeroed first.
    return this.packed === null ? view.slice(from, to) : unpack(view, this.packed, from, to);
  }

  /** Gives the memory back. */
  free(): void {
    this.allocator.free(this.address);
  }
}
