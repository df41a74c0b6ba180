// What describes the arrays of an answer: the same as describes those of a window, so that one can be sent as the other.

import type { Sample, SampleInfo } from "../../data/dataset.ts";
import { componentCount } from "../../data/components.ts";

/** Sizes of a field's array: frames unless it is constant, points, components. */
export function shapeOf(info: SampleInfo, field: SampleInfo["fields"][number], frames: number): number[] {
  const dimensions = componentCount(info, { ...field, order: 1 });
  return [
    ...field.constant ? [] : [frames],
    ...info.grid.shape,
    ...new Array<number>(field.order).fill(dimensions),
  ];
}

/** What is said of a window besides its numbers: entries of `arrays.yaml`. */
export interface WindowDescription {
  readonly name: string;
  readonly grid: {
    readonly axes: readonly string[];
    readonly system: string;
    readonly coordinates: Readonly<Record<string, readonly number[]>>;
  };
  readonly boundaries: Readonly<Record<string, readonly [string, string]>>;
  readonly time: readonly number[];
  readonly scalars: Readonly<Record<string, number>>;
}

/** Describes a sample in the words of docs/data.md. */
export function describeWindow({ info, times }: Pick<Sample, "info" | "times">): WindowDescription {
  const { axes, system, coordinates } = info.grid;
  // Scattered points have one axis and several coordinates, whose names a sample does not keep.
  const names = coordinates.length === axes.length ? axes : ["x", "y", "z"].slice(0, coordinates.length);
  return {
    name: info.dataset || "window",
    grid: {
      axes,
      system,
      coordinates: Object.fromEntries(names.map((name, i) => [name, [...coordinates[i]!]])),
    },
    boundaries: Object.fromEntries(axes.map((axis, i) => [axis, info.boundaries[i]!])),
    time: [...times],
    scalars: Object.fromEntries(Object.entries(info.scalars).filter(([, value]) => Number.isFinite(value))),
  };
}
