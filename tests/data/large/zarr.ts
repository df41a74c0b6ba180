// A store of Zarr larger than memory, version 3: a few shards a field, each with very many chunks, one frame each, whose
// numbers lie in holes but for one trajectory. The index of a shard stands at its end, with a checksum.

import { crc32c } from "../../../lib/io/crc32c.ts";
import { FIELDS, fieldSize, type LargeShape, waves, writeSparse } from "./waves.ts";

const BYTES = { name: "bytes", configuration: { endian: "little" } };

/** Metadata of an array. */
function metadata(
  shape: readonly number[],
  chunks: readonly number[],
  type: string,
  names: readonly string[],
  codecs: readonly object[],
  attributes: object = {},
) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: type,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunks } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs,
    dimension_names: names,
    attributes,
  };
}

/** The index of a shard whose chunks lie one after the other. */
function indexOf(chunks: number, bytes: number): Uint8Array {
  const index = new Uint8Array(16 * chunks + 4);
  const view = new DataView(index.buffer);
  for (let i = 0; i < chunks; i++) {
    view.setBigUint64(16 * i, BigInt(i * bytes), true);
    view.setBigUint64(16 * i + 8, BigInt(bytes), true);
  }
  view.setUint32(16 * chunks, crc32c(index.subarray(0, 16 * chunks)), true);
  return index;
}

/**
 * Writes a store.
 *
 * @param folder that is made
 * @param shards of each field; they divide the trajectories
 * @returns bytes of all its files
 */
export function writeLargeZarr(folder: string, shape: LargeShape, shards: number): number {
  const { trajectories, frames, points, filled } = shape;
  const each = trajectories / shards;
  const frame = 4 * points * points;
  const nodes: Record<string, unknown> = {};
  let bytes = 0;
  const write = (path: string, contents: Uint8Array<ArrayBuffer>) => {
    Deno.mkdirSync(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeFileSync(`${folder}/${path}`, contents);
    bytes += contents.length;
  };
  const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  for (const [name, count] of [["x", points], ["y", points], ["time", frames]] as const) {
    const attributes = name === "time" ? {} : { boundary: "periodic" };
    nodes[name] = metadata([count], [count], "float64", [name], [BYTES], attributes);
    write(`${name}/c/0`, new Uint8Array(Float64Array.from({ length: count }, (_, i) => i).buffer));
  }
  const inner = {
    name: "sharding_indexed",
    configuration: {
      chunk_shape: [1, 1, points, points],
      codecs: [BYTES],
      index_codecs: [BYTES, { name: "crc32c" }],
      index_location: "end",
    },
  };
  const index = indexOf(each * frames, frame);
  const body = each * frames * frame;
  for (const [i, name] of FIELDS.entries()) {
    const names = ["trajectory", "time", "x", "y"];
    nodes[name] = metadata(
      [trajectories, frames, points, points],
      [each, frames, points, points],
      "float32",
      names,
      [
        inner,
      ],
    );
    for (let shard = 0; shard < shards; shard++) {
      const path = `${folder}/${name}/c/${shard}/0/0/0`;
      Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
      const own = Math.floor(filled / each) === shard;
      const numbers: [number, Uint8Array][] = own
        ? [[(filled % each) * 4 * fieldSize(shape), new Uint8Array(waves(shape, i).buffer)]]
        : [];
      writeSparse(path, body + index.length, [...numbers, [body, index]]);
      bytes += body + index.length;
    }
  }
  for (const [name, node] of Object.entries(nodes)) write(`${name}/zarr.json`, text(node as object));
  write(
    "zarr.json",
    text({
      zarr_format: 3,
      node_type: "group",
      attributes: {},
      consolidated_metadata: { kind: "inline", must_understand: false, metadata: nodes },
    }),
  );
  return bytes;
}
