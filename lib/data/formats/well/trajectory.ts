// A trajectory of a Well file: its fields in the file's own axes, read by range. Axes along which a field does not vary
// are not stored; here they are repeated.

import type { SampleInfo, Trajectory } from "../../dataset.ts";
import type { Lifetime } from "../../lifetime.ts";
import type { Masks } from "../../masks.ts";
import { makeTrajectory } from "../../make_trajectory.ts";
import { kept, type WellFile } from "./file.ts";
import type { FieldInfo } from "./metadata.ts";

/** What the file says about one of its trajectories. */
function infoOf({ metadata, coordinates, scalars }: WellFile, index: number): Omit<SampleInfo, "masked"> {
  const own = <T>(list: ArrayLike<T>): T => list[list.length > 1 ? index : 0]!;
  return {
    dataset: metadata.dataset,
    grid: {
      system: metadata.gridType,
      axes: metadata.axes,
      shape: metadata.resolution,
      coordinates: coordinates.map(own),
    },
    boundaries: metadata.boundaries,
    fields: metadata.fields.map(({ name, order, timeVarying }) => ({ name, order, constant: !timeVarying })),
    scalars: Object.fromEntries(Object.entries(scalars).map(([name, values]) => [name, own(values)])),
  };
}

/** The box of a field's dataset that holds some frames of a trajectory. */
function boxOf(
  { resolution, axes }: WellFile["metadata"],
  { sampleVarying, timeVarying, dimVarying, order }: FieldInfo,
  index: number,
  first: number,
  frames: number,
): { start: number[]; count: number[] } {
  const tail = [...resolution.filter((_, i) => dimVarying[i]), ...new Array<number>(order).fill(axes.length)];
  return {
    start: [...(sampleVarying ? [index] : []), ...(timeVarying ? [first] : []), ...tail.map(() => 0)],
    count: [...(sampleVarying ? [1] : []), ...(timeVarying ? [frames] : []), ...tail],
  };
}

/**
 * Repeats numbers along axes that are not stored.
 *
 * @param values `[frames, ..stored axes, components]`
 * @param shape points of all axes
 * @param stored which axes are stored
 * @returns `[frames, ..all axes, components]`
 */
export function repeatAxes(
  values: Float32Array,
  frames: number,
  shape: readonly number[],
  stored: readonly boolean[],
  components: number,
): Float32Array {
  let expanded = values;
  // From the last axis on: what lies behind an axis is then complete, and is what is repeated.
  for (let axis = shape.length - 1, block = components; axis >= 0; axis--) {
    const times = shape[axis]!;
    if (!stored[axis]) {
      const out = new Float32Array(expanded.length * times);
      for (let from = 0, to = 0; from < expanded.length; from += block) {
        const part = expanded.subarray(from, from + block);
        for (let k = 0; k < times; k++, to += block) out.set(part, to);
      }
      expanded = out;
    }
    block *= times;
  }
  const wanted = shape.reduce((n, size) => n * size, frames * components);
  if (expanded.length !== wanted) {
    throw new RangeError(`Cannot repeat ${values.length} numbers to ${wanted}`);
  }
  return expanded;
}

/**
 * A trajectory; nothing is read yet.
 *
 * @param file open as long as `lifetime` lasts
 * @param index from 0
 * @param masks fields that are masks whatever their name
 */
export function wellTrajectory(
  file: WellFile,
  index: number,
  lifetime: Lifetime,
  masks: Masks = {},
): Trajectory {
  const { metadata, hdf5 } = file;
  const read = async (field: FieldInfo, first: number, frames: number): Promise<Float32Array> => {
    const { start, count } = boxOf(metadata, field, index, first, frames);
    const values = await hdf5.readFloat32(field.path, start, count);
    if (field.dimVarying.every(Boolean)) return values;
    const components = metadata.axes.length ** field.order;
    return repeatAxes(values, frames, metadata.resolution, field.dimVarying, components);
  };
  return makeTrajectory({
    file: metadata.file,
    index,
    info: infoOf(file, index),
    masks,
    steps: metadata.steps,
    lifetime,
    readTimes: () =>
      metadata.timeSampleVarying
        ? hdf5.readFloat64("dimensions/time", [index, 0], [1, metadata.steps])
        : hdf5.readFloat64("dimensions/time"),
    readField: async (i, first, count) => {
      const field = metadata.fields[i]!;
      if (field.timeVarying) return await read(field, first, count);
      const key = field.sampleVarying ? `${field.path}/${index}` : field.path;
      return (await kept(file, key, () => read(field, 0, 1))).slice();
    },
  });
}
