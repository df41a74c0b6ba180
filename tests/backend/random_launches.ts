// Random operands for launches: views that are permuted, broadcast, padded and shifted in their slots, over contents
// drawn from a seed. Odd sizes and sizes of one come often.

import fc from "fast-check";
import type { Kernel, Launch, LaunchOf } from "../../lib/compile/program.ts";
import type { View } from "../../lib/compile/view.ts";
import { at, type DType, type Shape, sizeOf } from "../../lib/ir/types.ts";
import { type Contents, encodeFp16 } from "./run_launch.ts";

/** A source of numbers that a seed fixes. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    // Weyl sequence through a finaliser of 32 bits.
    this.#state = this.#state + 0x9e3779b9 >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ z >>> 16, 0x21f0aaad);
    z = Math.imul(z ^ z >>> 15, 0x735a2d97);
    return ((z ^ z >>> 15) >>> 0) / 2 ** 32;
  }

  /** Whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(p: number): boolean {
    return this.unit() < p;
  }

  pick<T>(list: readonly T[]): T {
    return at(list, this.whole(0, list.length - 1));
  }

  shuffle<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [result[i], result[j]] = [at(result, j), at(result, i)];
    }
    return result;
  }

  /** Roughly normal. */
  normal(): number {
    return (this.unit() + this.unit() + this.unit() + this.unit() - 2) * 1.7;
  }

  /** A size up to `most`: small, odd and one more often than others. */
  size(most: number): number {
    return Math.min(most, this.chance(0.15) ? 1 : this.chance(0.5) ? this.whole(1, 9) : this.whole(1, most));
  }

  /** Sizes with at most `elements` elements. */
  shape(rank: number, elements: number): number[] {
    let room = elements;
    const shape = Array.from({ length: rank }, () => {
      const n = this.size(room);
      room = Math.max(1, Math.floor(room / n));
      return n;
    });
    return this.shuffle(shape);
  }
}

/** Collects slots while operands are drawn. */
export class Slots {
  readonly contents: Contents[] = [];
  readonly draw: Draw;

  constructor(draw: Draw) {
    this.draw = draw;
  }

  slot(dtype: DType, length: number, value: () => number): number {
    const numbers = Array.from({ length }, value);
    const data = dtype === "f32"
      ? Float32Array.from(numbers)
      : dtype === "i32"
      ? Int32Array.from(numbers)
      : encodeFp16(numbers);
    return this.contents.push({ dtype, data }) - 1;
  }

  /** A view of a fresh slot: any order of axes, gaps, an offset; `broadcast` axes have stride 0. */
  view(dtype: DType, shape: Shape, options: {
    readonly value?: () => number;
    readonly broadcast?: readonly number[];
    readonly plain?: boolean;
  } = {}): View {
    const { draw } = this;
    const value = options.value ?? (() => draw.normal());
    const order = shape.map((_, i) => i);
    const axes = options.plain || draw.chance(0.5) ? order : draw.shuffle(order);
    const gaps = !options.plain && draw.chance(0.4);
    const strides = shape.map(() => 0);
    let stride = gaps && draw.chance(0.3) ? draw.whole(2, 3) : 1;
    for (const axis of axes.toReversed()) {
      if (options.broadcast?.includes(axis)) continue;
      strides[axis] = stride;
      stride *= at(shape, axis) + (gaps && draw.chance(0.5) ? draw.whole(1, 3) : 0);
    }
    const offset = options.plain ? 0 : draw.whole(0, 5);
    return { slot: this.slot(dtype, stride + offset, value), dtype, offset, shape, strides };
  }

  /** An input: like `view`, with some axes broadcast. */
  input(dtype: DType, shape: Shape, value?: () => number): View {
    const broadcast = shape.map((_, i) => i).filter(() => this.draw.chance(0.15));
    return this.view(dtype, shape, { broadcast, ...value ? { value } : {} });
  }

  /** An output: nothing broadcast, prefilled with a number kernels must not touch in the gaps. */
  output(shape: Shape, dtype: DType = "f32"): View {
    return this.view(dtype, shape, { value: () => 7 });
  }
}

/** A launch with the contents around it. */
export interface LaunchCase {
  readonly launch: Launch;
  readonly contents: readonly Contents[];
}

/** A launch record of the right type. */
export function launchOf<K extends Kernel>(
  kernel: K,
  inputs: readonly View[],
  outputs: readonly View[],
  attributes: LaunchOf<K>["attributes"],
): Launch {
  return { kernel, inputs, outputs, attributes, scope: "test" } as Launch;
}

/** Seeds for fast-check; shrinking goes to smaller seeds, which mean nothing, so it is off. */
export const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 }));

/** Elements a view addresses. */
export function elements(view: View): number {
  return sizeOf(view.shape);
}
