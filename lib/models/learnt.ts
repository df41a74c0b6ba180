// What a network was trained on, as a file beside its weights: systems, and fields with the range of their numbers. Of
// any family: it is read and written here, and says of data which of their fields the network has never seen.

import * as v from "valibot";
import type { SampleInfo } from "../data/dataset.ts";
import type { FieldTransforms } from "../data/transforms.ts";
import { parseYaml } from "../io/yaml.ts";
import type { FieldMap, Learnt, Model } from "./model.ts";

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
