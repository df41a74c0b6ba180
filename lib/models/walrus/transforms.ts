// Fields that the network takes in another form: which ones the released model was trained with, by data set (data.md
// section 5, column "transform").

import type { SampleInfo } from "../../data/dataset.ts";
import type { FieldTransforms } from "../../data/transforms.ts";

const LOGARITHMIC: FieldTransforms = { density: "log10", temperature: "log10" };

/** Data sets by the start of their names: small and converted variants keep the name of the original. */
const RELEASED: readonly (readonly [RegExp, FieldTransforms])[] = [
  [/^acoustic_/, { density: "zeros_like" }],
  [/^supernova_explosion/, LOGARITHMIC],
  [/^turbulence_gravity_cooling/, LOGARITHMIC],
  [/^turbulent_radiative_layer_3D/, LOGARITHMIC],
];

/**
 * Transforms the released model was trained with.
 *
 * @param info whose data set and fields count; transforms of fields it does not have are left out
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const fields = ["pressure", "density"].map((name) => ({ name, order: 0, constant: false }));
 * const found = releasedTransforms({ dataset: "acoustic_scattering_maze", fields });
 * assert.deepEqual(found, { density: "zeros_like" });
 * ```
 */
export function releasedTransforms(
  { dataset, fields }: Pick<SampleInfo, "dataset" | "fields">,
): FieldTransforms {
  const found = RELEASED.find(([pattern]) => pattern.test(dataset))?.[1] ?? {};
  const known = Object.entries(found).filter(([name]) => fields.some((field) => field.name === name));
  return Object.fromEntries(known);
}

/**
 * Transforms that are in force.
 *
 * @param info of the data
 * @param given by the user, in place of the released ones
 * @throws RangeError for a field that the data do not have
 */
export function transformsOf(info: SampleInfo, given: FieldTransforms | undefined): FieldTransforms {
  if (!given) return releasedTransforms(info);
  const names = info.fields.map((field) => field.name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Data set "${info.dataset}" has no field "${unknown}" to transform, it has ${names.join(", ")}`,
    );
  }
  return given;
}
