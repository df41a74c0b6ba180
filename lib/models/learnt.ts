// What a network was trained on, as a file beside its weights: systems, and fields with the range of their numbers. Of
// any family: it is read and written here, and says of data which of their fields the network has never seen.

import * as v from "valibot";
import { componentNames } from "../data/components.ts";
import type { Sample, SampleInfo, Split } from "../data/dataset.ts";
import { type FieldTransforms, TRANSFORMS } from "../data/transforms.ts";
import { parseYaml, writeYaml } from "../io/yaml.ts";
import type { FieldMap, Learnt, LearntField, LearntSystem, Model } from "./model.ts";

/** Name of the file beside a network's weights. */
export const LEARNT_FILE = "learnt.yaml";

const schema: v.GenericSchema<unknown, Learnt> = v.object({
  complete: v.boolean(),
  systems: v.record(
    v.string(),
    v.object({
      grid: v.array(v.number()),
      boundaries: v.array(v.string()),
      split: v.string(),
      trajectories: v.number(),
    }),
  ),
  fields: v.record(
    v.string(),
    v.object({ low: v.number(), high: v.number(), systems: v.array(v.string()) }),
  ),
});

/**
 * Reads what a network was trained on.
 *
 * @param value as it was written, parsed
 * @param name for messages
 * @throws SyntaxError naming the entry that is wrong
 */
export function checkLearnt(value: unknown, name: string = LEARNT_FILE): Learnt {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = issue.path?.map((part) => String(part.key)).join(".") || "the whole file";
  throw new SyntaxError(`Cannot read "${name}": ${path}: ${issue.message}`);
}

/** The text of a `learnt.yaml` read. @throws SyntaxError naming what is wrong */
export function parseLearnt(text: string, name: string = LEARNT_FILE): Learnt {
  return checkLearnt(parseYaml(text, name), name);
}

/** The text of a `learnt.yaml`; reads back equal. */
export function writeLearnt({ complete, systems, fields }: Learnt): string {
  return writeYaml({ complete, systems, fields });
}

/** Names of a field in the model's table, of the components that data have; the data's own where it names none. */
function namesOf(model: Model, info: SampleInfo, map: FieldMap, transforms?: FieldTransforms): string[][] {
  return model.fields(info, map, transforms).map(({ names }, i) => [...names ?? [info.fields[i]!.name]]);
}

/**
 * A network that knows what it was trained on: the places of fields it has not seen say so.
 *
 * @param model the network
 * @param learnt what it was trained on
 */
export function withLearnt<S>(model: Model<S>, learnt: Learnt): Model<S> {
  const isLearnt = (name: string) => !learnt.complete || Object.hasOwn(learnt.fields, name);
  return {
    ...model,
    learnt,
    fields: (info, map, transforms) =>
      model.fields(info, map, transforms).map((place, i) => ({
        ...place,
        learnt: place.learnt && (place.names ?? [info.fields[i]!.name]).every(isLearnt),
      })),
  };
}

/**
 * Fields of data that a network has not learnt.
 *
 * @param model the network
 * @param info of the data
 * @param options names and forms of the fields
 * @returns names of the data's fields; none where it is not known what the network has learnt
 * @throws RangeError naming fields that the model's table does not have
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const coordinates = [Float64Array.of(0, 1)];
 * const fields = ["A", "B"].map((name) => ({ name, order: 0, constant: false }));
 * const grid = { system: "cartesian", axes: ["x"], shape: [2], coordinates };
 * const info = { dataset: "own", grid, boundaries: [], fields, masked: false, scalars: {} };
 * const places = [{ columns: [3], learnt: true }, { columns: [4], learnt: true }];
 * const bare = { fields: () => places } as unknown as import("./model.ts").Model;
 * const A = { low: 0, high: 1, systems: ["own"] };
 * const model = withLearnt(bare, { complete: true, systems: {}, fields: { A } });
 * assert.deepEqual(unlearntFields(model, info), ["B"]);
 * ```
 */
export function unlearntFields(
  model: Model,
  info: SampleInfo,
  { map = {}, transforms }: { readonly map?: FieldMap; readonly transforms?: FieldTransforms } = {},
): string[] {
  const places = model.fields(info, map, transforms);
  return info.fields.flatMap(({ name }, i) => places[i]!.learnt ? [] : [name]);
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
