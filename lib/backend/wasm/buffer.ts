// Memory of the device that outlives a run.

import type { Buffer } from "../../compile/program.ts";
import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import type { Allocator } from "./memory.ts";

const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, i8: Int8Array } as const;

/** A range of the device's memory with a number type. */
export class WasmBuffer implements Buffer {
  readonly dtype: DType;
  readonly length: number;
  readonly label: string;
  readonly #allocator: Allocator;
  #address: number | null;

  constructor(allocator: Allocator, dtype: DType, length: number, label: string) {
    this.dtype = dtype;
    this.length = length;
    this.label = label;
    this.#allocator = allocator;
    this.#address = allocator.allocate(length * BYTES[dtype], `buffer "${label}"`);
    // A range that was used before holds what it held.
    this.#view().fill(0);
  }

  /** First byte. @throws RangeError once disposed of */
  get address(): number {
    if (this.#address === null) throw new RangeError(`Cannot use buffer "${this.label}": it is disposed of`);
    return this.#address;
  }

  /** Whether this buffer lies in a device's memory. */
  isIn(allocator: Allocator): boolean {
    return this.#allocator === allocator;
  }

  /** The elements in place; out of date when memory grows. */
  #view(): HostArray {
    // Typed arrays take a shared buffer as well; only their declared type does not say so.
    const memory = this.#allocator.memory.buffer as ArrayBuffer;
    return new ARRAYS[this.dtype](memory, this.address, this.length);
  }

  write(data: HostArray, offset = 0): void {
    if (!(data instanceof ARRAYS[this.dtype])) {
      throw new TypeError(
        `Cannot write buffer "${this.label}": got ${data.constructor.name}, wanted ${
          ARRAYS[this.dtype].name
        }`,
      );
    }
    if (!Number.isInteger(offset) || offset < 0 || offset + data.length > this.length) {
      throw new RangeError(
        `Cannot write buffer "${this.label}": ${data.length} elements at ${offset} exceed its ${this.length}`,
      );
    }
    this.#view().set(data, offset);
  }

  read(): Promise<HostArray> {
    // A copy in memory of its own: the device's may be shared and change.
    const copy = new ARRAYS[this.dtype](this.length);
    copy.set(this.#view());
    return Promise.resolve(copy);
  }

  [Symbol.dispose](): void {
    if (this.#address === null) return;
    this.#allocator.free(this.#address);
    this.#address = null;
  }
}
