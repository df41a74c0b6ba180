// Tensors of a safetensors file, for tests.

import { openCheckpoint } from "../lib/io/checkpoint.ts";

/** A tensor with its shape. */
export interface TestTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All tensors of a file by name. */
export async function readTensors(path: string): Promise<Record<string, TestTensor>> {
  using file = await openCheckpoint(path);
  const tensors: Record<string, TestTensor> = {};
  for (const [name, tensor] of file.tensors) {
    tensors[name] = { shape: tensor.shape, data: await tensor.read() };
  }
  return tensors;
}

/** Largest absolute difference; NaN equals NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    const difference = Math.abs(a[i]! - b[i]!);
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}
