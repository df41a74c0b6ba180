// Data beside what a network knows: a name that no data have is a mistake; a field that the network has not learnt, or
// frames that it has, are worth a warning.

import type { FieldMap, SampleInfo, Split } from "walrus";
import { nearNames, transformedName } from "walrus/data";
import { type Model, unlearntFields } from "walrus/models";

/** Names under which a map may speak of the fields of data: theirs, and those of their forms. */
function mappable({ fields }: SampleInfo, transforms: Readonly<Record<string, "log10" | "zeros_like">>) {
  return fields.map(({ name, order }) => ({ name: transformedName(name, transforms[name]), order }));
}

/**
 * Refuses names of a map that no data have.
 *
 * @param map names of the data's fields, or of their components, in the model's table
 * @param infos of all data
 * @param transforms of their fields
 * @param option that gives the map
 * @throws RangeError naming the field, and those there are
 */
export function checkMap(
  map: FieldMap,
  infos: readonly SampleInfo[],
  transforms: (info: SampleInfo) => Readonly<Record<string, "log10" | "zeros_like">>,
  option: string,
): void {
  const fields = infos.flatMap((info) => mappable(info, transforms(info)));
  const isKnown = (key: string) =>
    fields.some(({ name, order }) => order === 0 ? key === name : key.startsWith(`${name}_`));
  const unknown = Object.keys(map).find((key) => !isKnown(key));
  if (unknown === undefined) return;
  const whole = fields.find(({ name, order }) => name === unknown && order > 0);
  if (whole) {
    throw new RangeError(
      `${option} ${unknown}=${map[unknown]}: ${unknown} has components, map each: ${unknown}_x=..`,
    );
  }
  const names = [...new Set(fields.map(({ name, order }) => order === 0 ? name : `${name}_x ..`))];
  const [hint] = nearNames(unknown, fields.map(({ name }) => name), 1);
  throw new RangeError(
    `${option} ${unknown}=${map[unknown]}: the data have no field "${unknown}", ${
      hint ? `did you mean "${hint}"? They` : "they"
    } have ${names.join(", ")}`,
  );
}

/** Warns of fields that the network has not learnt. */
export function warnUnlearnt(
  model: Model,
  info: SampleInfo,
  map: FieldMap,
  transforms: Readonly<Record<string, "log10" | "zeros_like">>,
  warn: (line: string) => void,
): void {
  const unlearnt = unlearntFields(model, info, { map, transforms });
  if (unlearnt.length === 0) return;
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const isConstant = (name: string) => info.fields.some((field) => field.name === name && field.constant);
  const varying = unlearnt.filter((name) => !isConstant(name));
  if (varying.length === 0) {
    warn(
      `warning: this network has not learnt what ${
        quoted(unlearnt)
      } means, which its forecast may suffer from`,
    );
    return;
  }
  const learnt = Object.keys(model.learnt?.fields ?? {});
  const known = learnt.length > 0 ? `; it has learnt ${learnt.join(", ")}` : "";
  warn(
    `warning: this network has not learnt ${quoted(unlearnt)}: what it forecasts of ${
      quoted(varying)
    } means nothing${known}; map names to fields it has learnt, or finetune it`,
  );
}

/** Warns of scores on data that the network was trained on. */
export function warnTrainedOn({ learnt }: Model, split: Split, warn: (line: string) => void): void {
  const seen = learnt?.systems[split.dataset];
  if (!seen) return;
  if (seen.split === split.name) {
    warn(
      `warning: the network was trained on the ${split.name} split of "${split.dataset}": ` +
        "these are not scores on frames that it has not seen",
    );
  } else if (split.name === "all") {
    warn(
      `note: the network was trained on ${seen.split} data of "${split.dataset}"; whether on these frames too, ` +
        "the data do not say",
    );
  }
}
