// Statistics of a split, as the published generator takes them: all trajectories, frames and points together, population
// moments, increments of one step (data.md section 1). One frame is held at a time. Moments of frames may be taken
// anywhere, by several workers at once: they are joined in the order of the frames, so that the sums are the same.

import { componentCount, dimensionsOf } from "./components.ts";
import type { Sample, SampleInfo, Split, Trajectory } from "./dataset.ts";
import { largestHidden, maskKind } from "./masks.ts";
import { blockMoments, Moments } from "./moments.ts";
import { findNotFinite } from "./not_finite.ts";
import type { FieldStatistic, Statistics } from "./statistics.ts";

/** Moments of a field and of its increments. */
interface FieldMoments {
  readonly values: Moments;
  readonly increments: Moments;
}

/** Numbers of a field's components in the form of stats.yaml: a number, a list, or lists of rows. */
function shaped(order: number, dimensions: number, of: (component: number) => number): FieldStatistic {
  const axes = Array.from({ length: dimensions }, (_, i) => i);
  if (order === 0) return of(0);
  return order === 1 ? axes.map(of) : axes.map((i) => axes.map((j) => of(i * dimensions + j)));
}

/** Points of a field that do not count: hidden ones that hold what is no number of the simulation. */
function fillsOf({ info, values, hidden }: Sample, field: number): Uint8Array | null {
  if (!hidden) return null;
  const numbers = values[field]!;
  const components = componentCount(info, info.fields[field]!);
  const largest = maskKind(info.fields[field]!)
    ? Number.MAX_VALUE
    : largestHidden(numbers, hidden, components);
  return hidden.map((isHidden, point) => {
    const own = numbers.subarray(point * components, (point + 1) * components);
    return isHidden && own.some((value) => !(Math.abs(value) <= largest)) ? 1 : 0;
  });
}

function either(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  return a && b ? a.map((left, i) => left | b[i]!) : a ?? b;
}

/** Differences as the data's own numbers have them. */
function differences(after: Float32Array, before: Float32Array): Float32Array {
  return after.map((value, i) => value - before[i]!);
}

/** Moments of one frame: of each field those of its numbers and of its increments, where it has them. */
export interface FrameMoments {
  /** Of the numbers: count, mean, sums of squared deviations and of squares of each component. */
  readonly values: readonly (Float64Array | null)[];
  /** Of the differences to the frame before. */
  readonly increments: readonly (Float64Array | null)[];
}

/** Frames whose moments are taken together. */
export interface FrameRange {
  /** Trajectory in the split. */
  readonly trajectory: number;
  /** The first frame. */
  readonly from: number;
  /** The first that no longer belongs to them. */
  readonly to: number;
}

/**
 * Moments of consecutive frames of a trajectory. Constant fields count in its first frame; the frame before the range is
 * read again for its increments.
 *
 * @param trajectory of the split
 * @param range of its frames
 * @param signal ends it between frames
 * @throws RangeError naming the first number that is not finite
 */
export async function momentsOf(
  trajectory: Trajectory,
  { from, to }: Pick<FrameRange, "from" | "to">,
  signal?: AbortSignal,
): Promise<FrameMoments[]> {
  const { fields } = trajectory.info;
  const found: FrameMoments[] = [];
  let before: { values: Float32Array; left: Uint8Array | null }[] = [];
  for (let frame = Math.max(0, from - 1); frame < to; frame++) {
    signal?.throwIfAborted();
    const sample = await trajectory.sample([frame]);
    const bad = findNotFinite(sample, [frame]);
    if (bad) throw new RangeError(`Cannot compute statistics of ${trajectory.name}: ${bad}`);
    const now = sample.values.map((values, i) => ({ values, left: fillsOf(sample, i) }));
    const of = (i: number) => componentCount(trajectory.info, fields[i]!);
    if (frame >= from) {
      found.push({
        values: now.map(({ values, left }, i) =>
          fields[i]!.constant && frame > 0 ? null : blockMoments(values, of(i), left)
        ),
        increments: now.map(({ values, left }, i) => {
          if (fields[i]!.constant || frame === 0) return null;
          const earlier = before[i]!;
          return blockMoments(differences(values, earlier.values), of(i), either(left, earlier.left));
        }),
      });
    }
    before = now;
  }
  return found;
}

function tables(info: SampleInfo, moments: readonly FieldMoments[]): Statistics {
  const table = (
    part: keyof FieldMoments,
    measure: "mean" | "deviation" | "rms",
  ): Record<string, FieldStatistic> =>
    Object.fromEntries(info.fields.flatMap(({ name, order, constant }, i) => {
      if (constant && part === "increments") return [];
      const of = (component: number) => moments[i]![part][measure](component);
      return [[name, shaped(order, dimensionsOf(info.grid), of)]];
    }));
  return {
    mean: table("values", "mean"),
    std: table("values", "deviation"),
    rms: table("values", "rms"),
    mean_delta: table("increments", "mean"),
    std_delta: table("increments", "deviation"),
    rms_delta: table("increments", "rms"),
  };
}

/** How statistics are computed. */
export interface StatisticsOptions {
  /** Takes the moments of some frames; in this thread unless given. May be called again before it has answered. */
  readonly measure?: (range: FrameRange) => Promise<readonly FrameMoments[]>;
  /** Ranges that are asked for at the same time, 1 unless given. */
  readonly ahead?: number;
  /** Told after frames: how many there were. */
  readonly onFrames?: (count: number) => void;
  /** Ends it between frames. */
  readonly signal?: AbortSignal;
}

/** Most frames of a range, so that long trajectories are shared among workers as well. */
const MOST_FRAMES = 64;

/** All frames of a split in ranges. */
function* rangesOf(split: Split): Generator<FrameRange> {
  for (let trajectory = 0; trajectory < split.trajectories; trajectory++) {
    const { steps } = split.trajectory(trajectory);
    for (let from = 0; from < steps; from += MOST_FRAMES) {
      yield { trajectory, from, to: Math.min(steps, from + MOST_FRAMES) };
    }
  }
}

/**
 * Computes the statistics of a split: in double precision, in one pass that joins the moments of blocks, so that a large
 * mean costs no digits and the order of files none. Hidden cells count like others, as in the published ones, unless they
 * hold what is no number of the simulation. The bits do not depend on who takes the moments.
 *
 * @param split usually `train`
 * @param options who takes the moments
 * @throws RangeError when trajectories have a single frame (there are no increments), or naming the first number that is
 *   not finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "./open_data.ts";
 * using data = await openData("tests/fixtures/samples-bad/00_good.hdf5");
 * const { mean, std_delta } = await computeStatistics(await data.split());
 * assert.deepEqual(Object.keys(mean), Object.keys(std_delta));
 * ```
 */
export async function computeStatistics(split: Split, options: StatisticsOptions = {}): Promise<Statistics> {
  const { info } = split.trajectory(0);
  const { ahead = 1, onFrames, signal } = options;
  const measure = options.measure ??
    ((range: FrameRange) => momentsOf(split.trajectory(range.trajectory), range, signal));
  const moments = info.fields.map((field): FieldMoments => ({
    values: new Moments(componentCount(info, field)),
    increments: new Moments(componentCount(info, field)),
  }));
  const waiting: Promise<readonly FrameMoments[]>[] = [];
  const joinNext = async () => {
    const frames = await waiting.shift()!;
    for (const { values, increments } of frames) {
      values.forEach((block, i) => block && moments[i]!.values.join(block));
      increments.forEach((block, i) => block && moments[i]!.increments.join(block));
    }
    onFrames?.(frames.length);
  };
  for (const range of rangesOf(split)) {
    signal?.throwIfAborted();
    const asked = measure(range);
    // Whoever fails first is told when its turn comes.
    asked.catch(() => {});
    waiting.push(asked);
    if (waiting.length >= ahead) await joinNext();
  }
  while (waiting.length > 0) await joinNext();
  const varying = info.fields.findIndex(({ constant }) => !constant);
  if (moments[varying]!.increments.count(0) === 0) {
    throw new RangeError(`Cannot compute statistics of "${split.dataset}": its trajectories have one frame`);
  }
  return tables(info, moments);
}
