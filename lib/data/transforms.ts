// Which fields the released model takes in another form, by data set (data.md section 5, column "transform").

/** Changes a field when it is read; its name gets the prefix `log10_` or `zeros_like_`. */
export type FieldTransform = "log10" | "zeros_like";

/** Transforms by field name. */
export type FieldTransforms = Readonly<Record<string, FieldTransform>>;

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
 * @param dataset name in the file
 * @param fields names of its fields; transforms of others are left out
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(releasedTransforms("acoustic_scattering_maze", ["pressure", "density"]), { density: "zeros_like" });
 * ```
 */
export function releasedTransforms(dataset: string, fields: readonly string[]): FieldTransforms {
  const found = RELEASED.find(([pattern]) => pattern.test(dataset))?.[1] ?? {};
  return Object.fromEntries(Object.entries(found).filter(([name]) => fields.includes(name)));
}
