// What a network would do with data: the columns of its fields, names that may have been meant, transforms, tokens; or
// why it can not take them.

import type { FieldMap, FieldTransforms, SampleInfo } from "walrus";
import { componentNames, didYouMean, nearNames } from "walrus/data";
import type { Model } from "walrus/models";
import type { FieldUse, UseReport } from "./report.ts";

/** How the fields are read, and how many frames. */
export interface UseOptions {
  readonly map: FieldMap;
  readonly transforms?: FieldTransforms;
  readonly frames?: number;
}

/** A shape of the network's programs, or why there is none. */
export type ShapeOrRefusal =
  | { readonly shape: unknown; readonly refused: null }
  | { readonly shape: null; readonly refused: string };

/** A field alone among the data: the network says where it goes, or that it does not know it. */
function placeOf(model: Model, info: SampleInfo, index: number, { map, transforms }: UseOptions): FieldUse {
  const field = info.fields[index]!;
  const transform = (transforms ?? model.transforms?.(info) ?? {})[field.name] ?? null;
  const known = { name: field.name, transform };
  try {
    const [place] = model.fields({ ...info, fields: [field] }, map);
    return { ...known, columns: place!.columns, learnt: place!.learnt, near: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const table = model.knownFields?.() ?? [];
    const wanted = componentNames(info, field).map((name) => String(map[name] ?? name));
    const near = wanted.filter((name) => !table.includes(name)).flatMap((name) => nearNames(name, table, 2));
    return { ...known, columns: null, learnt: null, near: [...new Set(near)].slice(0, 4) };
  }
}

/** Refuses mapped and transformed fields that the data do not have. */
function checkNames(info: SampleInfo, { map, transforms = {} }: UseOptions): void {
  const fields = info.fields.map(({ name }) => name);
  const components = info.fields.flatMap((field) => componentNames(info, field));
  for (
    const [option, names] of [["map", Object.keys(map)], ["transform", Object.keys(transforms)]] as const
  ) {
    const known = option === "map" ? [...components, ...fields] : fields;
    for (const name of names) {
      if (known.includes(name)) continue;
      const near = didYouMean(name, known);
      throw new RangeError(
        `--${option} names "${name}", the data have ${[...new Set(known)].join(", ")}${near}`,
      );
    }
  }
}

/** What the network's programs would be made for. */
export function shapeOf(model: Model, info: SampleInfo, options: UseOptions): ShapeOrRefusal {
  try {
    const { map, transforms, frames } = options;
    const shape = model.shape(info, {
      samples: 1,
      map,
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
  checkNames(info, options);
  const { shape, refused } = shapeOf(model, info, options);
  const { usual, least, most } = model.contextFrames(info);
  return {
    family: model.family,
    description: model.description,
    frames: { usual: options.frames ?? usual, least, most: Number.isFinite(most) ? most : null },
    fields: info.fields.map((_, i) => placeOf(model, info, i, options)),
    grid: refused === null ? model.gridNotes?.(shape) ?? [] : [],
    tokens: refused === null ? model.tokens?.(shape) ?? null : null,
    refused,
    shape,
  };
}
