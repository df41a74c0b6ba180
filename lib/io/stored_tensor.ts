// What all checkpoint readers give.

import type { StoredType } from "./numbers.ts";
import { quoted, shown } from "./quote.ts";

/** A tensor in a file. */
export interface StoredTensor {
  /** Key in the file, prefixes of wrappers included, or path of the file. */
  readonly name: string;
  /** How it is stored. */
  readonly dtype: StoredType;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** Whether its elements lie in C order: a part of them is then read without the rest. */
  readonly contiguous: boolean;
  /** Its numbers in C order, widened to f32; those from `from` up to `to` where given. Reads only its own bytes. */
  read(from?: number, to?: number): Promise<Float32Array>;
  /**
   * Fills memory with its elements as they are stored, little-endian, from element `from` on; only where they lie in C
   * order and are what is stored. As of `ByteSource.readInto`, the memory is the callee's until it is settled.
   */
  readInto?(into: Uint8Array, from: number): Promise<void>;
  /** Its 16-bit elements as they are stored, in C order; only where `dtype` is f16 or bf16 and they lie so. */
  readBits?(from?: number, to?: number): Promise<Uint16Array>;
}

/** An open checkpoint. */
export interface Checkpoint {
  /** Path or URL. */
  readonly name: string;
  /** Container. */
  readonly format: "torch" | "safetensors" | "distributed";
  /** Texts kept beside the tensors; safetensors only. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Tensors by name, without the prefix that all of them have from a wrapper such as `module.`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What lies among the tensors and is not read, by name: why, in words. */
  readonly unread: ReadonlyMap<string, string>;
  /** What was noticed: where in the file the weights lie, prefixes that were removed, what was left out. */
  readonly notes: readonly string[];
  /** The same under the names the file has, where those are others. */
  readonly stored?: Checkpoint;
  /** Lets go of the file. */
  close(): void;
  /** Lets go of what it holds. */
  [Symbol.dispose](): void;
}

/**
 * A checkpoint of its parts.
 *
 * @param parts name, format, tensors, and what else there is
 * @param close lets go of the files
 */
export function checkpointOf(
  parts: Pick<Checkpoint, "name" | "format" | "tensors"> & Partial<Checkpoint>,
  close: () => void,
): Checkpoint {
  return {
    metadata: new Map(),
    unread: new Map(),
    notes: [],
    ...parts,
    close,
    [Symbol.dispose]: close,
  };
}

/** Elements of a shape; throws what `fail` throws when it is no list of sizes or the count is beyond exact. */
export function elementsOf(shape: readonly unknown[], fail: (why: string) => never): number {
  let count = 1;
  for (const n of shape) {
    if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) fail(`its shape holds ${shown(n)}`);
    count *= n as number;
  }
  if (!Number.isSafeInteger(count)) fail(`its shape ${shown(shape)} has too many elements`);
  return count;
}

/** @throws RangeError for elements that a tensor does not have */
export function checkElements(
  source: { readonly name: string },
  tensor: string,
  end: number,
  elements: number,
): void {
  if (end <= elements) return;
  throw new RangeError(
    `Cannot read "${source.name}": elements up to ${end} of tensor ${
      quoted(tensor)
    } are wanted, it has ${elements}`,
  );
}

/** Whether numbers are stored in 16 bits. */
export function isHalf(dtype: StoredType): dtype is "f16" | "bf16" {
  return dtype === "f16" || dtype === "bf16";
}
