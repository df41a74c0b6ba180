// Fields that say which cells count: a constant scalar is a mask by its name, or because the caller says so. Both
// polarities occur in files; behind this module there is one, `hidden`.

import type { MaskKind, SampleField } from "./dataset.ts";

/** Masks by the names of their fields. */
export type Masks = Readonly<Record<string, MaskKind>>;

/** Names that make a constant scalar a mask. */
export const MASK_NAMES: Masks = { mask: "hidden", fluid: "kept", valid: "kept" };

/**
 * Whether a field is a mask, and of which polarity.
 *
 * @param field of a sample
 * @param masks what the caller says; it goes before the names
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(maskKind({ name: "fluid", order: 0, constant: true }), "kept");
 * assert.equal(maskKind({ name: "fluid", order: 0, constant: false }), null);
 * assert.equal(maskKind({ name: "solid", order: 0, constant: true }, { solid: "hidden" }), "hidden");
 * ```
 */
export function maskKind({ name, order, constant, mask }: SampleField, masks: Masks = {}): MaskKind | null {
  if (!constant || order !== 0) return null;
  const by = (known: Masks) => Object.hasOwn(known, name) ? known[name] : undefined;
  return by(masks) ?? mask ?? by(MASK_NAMES) ?? null;
}

/**
 * Refuses masks that are no constant scalars of the data.
 *
 * @param file for the message
 * @throws RangeError naming the field and those that could be masks
 */
export function checkMasks(file: string, fields: readonly SampleField[], masks: Masks): void {
  const wrong = Object.keys(masks).find((name) =>
    !fields.some((field) => field.name === name && field.constant && field.order === 0)
  );
  if (wrong === undefined) return;
  const fit = fields.filter(({ constant, order }) => constant && order === 0).map(({ name }) => name);
  const is = fields.some(({ name }) => name === wrong) ? "is no constant scalar" : "is not there";
  throw new RangeError(
    `Cannot mask "${file}" by "${wrong}": the field ${is}, constant scalars are ${fit.join(", ") || "none"}`,
  );
}

/** Which cells the masks of a sample hide; null where it has none. What is no number hides too. */
export function hiddenCells(
  fields: readonly SampleField[],
  values: readonly Float32Array[],
): Uint8Array | null {
  let hidden: Uint8Array | null = null;
  for (const [i, { mask }] of fields.entries()) {
    if (!mask) continue;
    const isHidden = mask === "kept" ? (v: number) => !(Math.abs(v) > 0) : (v: number) => v !== 0;
    const own = Uint8Array.from(values[i]!, (v) => isHidden(v) ? 1 : 0);
    hidden = hidden ? hidden.map((h, p) => h | own[p]!) : own;
  }
  return hidden;
}

/** Hidden numbers that exceed all visible ones by more than this say only that there is nothing. */
const FILL = 100;

/**
 * Up to which magnitude a hidden number is taken for one of the simulation's. What lies beyond, or is no number, fills
 * the place of one: it is read as 0.
 *
 * @param values of a field, `[T, ..points, ..components]`
 * @param hidden 1 for hidden cells, `[..points]`
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(largestHidden(Float32Array.of(-2, 1, -9999), Uint8Array.of(0, 0, 1), 1), 200);
 * ```
 */
export function largestHidden(values: Float32Array, hidden: Uint8Array, components: number): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    if (!hidden[Math.floor(i / components) % hidden.length]) {
      largest = Math.max(largest, Math.abs(values[i]!));
    }
  }
  return FILL * largest;
}
