// What a network will have learnt from data: their systems, and the ranges of their fields as the network takes them; as a
// file for those who read it later.

import { componentNames } from "../data/components.ts";
import type { Sample, SampleInfo, Split } from "../data/dataset.ts";
import { type FieldTransforms, TRANSFORMS } from "../data/transforms.ts";
import { writeYaml } from "../io/yaml_writer.ts";
import type { FieldMap, Learnt, LearntField, LearntSystem, Model } from "./model.ts";

/** Names of a field in the model's table, of the components that data have; the data's own where it names none. */
function namesOf(model: Model, info: SampleInfo, map: FieldMap, transforms?: FieldTransforms): string[][] {
  return model.fields(info, map, transforms).map(({ names }, i) => [...names ?? [info.fields[i]!.name]]);
}

/** Frames that ranges are taken from. */
const LOOKED_AT = 32;

/** Frames spread over all trajectories of a split. */
function spread(split: Split): { trajectory: number; frame: number }[] {
  const steps = Array.from({ length: split.trajectories }, (_, i) => split.trajectory(i).steps);
  const total = steps.reduce((sum, count) => sum + count, 0);
  const count = Math.min(total, LOOKED_AT);
  return Array.from({ length: count }, (_, i) => {
    let frame = Math.floor((i + 0.5) * total / count);
    let trajectory = 0;
    while (frame >= steps[trajectory]!) frame -= steps[trajectory++]!;
    return { trajectory, frame };
  });
}

/** Range of a component in the file's numbers, and the form in which the network takes them. */
interface Range {
  low: number;
  high: number;
  readonly form: (value: number) => number;
}

/** Widens ranges by the numbers of a frame. */
function widen(
  { info, values, hidden }: Sample,
  ranges: Map<string, Range>,
  names: readonly (readonly string[])[],
  transforms: FieldTransforms,
): void {
  info.fields.forEach((field, i) => {
    const transform = transforms[field.name];
    const form = transform ? TRANSFORMS[transform].apply : (value: number) => value;
    const width = componentNames(info, field).length;
    names[i]!.forEach((name, c) => {
      const range = ranges.get(name) ?? { low: Infinity, high: -Infinity, form };
      ranges.set(name, range);
      for (let at = c, point = 0; at < values[i]!.length; at += width, point++) {
        const value = values[i]![at]!;
        if (hidden?.[point] || !Number.isFinite(value)) continue;
        range.low = Math.min(range.low, value);
        range.high = Math.max(range.high, value);
      }
    });
  });
}

/** Five digits: a range says where numbers lie, no more. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

/**
 * What a network will have learnt.
 *
 * @param model the network; what it has learnt before stays
 * @param splits what it is trained on, by the names of the data sets
 * @param map names of the data's fields in the model's table, where they differ
 * @param fresh whether it starts from scratch
 */
export async function learnFrom(
  model: Model,
  splits: Readonly<Record<string, Split>>,
  map: FieldMap,
  fresh: boolean,
): Promise<Learnt> {
  const before: Learnt = model.learnt ?? { complete: fresh, systems: {}, fields: {} };
  const systems: Record<string, LearntSystem> = { ...before.systems };
  const fields: Record<string, LearntField> = { ...before.fields };
  for (const [name, split] of Object.entries(splits)) {
    const { info } = split.trajectory(0);
    const { grid, boundaries } = info;
    systems[name] = {
      grid: [...grid.shape],
      boundaries: boundaries.map((sides) => [...new Set(sides)].join(", ")),
      split: split.name,
      trajectories: split.trajectories,
    };
    const transforms = model.transforms?.(info) ?? {};
    const names = namesOf(model, info, map, transforms);
    const ranges = new Map<string, Range>();
    for (const { trajectory, frame } of spread(split)) {
      widen(await split.trajectory(trajectory).sample([frame]), ranges, names, transforms);
    }
    for (const [field, { low, high, form }] of ranges) {
      if (low > high) continue;
      const old = fields[field];
      fields[field] = {
        // Every form keeps the order of numbers.
        low: rounded(Math.min(form(low), old?.low ?? Infinity)),
        high: rounded(Math.max(form(high), old?.high ?? -Infinity)),
        systems: [...new Set([...old?.systems ?? [], name])],
      };
    }
  }
  return { complete: before.complete, systems, fields };
}

/** The text of a `learnt.yaml`; reads back equal. */
export function writeLearnt({ complete, systems, fields }: Learnt): string {
  return writeYaml({ complete, systems, fields });
}
