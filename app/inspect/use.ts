// What a network would do with data: the columns of its fields, names that may have been meant, transforms, tokens; or
// why it can not take them.

import type { FieldMap, FieldTransforms, GridTreatment, SampleInfo } from "walrus";
import { componentNames, didYouMean, nearNames, transformedName } from "walrus/data";
import type { Learnt, Model } from "walrus/models";
import { checkMap } from "../fields.ts";
import type { FieldUse, UseReport } from "./report.ts";

/** How fields and grid are read, and how many frames. */
export interface UseOptions {
  readonly map: FieldMap;
  readonly transforms?: FieldTransforms;
  readonly frames?: number;
  readonly grid: GridTreatment;
}

/** A shape of the network's programs, or why there is none. */
export type ShapeOrRefusal =
  | { readonly shape: unknown; readonly refused: null }
  | { readonly shape: null; readonly refused: string };

/** A field alone among the data: the network says where it goes, or that it does not know it. */
function placeOf(model: Model, info: SampleInfo, index: number, { map, transforms }: UseOptions): FieldUse {
  const field = info.fields[index]!;
  const forms = transforms ?? model.transforms?.(info) ?? {};
  const known = { name: field.name, transform: forms[field.name] ?? null };
  try {
    const [place] = model.fields({ ...info, fields: [field] }, map, forms);
    return { ...known, columns: place!.columns, learnt: place!.learnt, near: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const table = model.knownFields?.() ?? [];
    const named = { ...field, name: transformedName(field.name, forms[field.name]) };
    const wanted = componentNames(info, named).map((name) => String(map[name] ?? name));
    const near = wanted.filter((name) => !table.includes(name)).flatMap((name) => nearNames(name, table, 2));
    return { ...known, columns: null, learnt: null, near: [...new Set(near)].slice(0, 4) };
  }
}

/** Refuses transforms of fields that the data do not have. */
function checkTransforms({ fields }: SampleInfo, transforms: FieldTransforms): void {
  const known = fields.map(({ name }) => name);
  const wrong = Object.keys(transforms).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  throw new RangeError(
    `--transform ${wrong}=${transforms[wrong]}: the data have ${known.join(", ")}${didYouMean(wrong, known)}`,
  );
}

/** Grids that a network has learnt, each once. */
function gridsOf({ systems }: Learnt): (readonly number[])[] {
  const grids = new Map(Object.values(systems).map(({ grid }) => [String(grid), grid] as const));
  return [...grids.values()];
}

/** What the network's programs would be made for. */
export function shapeOf(model: Model, info: SampleInfo, options: UseOptions): ShapeOrRefusal {
  try {
    const { map, transforms, frames, grid } = options;
    const shape = model.shape(info, {
      samples: 1,
      map,
      grid,
      ...(transforms ? { transforms } : {}),
      ...(frames === undefined ? {} : { frames }),
    });
    return { shape, refused: null };
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      return { shape: null, refused: error.message };
    }
    throw error;
  }
}

/**
 * What a network would do with data.
 *
 * @param model the network
 * @param info of the data
 * @param options how fields are read
 * @throws RangeError for options that name fields which the data do not have
 */
export function describeUse(
  model: Model,
  info: SampleInfo,
  options: UseOptions,
): Omit<UseReport, "name" | "steps" | "table"> & { readonly shape: unknown } {
  checkTransforms(info, options.transforms ?? {});
  checkMap(options.map, [info], (own) => options.transforms ?? model.transforms?.(own) ?? {}, "--map");
  const { shape, refused } = shapeOf(model, info, options);
  const { usual, least, most } = model.contextFrames(info);
  return {
    family: model.family,
    description: model.description,
    frames: { usual: options.frames ?? usual, least, most: Number.isFinite(most) ? most : null },
    fields: info.fields.map((_, i) => placeOf(model, info, i, options)),
    treatment: options.grid,
    seen: model.learnt?.systems[info.dataset] ?? null,
    learntGrids: model.learnt?.complete ? gridsOf(model.learnt) : null,
    grid: refused === null ? model.gridNotes?.(shape) ?? [] : [],
    tokens: refused === null ? model.tokens?.(shape) ?? null : null,
    refused,
    shape,
  };
}
