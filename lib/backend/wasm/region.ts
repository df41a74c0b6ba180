// A range of the device's memory with a number type. All at once: whose turn it is is not known here.

import { BYTES, type DType, type HostArray } from "../../ir/types.ts";
import { ARRAYS } from "../jobs.ts";
import type { Allocator } from "./memory.ts";
import { checkFinite, checkPanels, fromPanels, toPanels } from "./panels.ts";

/** See the head of the file. */
export class Region {
  readonly dtype: DType;
  readonly length: number;
  readonly panelColumns: number | undefined;
  /** First byte. */
  readonly address: number;
  readonly allocator: Allocator;
  readonly #label: string;

  /**
   * Zeroed memory.
   *
   * @param label named in errors, `buffer "x"`
   * @throws RangeError when memory does not suffice
   */
  constructor(allocator: Allocator, dtype: DType, length: number, label: string, panelColumns?: number) {
    this.dtype = dtype;
    this.length = length;
    if (panelColumns !== undefined) checkPanels(label, length, panelColumns);
    this.panelColumns = panelColumns;
    this.allocator = allocator;
    this.#label = label;
    this.address = allocator.allocate(length * BYTES[dtype], label);
    // A range that was used before holds what it held.
    this.#view().fill(0);
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
   * @throws RangeError for half floats in panels that are not finite
   */
  put(data: HostArray, from = 0): void {
    if (this.panelColumns === undefined) this.#view().set(data, from);
    else {
      if (this.dtype === "f16") checkFinite(this.#label, data, from);
      toPanels(this.#view(), this.panelColumns, data, from);
    }
  }

  /** Copies numbers out, into memory of their own: the device's may be shared and change. */
  take(from = 0, to = this.length): HostArray {
    const view = this.#view();
    // Made by slice they are not zeroed first.
    return this.panelColumns === undefined
      ? view.slice(from, to)
      : fromPanels(view, this.panelColumns, from, to);
  }

  /** Gives the memory back. */
  free(): void {
    this.allocator.free(this.address);
  }
}
