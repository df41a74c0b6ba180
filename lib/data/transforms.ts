// Forms in which a network may take a field instead of its own: what they do to numbers, and back.

/** Changes a field when it is read; its name gets the prefix `log10_` or `zeros_like_`. */
export type FieldTransform = "log10" | "zeros_like";

/** Transforms by field name. */
export type FieldTransforms = Readonly<Record<string, FieldTransform>>;

/** What a transform does to numbers. */
export interface TransformRule {
  /** To a number of the file. */
  readonly apply: (value: number) => number;
  /** Null where the number does not come back: such a field can be taken in but not predicted. */
  readonly invert: ((value: number) => number) | null;
}

/** What each transform does. */
export const TRANSFORMS: Readonly<Record<FieldTransform, TransformRule>> = {
  log10: { apply: Math.log10, invert: (value) => 10 ** value },
  zeros_like: { apply: () => 0, invert: null },
};

/**
 * Transforms numbers in place.
 *
 * @param values of a field
 * @param transform which; none leaves them as they are
 * @returns `values`
 */
export function applyTransform(values: Float32Array, transform: FieldTransform | undefined): Float32Array {
  if (!transform) return values;
  const { apply } = TRANSFORMS[transform];
  for (let i = 0; i < values.length; i++) values[i] = apply(values[i]!);
  return values;
}

/**
 * Takes a transform back, in place.
 *
 * @param values of a transformed field
 * @param transform which; none leaves them as they are
 * @returns `values`
 * @throws RangeError for a transform that has no way back
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const values = applyTransform(Float32Array.of(1, 100), "log10");
 * assert.deepEqual([...values], [0, 2]);
 * assert.deepEqual([...invertTransform(values, "log10")], [1, 100]);
 * assert.throws(() => invertTransform(values, "zeros_like"), /zeros_like has no way back/);
 * ```
 */
export function invertTransform(values: Float32Array, transform: FieldTransform | undefined): Float32Array {
  if (!transform) return values;
  const { invert } = TRANSFORMS[transform];
  if (!invert) throw new RangeError(`The transform ${transform} has no way back`);
  for (let i = 0; i < values.length; i++) values[i] = invert(values[i]!);
  return values;
}

/** The name under which a network knows a field: `log10_density`. */
export function transformedName(name: string, transform: FieldTransform | undefined): string {
  return transform ? `${transform}_${name}` : name;
}
