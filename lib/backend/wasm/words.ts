// The words a step is written as: 32-bit numbers that wasm/src/*.rs reads in the same order.

import type { View } from "../../compile/view.ts";
import type { DType } from "../../ir/types.ts";

/** Number types as wasm/src/run.rs numbers them. */
const DTYPES: { readonly [K in DType]: number } = { f32: 0, f16: 1, i32: 2, i8: 4 };
/** Codes under which a copy moves bits instead of numbers. */
const BITS: { readonly [K in DType]: number } = { f32: 0, f16: 3, i32: 0, i8: 4 };

/** A lowered step: its words without the header, and the memory it works in. */
export interface Lowered {
  readonly words: Words;
  /** Bytes every thread needs for itself. */
  readonly scratch: number;
  /** Bytes all threads share. */
  readonly shared: number;
}

const pun = new DataView(new ArrayBuffer(4));

/** A growing list of words. */
export class Words {
  readonly list: number[] = [];

  /** Whole numbers, negative ones included. */
  put(...values: readonly number[]): this {
    for (const value of values) this.list.push(value >>> 0);
    return this;
  }

  /** The bits of a float. */
  float(value: number): this {
    pun.setFloat32(0, value);
    this.list.push(pun.getUint32(0));
    return this;
  }

  /** Slot, element offset and number type, as `Context::place` reads them. */
  place(view: View, isCopy = false): this {
    return this.put(view.slot, view.offset, (isCopy ? BITS : DTYPES)[view.dtype]);
  }
}
