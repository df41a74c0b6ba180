// Statistics of a data set from its trajectories, as the published generator takes them: all trajectories, frames and
// points together, population moments, increments of one step (data.md section 1).

import { Moments } from "./moments.ts";
import type { FieldStatistic, Statistics } from "./statistics.ts";
import type { Split } from "./split.ts";
import type { ChannelGroup } from "./window.ts";

/** Numbers of a field's stored components in the form of stats.yaml: a number, a list, or lists of rows. */
function shaped(group: ChannelGroup, dimensions: number, of: (channel: number) => number): FieldStatistic {
  const width = Math.round(group.components ** (1 / Math.max(1, group.order)));
  const stored = Array.from({ length: dimensions }, (_, i) => i);
  if (group.order === 0) return of(group.start);
  if (group.order === 1) return stored.map((i) => of(group.start + i));
  return stored.map((i) => stored.map((j) => of(group.start + i * width + j)));
}

/**
 * Computes the statistics of a split.
 *
 * @param split opened without transforms: statistics are of the stored fields
 * @throws RangeError when trajectories have a single frame: there are no increments
 */
export async function computeStatistics(split: Split): Promise<Statistics> {
  const first = split.trajectory(0, 0);
  const { groups, constantGroups } = await first.window({ from: 0, length: 1 });
  const width = (list: readonly ChannelGroup[]) => list.reduce((n, { components }) => n + components, 0);
  const [values, increments, constants] = [
    new Moments(width(groups)),
    new Moments(width(groups)),
    new Moments(width(constantGroups)),
  ];
  for (const [file, well] of split.wells.entries()) {
    for (let index = 0; index < well.metadata.trajectories; index++) {
      const trajectory = split.trajectory(file, index);
      let before: Float32Array | undefined;
      for (let t = 0; t < trajectory.steps; t++) {
        const frame = (await trajectory.frame(t)).values;
        values.add(frame);
        if (before) increments.add(frame.map((value, i) => value - before![i]!));
        before = frame;
      }
      constants.add(await trajectory.constants());
    }
  }
  if (increments.count(0) === 0) {
    throw new RangeError(`Cannot compute statistics of "${split.name}": its trajectories have one frame`);
  }
  const dimensions = split.wells[0]!.metadata.axes.length;
  const table = (list: readonly ChannelGroup[], of: (channel: number) => number) =>
    list.map((group): [string, FieldStatistic] => [group.name, shaped(group, dimensions, of)]);
  const both = (of: (moments: Moments) => (channel: number) => number) =>
    Object.fromEntries([...table(groups, of(values)), ...table(constantGroups, of(constants))]);
  const changes = (of: (channel: number) => number) => Object.fromEntries(table(groups, of));
  return {
    mean: both((m) => (c) => m.mean(c)),
    std: both((m) => (c) => m.deviation(c)),
    rms: both((m) => (c) => m.rms(c)),
    mean_delta: changes((c) => increments.mean(c)),
    std_delta: changes((c) => increments.deviation(c)),
    rms_delta: changes((c) => increments.rms(c)),
  };
}
