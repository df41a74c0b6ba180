// What a window may be: held against the limits before its numbers are read, and against what forecasts want after.

import { frameSize, pointCount } from "../../data/components.ts";
import type { Sample, SampleInfo, Trajectory } from "../../data/dataset.ts";
import { findNotFinite } from "../../data/not_finite.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import type { WindowOptions } from "./options.ts";

/** @throws Refusal that says what there is, and how much of it may be */
export function refuseOver(count: number, most: number, what: string): void {
  if (!(count <= most)) throw new Refusal("too_large", `${what}, this service takes at most ${most}`);
}

/** @throws Refusal for a window that has more points, fields, frames or bytes than it may */
export function checkInfo(info: SampleInfo, frames: number, limits: Limits): void {
  const { grid, fields } = info;
  const points = pointCount(grid);
  refuseOver(points, limits.points, `The window's grid of ${grid.shape.join(" x ")} has ${points} points`);
  refuseOver(fields.length, limits.fields, `The window has ${fields.length} fields`);
  refuseOver(frames, limits.frames, `The window has ${frames} frames`);
  const numbers = fields.reduce((n, field) => n + (field.constant ? 1 : frames) * frameSize(info, field), 0);
  refuseOver(4 * numbers, limits.bytes, `The window's fields take ${4 * numbers} bytes`);
}

/**
 * Numbers of the frames that are the window.
 *
 * @param steps frames that there are
 * @param options which of them
 * @param limits of their number
 * @param what has them, for messages
 * @throws Refusal for frames that there are not, or too many
 */
export function framesOf(
  steps: number,
  { start = 0, stride = 1, frames }: WindowOptions,
  limits: Limits,
  what = "The window",
): number[] {
  const first = start < 0 ? steps + start : start;
  const most = first >= 0 && first < steps ? Math.ceil((steps - first) / stride) : 0;
  const count = frames ?? most;
  if (most === 0 || count > most) {
    const asked = `${count === 0 ? "" : `${count} `}frames from ${start}${stride > 1 ? ` by ${stride}` : ""}`;
    throw new Refusal("malformed", `${what} has frames 0 to ${steps - 1}, ${asked} were asked for`);
  }
  refuseOver(count, limits.frames, `${what} has ${count} frames`);
  return Array.from({ length: count }, (_, i) => first + i * stride);
}

/**
 * Reads the frames that are asked for, once it is known that they may be read.
 *
 * @param what has them, for messages
 */
export async function readFrames(
  trajectory: Trajectory,
  options: WindowOptions,
  limits: Limits,
  what?: string,
): Promise<Sample> {
  const frames = framesOf(trajectory.steps, options, limits, what);
  checkInfo(trajectory.info, frames.length, limits);
  const sample = await trajectory.sample(frames);
  checkNumbers(sample, frames);
  return sample;
}

/** @throws Refusal for numbers that no forecast can start from */
function checkNumbers(sample: Sample, frames: readonly number[]): void {
  const { times, info } = sample;
  const bad = times.findIndex((time, i) => !Number.isFinite(time) || (i > 0 && !(time > times[i - 1]!)));
  if (bad >= 0) {
    const before = bad > 0 ? ` after ${times[bad - 1]}` : "";
    throw new Refusal(
      "unfit",
      `The time of frame ${frames[bad]} is ${times[bad]}${before}, wanted times that grow`,
    );
  }
  const axis = info.grid.coordinates.findIndex((list) => !list.every(Number.isFinite));
  if (axis >= 0) {
    const name = info.grid.axes[axis] ?? axis;
    throw new Refusal("unfit", `A coordinate of axis "${name}" is no finite number`);
  }
  const found = findNotFinite(sample, frames);
  if (found) throw new Refusal("unfit", `Cannot forecast from the window: ${found}`);
}
