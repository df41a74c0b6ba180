// What the kinds of fuzzed files share: the record of a kind, valid files, damage, and a source that counts.

import fc from "fast-check";
import { type ByteSource, memorySource } from "../../lib/io/byte_source.ts";
import { fixture } from "../shared.ts";
import { damaged, damages } from "./mutate.ts";

/** What reading took. */
export interface Cost {
  /** Bytes of the largest array that was given. */
  readonly given: number;
  /** Bytes asked of the file. */
  readonly asked: number;
}

/** A kind of file. */
export interface Kind {
  readonly name: string;
  /** Broken files. */
  readonly files: fc.Arbitrary<Uint8Array>;
  /** Reads all a forecast would; errors name the file `fuzzed`. */
  readonly read: (file: Uint8Array) => Promise<Cost>;
  /** Most bytes that reading may give for a byte of the file. */
  readonly growth: number;
}

/** A small fixture. */
export async function load(path: string): Promise<Uint8Array> {
  return await Deno.readFile(fixture(path));
}

/** Damaged copies of valid files; `dense` are the parts where headers lie. */
export function broken(
  seeds: readonly Uint8Array[],
  dense?: readonly (readonly [number, number])[],
): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...seeds), damages(dense)).map(([seed, list]) => damaged(seed, list));
}

/** A source that counts what is asked of it. */
export function counted(file: Uint8Array): { readonly source: ByteSource; readonly asked: () => number } {
  const inner = memorySource(file, "fuzzed");
  let asked = 0;
  const readSync = (offset: number, length: number) => {
    asked += length;
    return inner.readSync!(offset, length);
  };
  const read = (offset: number, length: number) => Promise.resolve().then(() => readSync(offset, length));
  return { source: { ...inner, read, readSync }, asked: () => asked };
}
