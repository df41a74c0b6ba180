// What is in simulations: splits, one trajectory's grid, times and fields, what masks hide.

import type { Dataset, SampleInfo, Split, Trajectory } from "walrus";
import { componentNames } from "walrus/data";
import type { AxisReport, DataReport, Range, TrajectoryReport } from "./report.ts";

/** How far from even steps may be, relative to the mean step: coordinates are often stored in single precision. */
const EVEN = 1e-3;

/** First and last of some numbers, and the step where it is always the same. */
export function rangeOf(numbers: Float64Array): Range {
  const [first, last] = [numbers[0] ?? NaN, numbers.at(-1) ?? NaN];
  const step = (last - first) / (numbers.length - 1);
  const even = numbers.length > 1 && Number.isFinite(step) && step !== 0 &&
    numbers.every((value, i) => Math.abs(value - (first + i * step)) <= EVEN * Math.abs(step));
  return { first, last, step: even ? step : null };
}

function axesOf({ grid, boundaries }: SampleInfo): AxisReport[] {
  return grid.coordinates.map((coordinates, i) => {
    const scattered = grid.axes.length !== grid.coordinates.length;
    const axis = scattered ? 0 : i;
    return {
      name: scattered ? `${grid.axes[0]}[${i}]` : grid.axes[i]!,
      points: grid.shape[axis]!,
      coordinates: rangeOf(coordinates),
      boundary: boundaries[axis] ? [...boundaries[axis]] as const : null,
    };
  });
}

/** Cells that masks hide; reads one frame. */
async function hiddenCells({ info, sample }: Trajectory): Promise<TrajectoryReport["hidden"]> {
  if (!info.masked) return null;
  const { hidden } = await sample([0]);
  return hidden && { cells: hidden.reduce((n, v) => n + v, 0), of: hidden.length };
}

/** What can be said of a trajectory without reading fields, but for a mask. */
export async function describeTrajectory(
  trajectory: Trajectory,
  split: string,
  index: number,
): Promise<TrajectoryReport> {
  const { info, steps } = trajectory;
  return {
    split,
    index,
    steps,
    time: rangeOf(await trajectory.times()),
    system: info.grid.system,
    axes: axesOf(info),
    fields: info.fields.map(({ name, order, constant, mask = null }) => ({
      name,
      order,
      constant,
      components: componentNames(info, { name, order, constant }),
      mask,
    })),
    scalars: info.scalars,
    hidden: await hiddenCells(trajectory),
  };
}

/** The trajectory that is looked at. */
export interface Chosen {
  readonly split: Split;
  readonly index: number;
  readonly trajectory: Trajectory;
}

/**
 * The trajectory that was asked for.
 *
 * @throws RangeError for one that is not there
 */
export async function chosenTrajectory(
  data: Dataset,
  name: string | undefined,
  index: number,
): Promise<Chosen> {
  const split = await data.split(name);
  if (index < split.trajectories) return { split, index, trajectory: split.trajectory(index) };
  throw new RangeError(
    `Split "${split.name}" of "${data.name}" has trajectories 0 to ${
      split.trajectories - 1
    }, ${index} was asked for`,
  );
}

/** Splits and their trajectories; opens every file. */
export async function describeSplits(data: Dataset): Promise<DataReport["splits"]> {
  const splits = [];
  for (const name of data.splits) {
    splits.push({ name, trajectories: (await data.split(name)).trajectories });
  }
  return splits;
}
