// Statistics of a split, as the published generator takes them: all trajectories, frames and points together, population
// moments, increments of one step (data.md section 1). One frame is held at a time.

import { componentCount, dimensionsOf } from "./components.ts";
import type { Sample, SampleInfo, Split, Trajectory } from "./dataset.ts";
import { largestHidden, maskKind } from "./masks.ts";
import { Moments } from "./moments.ts";
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

/** Adds all frames of a trajectory. Constant fields count once. */
async function addTrajectory(trajectory: Trajectory, moments: readonly FieldMoments[]): Promise<void> {
  let before: { values: Float32Array; left: Uint8Array | null }[] = [];
  for (let frame = 0; frame < trajectory.steps; frame++) {
    const sample = await trajectory.sample([frame]);
    const bad = findNotFinite(sample, [frame]);
    if (bad) throw new RangeError(`Cannot compute statistics of ${trajectory.name}: ${bad}`);
    const now = sample.values.map((values, i) => ({ values, left: fillsOf(sample, i) }));
    for (const [i, { values, left }] of now.entries()) {
      const { constant } = sample.info.fields[i]!;
      if (constant && frame > 0) continue;
      moments[i]!.values.add(values, left);
      if (constant || frame === 0) continue;
      moments[i]!.increments.add(differences(values, before[i]!.values), either(left, before[i]!.left));
    }
    before = now;
  }
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

/**
 * Computes the statistics of a split: in double precision, in one pass that joins the moments of blocks, so that a large
 * mean costs no digits and the order of files none. Hidden cells count like others, as in the published ones, unless they
 * hold what is no number of the simulation.
 *
 * @param split usually `train`
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
export async function computeStatistics(split: Split): Promise<Statistics> {
  const { info } = split.trajectory(0);
  const moments = info.fields.map((field): FieldMoments => ({
    values: new Moments(componentCount(info, field)),
    increments: new Moments(componentCount(info, field)),
  }));
  for (let i = 0; i < split.trajectories; i++) await addTrajectory(split.trajectory(i), moments);
  const varying = info.fields.findIndex(({ constant }) => !constant);
  if (moments[varying]!.increments.count(0) === 0) {
    throw new RangeError(`Cannot compute statistics of "${split.dataset}": its trajectories have one frame`);
  }
  return tables(info, moments);
}
