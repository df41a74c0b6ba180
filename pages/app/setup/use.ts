// What a network makes of data: the rows of the set-up. Needs the library, so it is loaded after the first paint.

import type { Sample, SampleInfo } from "walrus";
import type { Model } from "walrus/models";
import { describeUse } from "../../../app/inspect/use.ts";
import type { Settings } from "./choice.ts";
import { type FieldRow, rangeOf, type Use } from "./describe.ts";

/** Data without some of their fields. */
export function withoutFields(info: SampleInfo, left: readonly string[]): SampleInfo {
  return left.length === 0
    ? info
    : { ...info, fields: info.fields.filter(({ name }) => !left.includes(name)) };
}

/** A sample without some of its fields. */
export function sampleWithout(sample: Sample, left: readonly string[]): Sample {
  if (left.length === 0) return sample;
  const kept = sample.info.fields.map(({ name }) => !left.includes(name));
  return {
    ...sample,
    info: withoutFields(sample.info, left),
    values: sample.values.filter((_, i) => kept[i]),
    ...(sample.real ? { real: sample.real.filter((_, i) => kept[i]) } : {}),
  };
}

/**
 * What a network makes of data.
 *
 * @param model without its weights
 * @param info of the data
 * @param input frames, for ranges; null: not read
 */
export function useOf(model: Model, info: SampleInfo, input: Sample | null, settings: Settings): Use {
  const { map, grid, leftOut } = settings;
  const used = withoutFields(info, leftOut);
  const described = describeUse(model, used, { map, grid });
  const numbers = new Map(input?.info.fields.map((field, i) => [field.name, input.values[i]!]));
  const rows = info.fields.map(({ name, constant, mask }): FieldRow => {
    const place = described.fields.find((field) => field.name === name);
    const known = mask
      ? "mask"
      : !place || place.columns === null
      ? "unknown"
      : place.learnt
      ? "learnt"
      : "listed";
    return {
      name,
      constant,
      range: numbers.has(name) ? rangeOf(numbers.get(name)!) : null,
      known,
      near: place?.near ?? [],
      used: place !== undefined,
      mapped: map[name] ?? null,
    };
  });
  return {
    rows,
    frames: described.frames.usual,
    refused: described.refused,
    grid: described.grid,
    seen: described.seen !== null,
    learntGrids: described.learntGrids,
    table: model.knownFields?.() ?? [],
  };
}
