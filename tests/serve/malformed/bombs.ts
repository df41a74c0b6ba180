// Files that claim much, or become much when they are unpacked.

import { crc32 } from "../../../lib/io/crc32.ts";
import { writeHdf5 } from "../../../lib/io/hdf5_writer.ts";

const text = new TextEncoder();

/** Deflated bytes. */
export async function deflated(
  bytes: Uint8Array,
  format: CompressionFormat = "deflate-raw",
): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream(format),
  );
  return await new Response(stream).bytes();
}

/** A zip archive of one deflated entry that claims to unpack to `size` bytes. */
export function archive(
  name: string,
  packed: Uint8Array,
  size: number,
  crc: number,
  entries = 1,
): Uint8Array {
  const record = (signature: number, fields: readonly (readonly [2 | 4, number])[]) => {
    const view = new DataView(new ArrayBuffer(fields.reduce((n, [width]) => n + width, 4)));
    view.setUint32(0, signature, true);
    let at = 4;
    for (const [width, value] of fields) {
      if (width === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += width;
    }
    return new Uint8Array(view.buffer);
  };
  const shared = [[2, 20], [2, 0], [2, 8], [2, 0], [2, 0x21], [4, crc], [4, packed.length], [
    4,
    size,
  ]] as const;
  const label = text.encode(name);
  const local = record(0x04034b50, [...shared, [2, label.length], [2, 0]]);
  const rest = [[2, label.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, 0]] as const;
  const central = record(0x02014b50, [[2, 20], ...shared, ...rest]);
  const offset = local.length + label.length + packed.length;
  const end = [[2, 0], [2, 0], [2, entries], [2, entries], [4, central.length + label.length], [4, offset], [
    2,
    0,
  ]];
  const parts = [local, label, packed, central, label, record(0x06054b50, end as [2 | 4, number][])];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A Well file of one field, zeros, in chunks that are as large as it is; it may claim more trajectories than its one. */
export async function oneChunk(
  shape: readonly [number, number, number],
  trajectories = 1n,
): Promise<Uint8Array> {
  const [frames, x, y] = shape;
  const fixed = { sample_varying: false, time_varying: false };
  const axis = (size: number) => ({
    shape: [size],
    data: Float64Array.from({ length: size }, (_, i) => i),
    attributes: fixed,
  });
  const mask = (size: number) => ({
    mask: { shape: [size], data: new Int8Array(size).fill(1, 0, 1).fill(1, -1) },
  });
  const side = (name: string) => ({
    ...fixed,
    bc_type: "WALL",
    associated_dims: [name],
    associated_fields: [],
  });
  const list = (names: string[] = []) => ({ attributes: { field_names: names } });
  return await writeHdf5({
    attributes: {
      dataset_name: "zeros",
      grid_type: "cartesian",
      n_spatial_dims: 2n,
      n_trajectories: trajectories,
      simulation_parameters: [],
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: ["x", "y"] },
        datasets: {
          time: { ...axis(frames), attributes: { sample_varying: false, time_varying: true } },
          x: axis(x),
          y: axis(y),
        },
      },
      boundary_conditions: {
        groups: {
          x_wall: { attributes: side("x"), datasets: mask(x) },
          y_wall: { attributes: side("y"), datasets: mask(y) },
        },
      },
      scalars: list(),
      t0_fields: {
        ...list(["a"]),
        datasets: {
          a: {
            shape: trajectories === 1n ? [1, ...shape] : shape,
            chunks: trajectories === 1n ? [1, ...shape] : shape,
            data: new Float32Array(frames * x * y),
            attributes: {
              sample_varying: trajectories === 1n,
              time_varying: true,
              dim_varying: [true, true],
            },
          },
        },
      },
      t1_fields: list(),
      t2_fields: list(),
    },
  });
}

/** An archive of one entry, deflated, with all claims right. */
export async function deflatedArchive(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  return archive(name, await deflated(bytes), bytes.length, crc32(bytes));
}
