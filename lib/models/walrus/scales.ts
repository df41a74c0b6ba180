// Scales of a data-set-wide normalisation (training.md section 2): one number for all components of a field.

import type { FieldStatistic, Statistics } from "../../data/statistics.ts";
import type { ChannelGroup, Embedding } from "./embed.ts";

/** The numbers of a statistic in row-major order. */
function flatten(value: FieldStatistic): number[] {
  return typeof value === "number" ? [value] : value.flatMap((v: number | readonly number[]) => v);
}

/**
 * The one number that all components of a field share: the root of the summed squares of its stored components over
 * that of D^order, with D = 3 once embedded.
 *
 * @param value statistic of the stored components
 * @param components components once embedded
 */
function sharedScale(value: FieldStatistic, components: number): number {
  const squares = flatten(value).reduce((sum, v) => sum + v * v, 0);
  return Math.sqrt(squares) / Math.sqrt(components);
}

/**
 * Scales of every channel.
 *
 * @param statistics of the data set
 * @param embedding whose channels are scaled
 * @param epsilon smallest scale
 * @returns `std` and `deltaStd` of variable and then constant channels; constant ones have increments of scale 1
 * @throws RangeError for a field without statistics
 */
export function globalScales(
  statistics: Statistics,
  { variable, constant }: Embedding,
  epsilon: number,
): { std: Float32Array; deltaStd: Float32Array } {
  const of = (map: "rms" | "rms_delta", { name, components }: ChannelGroup): number[] => {
    const value = statistics[map][name];
    if (value === undefined) throw new RangeError(`stats.yaml has no ${map} of field "${name}"`);
    return new Array<number>(components).fill(Math.max(epsilon, sharedScale(value, components)));
  };
  return {
    std: Float32Array.from([...variable.groups, ...constant.groups].flatMap((group) => of("rms", group))),
    deltaStd: Float32Array.from([
      ...variable.groups.flatMap((group) => of("rms_delta", group)),
      ...constant.names.map(() => 1),
    ]),
  };
}
