// What a request has that was not wanted, every mistake named: with where it stands, what it is and what was wanted.

import * as v from "valibot";
import { shown } from "../../io/quote.ts";
import { Refusal } from "../refusal.ts";

/** Mistakes that are named; a request may have thousands. */
const NAMED = 8;

/** One mistake in words: `steps is "x", wanted an integer from 1`. */
function mistake(issue: v.BaseIssue<unknown>, known: readonly string[]): string {
  const path = issue.path?.map(({ key }) => String(key)) ?? [];
  const where = path.join(".") || "it";
  if (issue.expected === "never") {
    const names = path.length === 1 ? `, there are ${known.join(", ")}` : "";
    return `${shown(path.at(-1))} is not known${
      path.length > 1 ? ` in ${path.slice(0, -1).join(".")}` : ""
    }${names}`;
  }
  return `${where.slice(0, 100)} is ${shown(issue.input)}, wanted ${issue.message}`;
}

/**
 * A checked value.
 *
 * @param schema whose messages say what was wanted
 * @param value to check
 * @param what it is, for the message: `the options`
 * @param known names it may have
 * @throws Refusal naming every mistake
 */
export function checked<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
  known: readonly string[],
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const { issues } = result;
  const words = issues.slice(0, NAMED).map((issue) => mistake(issue, known));
  const more = issues.length > NAMED ? `; and ${issues.length - NAMED} more` : "";
  throw new Refusal("malformed", `Cannot take ${what}: ${words.join("; ")}${more}`);
}
