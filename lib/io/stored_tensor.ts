// What all checkpoint readers give.

import type { StoredType } from "./numbers.ts";

/** A tensor in a file. */
export interface StoredTensor {
  /** Key in the checkpoint, or path of the file. */
  readonly name: string;
  /** How it is stored. */
  readonly dtype: StoredType;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Its numbers in C order, widened to f32. Reads only its own bytes. */
  read(): Promise<Float32Array>;
}

/** An open checkpoint. */
export interface Checkpoint {
  /** Path or URL. */
  readonly name: string;
  /** Container. */
  readonly format: "torch" | "safetensors";
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Lets go of the file. */
  close(): void;
  /** Lets go of what it holds. */
  [Symbol.dispose](): void;
}

/** Elements of a shape; throws what `fail` throws when it is no list of sizes or the count is beyond exact. */
export function elementsOf(shape: readonly unknown[], fail: (why: string) => never): number {
  let count = 1;
  for (const n of shape) {
    if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) fail(`its shape holds ${String(n)}`);
    count *= n as number;
  }
  if (!Number.isSafeInteger(count)) fail(`its shape [${shape}] has too many elements`);
  return count;
}
