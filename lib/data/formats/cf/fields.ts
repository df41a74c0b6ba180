// Fields of a group of CF variables: components put together, channels told apart.

import type { StoredArray } from "../stored/stored_array.ts";
import type { StoredField, StoredPart } from "../stored/stored_field.ts";
import type { CfLayout, Laid } from "./layout.ts";
import { declaresMissing, unpacked } from "./values.ts";
import { textOf } from "./variable.ts";
import { groupVectors } from "./vectors.ts";

/** Fields with their components put together, and those that may lack cells by intent. */
export function fieldsOf(
  layout: CfLayout,
): { readonly fields: StoredField[]; readonly gappy: StoredField[] } {
  const parts = new Map<string, readonly StoredPart[]>();
  const byName = new Map<string, Laid>();
  for (const laid of layout.fields) {
    const { variable, axes } = laid;
    const array: StoredArray = unpacked(variable);
    const channels = axes.includes("c") ? variable.shape[axes.indexOf("c")]! : 1;
    const name = variable.name.split("/").at(-1)!;
    // As many components as axes are a vector; any other number are so many scalars.
    if (channels === 1 || (channels === layout.space.length && channels > 1)) {
      parts.set(name, Array.from({ length: channels }, (_, channel) => ({ array, axes, channel })));
      byName.set(name, laid);
      continue;
    }
    for (let channel = 0; channel < channels; channel++) {
      parts.set(`${name}_${channel}`, [{ array, axes, channel }]);
      byName.set(`${name}_${channel}`, laid);
    }
  }
  const candidates = [...byName].filter(([name]) => parts.get(name)!.length === 1);
  const grouped = groupVectors(
    candidates.map(([name, { variable, axes }]) => ({
      name,
      standardName: textOf(variable, "standard_name"),
      kind: axes.includes("t") ? "t" : "",
    })),
    layout.space,
  );
  const whole = [...parts].filter(([, own]) => own.length > 1).map(([name]) => ({ name, parts: [name] }));
  const all = [...grouped, ...whole].map(({ name, parts: names }) => {
    const own = names.flatMap((part) => parts.get(part)!);
    const laid = names.map((part) => byName.get(part)!);
    const field: StoredField = {
      name,
      order: own.length > 1 ? 1 : 0,
      constant: !laid[0]!.axes.includes("t"),
      parts: own,
    };
    return { field, isGappy: laid.some(({ variable }) => declaresMissing(variable)) };
  });
  const sorted = [
    ...all.filter(({ field }) => !field.constant),
    ...all.filter(({ field }) => field.constant),
  ];
  return {
    fields: sorted.map(({ field }) => field),
    gappy: sorted.filter(({ isGappy }) => isGappy).map(({ field }) => field),
  };
}
