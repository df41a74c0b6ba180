// A Well file larger than memory: written with one trajectory by the library, then its headers are told of more, whose
// numbers lie in holes behind it. Layout: HDF5 file format specification, sections II.A, IV.A.2.b and IV.A.2.i.

import { writeHdf5 } from "../../../lib/io/hdf5_writer.ts";
import { FIELDS, fieldSize, type LargeShape, waves, writeSparse } from "./waves.ts";

const FIXED = { sample_varying: false, time_varying: false };
/** Where the superblock of the oldest version says how long the file is. */
const END_OF_FILE = 40;
const BLOCK = 4096;

/** The file with a single trajectory. */
async function template(
  { trajectories, frames, points, ...rest }: LargeShape,
): Promise<Uint8Array<ArrayBuffer>> {
  const axis = {
    shape: [points],
    data: Float64Array.from({ length: points }, (_, i) => i),
    attributes: FIXED,
  };
  const sides = (name: string) => ({
    attributes: { ...FIXED, bc_type: "PERIODIC", associated_dims: [name], associated_fields: [] },
    datasets: {
      mask: { shape: [points], data: Int8Array.from(axis.data, (i) => i === 0 || i === points - 1 ? 1 : 0) },
    },
  });
  const fields = FIELDS.map((name, i) => {
    const data = waves({ trajectories, frames, points, ...rest }, i);
    const attributes = { sample_varying: true, time_varying: true, dim_varying: [true, true] };
    return [name, { shape: [1, frames, points, points], data, attributes }] as const;
  });
  const bytes = await writeHdf5({
    attributes: {
      dataset_name: "large_waves",
      grid_type: "cartesian",
      n_spatial_dims: 2n,
      n_trajectories: BigInt(trajectories),
      simulation_parameters: [],
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: ["x", "y"] },
        datasets: {
          x: axis,
          y: axis,
          time: {
            shape: [frames],
            data: Float64Array.from({ length: frames }, (_, i) => i),
            attributes: { sample_varying: false, time_varying: true },
          },
        },
      },
      boundary_conditions: { groups: { x_periodic: sides("x"), y_periodic: sides("y") } },
      scalars: { attributes: { field_names: [] } },
      t0_fields: { attributes: { field_names: FIELDS }, datasets: Object.fromEntries(fields) },
      t1_fields: { attributes: { field_names: [] } },
      t2_fields: { attributes: { field_names: [] } },
    },
  });
  return bytes.slice();
}

/** Places of numbers of 64 bits that follow one another. */
function placesOf(bytes: Uint8Array<ArrayBuffer>, numbers: readonly number[]): number[] {
  const view = new DataView(bytes.buffer);
  const found: number[] = [];
  for (let at = 0; at + 8 * numbers.length <= bytes.length; at++) {
    if (numbers.every((number, i) => view.getBigUint64(at + 8 * i, true) === BigInt(number))) found.push(at);
  }
  return found;
}

/**
 * Writes a Well file.
 *
 * @returns its length
 */
export async function writeLargeWell(path: string, shape: LargeShape): Promise<number> {
  const { trajectories, frames, points, filled } = shape;
  const bytes = await template(shape);
  const view = new DataView(bytes.buffer);
  const one = 4 * fieldSize(shape);
  const dims = placesOf(bytes, [1, frames, points, points]);
  // A contiguous layout is its version, 3, its class, 1, an address and a size.
  const layouts = placesOf(bytes, [one]).filter((at) => bytes[at - 10] === 3 && bytes[at - 9] === 1);
  if (dims.length < FIELDS.length || layouts.length !== FIELDS.length) {
    throw new Error(`The template has ${dims.length} extents and ${layouts.length} layouts`);
  }
  for (const at of dims) view.setBigUint64(at, BigInt(trajectories), true);
  const first = Math.ceil(bytes.length / BLOCK) * BLOCK;
  const size = trajectories * one;
  const parts = layouts.map((at, i): readonly [number, Uint8Array] => {
    // The template's own numbers tell which field the layout is of.
    const start = Number(view.getBigUint64(at - 8, true));
    const numbers = bytes.slice(start, start + one);
    const place = first + i * size;
    view.setBigUint64(at - 8, BigInt(place), true);
    view.setBigUint64(at, BigInt(size), true);
    return [place + filled * one, numbers];
  });
  const length = first + FIELDS.length * size;
  view.setBigUint64(END_OF_FILE, BigInt(length), true);
  writeSparse(path, length, [[0, bytes], ...parts]);
  return length;
}
