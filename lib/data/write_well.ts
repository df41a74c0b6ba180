// Writing trajectories in The Well's layout, such that h5py and the_well read them: at once from memory, or frame by
// frame.

import { type ByteSink, memorySink } from "../io/byte_sink.ts";
import { streamHdf5 } from "../io/hdf5_writer.ts";
import { fieldLayout, rootOf, sizesOf, type WellContents, type WellLayout } from "./well_layout.ts";

export type { AxisCoordinates, WellContents, WellField, WellLayout, WritableField } from "./well_layout.ts";

/** A Well file that is being written. */
export interface StreamedWell {
  /**
   * Takes the next numbers of a field: trajectory after trajectory, in C order, in pieces of any length.
   *
   * @param field its place in the layout
   * @throws RangeError for more than the field has
   */
  append(field: number, numbers: Float32Array): Promise<void>;
  /**
   * Writes all but the fields, the start of the file last.
   *
   * @returns bytes of the file
   * @throws RangeError for fields that lack numbers
   */
  finish(): Promise<number>;
}

/**
 * Begins a Well file whose fields come frame by frame; one chunk of each is held.
 *
 * @param sink takes its bytes
 * @param layout all but the numbers of the fields
 * @throws RangeError when lengths do not fit the trajectories, frames and grid
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * let file = new Uint8Array(1 << 16);
 * const well = streamWell({ write: (position, bytes) => file.set(bytes, position) }, {
 *   dataset: "line",
 *   gridType: "cartesian",
 *   axes: [{ name: "x", coordinates: Float64Array.of(0, 1) }],
 *   times: Float64Array.of(0, 1, 2),
 *   boundaries: [[2, 2]],
 *   fields: [{ name: "u", order: 0, constant: false }],
 * });
 * for (const value of [3, 4, 5]) await well.append(0, Float32Array.of(value, -value));
 * file = file.subarray(0, await well.finish());
 * using data = await openData(file);
 * const { values } = await (await data.split()).trajectory(0).sample([0, 2]);
 * assert.deepEqual([...values[0]!], [3, -3, 5, -5]);
 * ```
 */
export function streamWell(sink: ByteSink, layout: WellLayout): StreamedWell {
  const { sizes, time } = sizesOf(layout);
  const file = streamHdf5(sink);
  const streams = layout.fields.map((field) => file.dataset(fieldLayout(field, sizes, layout)));
  return {
    append: (field, numbers) => streams[field]!.append(numbers),
    finish: async () => await file.finish(rootOf(layout, sizes, time, streams)),
  };
}

/**
 * A Well file.
 *
 * @param contents fields, axes, times and boundaries
 * @returns the bytes of the file
 * @throws RangeError when lengths do not fit the trajectories, frames and grid
 */
export async function writeWell(contents: WellContents): Promise<Uint8Array> {
  const { fields } = contents;
  const { sizes } = sizesOf(contents);
  for (const field of fields) {
    const wanted = fieldLayout(field, sizes, contents).shape.reduce((n, size) => n * size, 1);
    if (field.data.length === wanted) continue;
    throw new RangeError(`Field "${field.name}" has ${field.data.length} numbers, wanted ${wanted}`);
  }
  const sink = memorySink();
  const well = streamWell(sink, contents);
  for (const [i, { data }] of fields.entries()) await well.append(i, data);
  const size = await well.finish();
  return sink.bytes(size);
}
