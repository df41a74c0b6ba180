// What attributes of a Well file say, however they are written: a value alone or as a list of one (Fortran, MATLAB), a
// list of one as the value.

import type { AttributeValue } from "../../../io/hdf5.ts";
import { shown } from "../../../io/quote.ts";

function list(value: AttributeValue | undefined): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** A value that is alone, maybe in a list. */
function single(value: AttributeValue | undefined): unknown {
  const values = list(value);
  return values.length === 1 ? values[0] : undefined;
}

/** A text; null for anything else. */
export function text(value: AttributeValue | undefined): string | null {
  const found = single(value);
  return typeof found === "string" ? found : null;
}

/** A number; null for anything else. */
export function number(value: AttributeValue | undefined): number | null {
  const found = single(value);
  return typeof found === "number" ? found : null;
}

/** Whether a number is not 0; null for anything else. */
export function flag(value: AttributeValue | undefined): boolean | null {
  const found = number(value);
  return found === null ? null : found !== 0;
}

/** Flags; null where any is no number. */
export function flags(value: AttributeValue | undefined): boolean[] | null {
  const values = list(value);
  return values.every((v) => typeof v === "number") ? values.map((v) => v !== 0) : null;
}

/** Texts; null where any is none. An empty list may be stored with any element type. */
export function textList(value: AttributeValue | undefined): string[] | null {
  if (value === undefined) return null;
  const values = list(value);
  return values.every((v) => typeof v === "string") ? values.map(String) : null;
}

/** Rows of a table of names and numbers; null for anything else. */
export function parameters(value: AttributeValue | undefined): Readonly<Record<string, number>> | null {
  return typeof value === "object" && "parameters" in value ? value.parameters : null;
}

/** A value in messages; of what is not read, its type. */
export function shownValue(value: AttributeValue | undefined): string {
  if (typeof value === "object" && "unread" in value) return `of the type ${value.unread}, which is not read`;
  return shown(value);
}
