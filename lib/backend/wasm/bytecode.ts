// The bytecode a launch is written as: 32-bit words that the kernels in wasm/src read in the same order.

import type { View } from "../../compile/view.ts";
import type { DType } from "../../ir/types.ts";

/** Number types as wasm/src/place.rs numbers them. */
export const DTYPES: { readonly [K in DType]: number } = { f32: 0, f16: 1, i32: 2, i8: 4 };
/** Codes under which a copy moves bits instead of numbers. */
export const BITS: { readonly [K in DType]: number } = { f32: 0, f16: 3, i32: 0, i8: 4 };

const pun = new DataView(new ArrayBuffer(4));

/** What a kernel reads of a launch, as it grows. */
export class Bytecode {
  readonly words: number[] = [];

  /** Whole numbers, negative ones included. */
  put(...values: readonly number[]): this {
    for (const value of values) this.words.push(value >>> 0);
    return this;
  }

  /** The bits of a float. */
  float(value: number): this {
    pun.setFloat32(0, value);
    this.words.push(pun.getUint32(0));
    return this;
  }

  /** Slot, element offset and number type, as `Context::place` reads them. */
  place(view: View, isCopy = false): this {
    return this.put(view.slot, view.offset, (isCopy ? BITS : DTYPES)[view.dtype]);
  }
}
