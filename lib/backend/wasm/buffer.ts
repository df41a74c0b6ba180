// Memory of the device that outlives a run.

import type { Buffer } from "../../compile/program.ts";
import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import type { Allocator } from "./memory.ts";
import { checkFinite, checkPanels, fromPanels, toPanels } from "./panels.ts";

const ARRAYS = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, i8: Int8Array } as const;

/** A range of the device's memory with a number type. */
export class WasmBuffer implements Buffer {
  readonly dtype: DType;
  readonly length: number;
  readonly label: string;
  readonly panelColumns: number | undefined;
  readonly #allocator: Allocator;
  #address: number | null;

  constructor(allocator: Allocator, dtype: DType, length: number, label: string, panelColumns?: number) {
    this.dtype = dtype;
    this.length = length;
    this.label = label;
    if (panelColumns !== undefined) checkPanels(label, length, panelColumns);
    this.panelColumns = panelColumns;
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
    if (this.panelColumns === undefined) this.#view().set(data, offset);
    else {
      if (this.dtype === "f16") checkFinite(this.label, data, offset);
      toPanels(this.#view(), this.panelColumns, data, offset);
    }
  }

  read(): Promise<HostArray> {
    // A copy in memory of its own: the device's may be shared and change. Made by slice it is not zeroed first.
    const view = this.#view();
    const numbers = this.panelColumns === undefined ? view.slice() : fromPanels(view, this.panelColumns);
    return Promise.resolve(numbers);
  }

  [Symbol.dispose](): void {
    if (this.#address === null) return;
    this.#allocator.free(this.#address);
    this.#address = null;
  }
}
