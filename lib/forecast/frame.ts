// Predicted frames, and windows made of them.

import { varyingCount } from "../data/components.ts";
import type { Sample } from "../data/dataset.ts";

/** A predicted frame: a sample of one frame. Hidden cells are 0. */
export interface Frame extends Sample {
  /** Steps since the start window, from 1. */
  readonly step: number;
  /** Time in the data's units. */
  readonly time: number;
}

/** Numbers of the fields that vary, of one frame, in the order of the sample's fields. */
export type FrameValues = readonly Float32Array[];

/**
 * A predicted frame beside the window it continues.
 *
 * @param start the window
 * @param values predicted fields
 * @param step from 1
 * @param time of the frame
 */
export function frameAfter(start: Sample, values: FrameValues, step: number, time: number): Frame {
  return {
    info: start.info,
    times: Float64Array.of(time),
    values: [...values, ...start.values.slice(varyingCount(start.info))],
    hidden: start.hidden,
    ...(start.real ? { real: start.real } : {}),
    step,
    time,
  };
}

/**
 * The window that ends with predicted frames: as long as the one it continues.
 *
 * @param start frames that were given
 * @param frames predicted after them
 */
export function windowAfter(start: Sample, frames: readonly Frame[]): Sample {
  const length = start.times.length;
  const kept = Math.max(0, length - frames.length);
  const added = frames.slice(Math.max(0, frames.length - length));
  if (added.length === 0) return start;
  const join = (field: number): Float32Array => {
    const own = start.values[field]!;
    const size = own.length / length;
    const joined = new Float32Array(own.length);
    joined.set(own.subarray(own.length - kept * size));
    added.forEach((frame, i) => joined.set(frame.values[field]!, (kept + i) * size));
    return joined;
  };
  const count = varyingCount(start.info);
  return {
    ...start,
    times: Float64Array.from([...start.times.slice(length - kept), ...added.map(({ time }) => time)]),
    values: start.values.map((values, field) => field < count ? join(field) : values),
  };
}
