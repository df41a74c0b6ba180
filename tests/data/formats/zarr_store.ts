// Small stores of Zarr in memory, right or wrong as a test wants them.

import type { DataInput } from "../../../lib/data/source.ts";
import { memorySource } from "../../../lib/io/byte_source.ts";

/** Files by their paths; objects are written as JSON. */
export type StoreFiles = Readonly<Record<string, Uint8Array | object | string>>;

const text = new TextEncoder();

/** Bytes of floats, as chunks have them. */
export function floats(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** Metadata of an array of version 3. */
export function array(shape: readonly number[], names: readonly string[], more: object = {}) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "float32",
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: shape.map((size, i) => i === 0 ? 1 : size) },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: names,
    attributes: {},
    ...more,
  };
}

/** A store of two frames of 2 x 3 points. */
export const GOOD_STORE: StoreFiles = {
  "zarr.json": { zarr_format: 3, node_type: "group", attributes: {} },
  "p/zarr.json": array([2, 2, 3], ["time", "y", "x"]),
  "p/c/0/0/0": floats(0, 1, 2, 3, 4, 5),
  "p/c/1/0/0": floats(6, 7, 8, 9, 10, 11),
};

/** A store as a page gives it: files by name, beneath a folder. */
export function storeInput(files: StoreFiles, name = "broken.zarr"): DataInput {
  return new Map(
    Object.entries(files).map(([path, contents]) => {
      const bytes = contents instanceof Uint8Array
        ? contents
        : text.encode(typeof contents === "string" ? contents : JSON.stringify(contents));
      return [`${name}/${path}`, () => Promise.resolve(memorySource(bytes, `${name}/${path}`))] as const;
    }),
  );
}
