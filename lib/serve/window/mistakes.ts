// What a request has that was not wanted, every mistake named: with where it stands, what it is and what was wanted.

import * as v from "valibot";
import { quoted, shown } from "../../io/quote.ts";
import { Refusal } from "../refusal.ts";

/** Mistakes that are named; a request may have thousands. */
const NAMED = 8;

/** One mistake in words: `steps is "x", wanted an integer from 1`. */
function mistake({ path, input, message }: v.BaseIssue<unknown>): string {
  const where = path?.map(({ key }) => String(key)).join(".") || "it";
  return `${where.slice(0, 100)} is ${shown(input)}, wanted ${message}`;
}

/** Names that are not known, in words; the schema would stop at the first. */
function strays(value: unknown, known: readonly string[]): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const names = Object.keys(value).filter((name) => !known.includes(name));
  if (names.length === 0) return [];
  const some = names.slice(0, NAMED).map((name) => quoted(name)).join(", ");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return [`${some}${more} ${names.length > 1 ? "are" : "is"} not known, there are ${known.join(", ")}`];
}

/**
 * A checked object.
 *
 * @param schema whose messages say what was wanted
 * @param value to check
 * @param what it is, for the message: `the options`
 * @throws Refusal naming every mistake
 */
export function checked<E extends v.ObjectEntries>(
  schema: v.StrictObjectSchema<E, string>,
  value: unknown,
  what: string,
): v.InferOutput<v.StrictObjectSchema<E, string>> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const known = Object.keys(schema.entries);
  const found = result.issues.filter(({ expected, path }) => expected !== "never" || path?.length !== 1);
  const words = [...found.slice(0, NAMED).map(mistake), ...strays(value, known)];
  throw new Refusal("malformed", `Cannot take ${what}: ${words.join("; ")}`);
}
