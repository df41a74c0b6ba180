// What `arrays.yaml` says about arrays beside it: checked at once, every mistake named (docs/data.md).

import * as v from "valibot";
import { shown } from "../../../io/quote.ts";
import { parseYaml } from "../../../io/yaml.ts";
import { boundaryNamed, type BoundaryNames } from "../../boundaries.ts";

/** The file's name. */
export const DESCRIPTION = "arrays.yaml";

/** Most trajectories of a split: a range of a few letters must not become a list that fills the memory. */
const MOST_TRAJECTORIES = 1_000_000;

const text = v.pipe(v.string(), v.minLength(1));
const positive = v.pipe(v.number(), v.gtValue(0));
const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Numbers here, or the name of an array file. */
const numbers = v.union([v.pipe(v.array(v.number()), v.minLength(1)), text], "numbers or a file");
const side = v.picklist(["wall", "open", "periodic"], '"wall", "open" or "periodic"');
/** `0-79` or `80`. */
const range = v.pipe(v.string(), v.regex(/^\d+(?:-\d+)?$/, "a range such as 0-79"));

const field = v.strictObject({
  /** `.npy`, or `.npz` with an array of this name. */
  file: text,
  /** Name of the array in a `.npz`; that of the field unless given. */
  array: v.optional(text),
  order: v.optional(v.picklist([0, 1, 2]), 0),
  constant: v.optional(v.boolean(), false),
});

const schema = v.strictObject({
  name: text,
  grid: v.strictObject({
    /** In the order in which they are stored. */
    axes: v.pipe(v.array(text), v.minLength(1), v.maxLength(3)),
    system: v.optional(text, "cartesian"),
    /** Of all axes, or of each. */
    spacing: v.optional(v.union([positive, v.array(positive)], "a positive number or one for each axis")),
    origin: v.optional(v.array(v.number())),
    coordinates: v.optional(v.record(v.string(), numbers)),
  }),
  boundaries: v.record(
    v.string(),
    v.union([side, v.tuple([side, side])], "wall, open or periodic, or a list of two of them"),
  ),
  /** Time from frame to frame, the time of every frame, or a file of them. */
  time: v.optional(v.union([positive, numbers], "a positive number, numbers or a file"), 1),
  fields: v.record(
    v.string(),
    v.union([text, field], "a file, or a record with file, array, order and constant"),
  ),
  scalars: v.optional(
    v.record(v.string(), v.union([v.number(), numbers], "a number, numbers or a file")),
    {},
  ),
  /** Trajectories by split, or names of folders that each hold all files. */
  splits: v.optional(
    v.union([
      v.pipe(v.array(text), v.minLength(1)),
      v.record(v.string(), v.union([range, v.array(natural)], "a range such as 0-79 or a list of numbers")),
    ], "ranges of trajectories by name, or a list of folders"),
  ),
});

/** A field of the description. */
export type FieldDescription = v.InferOutput<typeof field>;

/** A checked description: fields as records, spacing of each axis. */
export interface Description extends Omit<v.InferOutput<typeof schema>, "fields"> {
  readonly fields: Readonly<Record<string, FieldDescription>>;
}

/** One mistake in words: `grid.axes is "x", wanted Array`. */
function mistake(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map(({ key }) => String(key)).join(".") || "the whole file";
  if (issue.expected === "never") return `${path} is not known`;
  const wanted = ["union", "regex", "picklist"].includes(issue.type)
    ? issue.message
    : issue.expected ?? issue.message;
  return `${path} is ${shown(issue.input)}, wanted ${wanted.replace("Invalid type: Expected ", "")}`;
}

/** Mistakes that only show between entries. */
function disagreements({ grid, boundaries, fields, splits }: Description): string[] {
  const { axes, spacing, coordinates, origin } = grid;
  const found: string[] = [];
  if ((spacing === undefined) === (coordinates === undefined)) {
    found.push("grid has to have either spacing or coordinates");
  }
  for (const [key, list] of [["spacing", spacing], ["origin", origin]] as const) {
    if (Array.isArray(list) && list.length !== axes.length) {
      found.push(`grid.${key} has ${list.length} numbers, wanted ${axes.length}: ${axes.join(", ")}`);
    }
  }
  // One axis may hold scattered points, which have several coordinates.
  const named = Object.keys(coordinates ?? {});
  if (
    coordinates && axes.length > 1 && (named.length !== axes.length || axes.some((a) => !named.includes(a)))
  ) {
    found.push(`grid.coordinates are of ${named.join(", ") || "nothing"}, wanted ${axes.join(", ")}`);
  }
  for (const axis of axes) if (!Object.hasOwn(boundaries, axis)) found.push(`boundaries.${axis} is absent`);
  for (const axis of Object.keys(boundaries)) {
    if (!axes.includes(axis)) found.push(`boundaries.${axis} is of no axis, there are ${axes.join(", ")}`);
  }
  if (Object.values(fields).every(({ constant }) => constant)) {
    found.push("fields has none that varies in time");
  }
  for (const [name, { file }] of Object.entries(fields)) {
    if (!/\.np[yz]$/i.test(file)) found.push(`fields.${name} is ${shown(file)}, wanted a .npy or .npz file`);
  }
  if (splits !== undefined && Object.keys(splits).length === 0) found.push("splits names none");
  for (const [name, chosen] of Array.isArray(splits) ? [] : Object.entries(splits ?? {})) {
    const count = countOf(chosen);
    if (count < 1 || count > MOST_TRAJECTORIES) {
      found.push(`splits.${name} is ${shown(chosen)}, wanted 1 to ${MOST_TRAJECTORIES} trajectories`);
    }
  }
  return found;
}

/** What was parsed, with the names of further kinds of boundary replaced by what they are taken for. */
function withKnownSides(parsed: unknown, others: BoundaryNames): unknown {
  const { boundaries } = (parsed ?? {}) as { readonly boundaries?: unknown };
  if (!boundaries) return parsed;
  const known = (_: string, value: unknown) =>
    typeof value === "string" ? boundaryNamed(value, others) ?? value : value;
  return { ...parsed as object, boundaries: JSON.parse(JSON.stringify(boundaries), known) };
}

/**
 * Reads a description.
 *
 * @param yaml its text
 * @param file its path, for messages
 * @param others what further kinds of boundary are taken for
 * @throws SyntaxError naming every mistake
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const text = "name: waves\ngrid: {axes: [x], spacing: 0.1}\nboundaries: {x: wall}\nfields: {u: u.npy}";
 * assert.deepEqual(parseDescription(text).fields.u, { file: "u.npy", order: 0, constant: false });
 * ```
 */
export function parseDescription(
  yaml: string,
  file = DESCRIPTION,
  others: BoundaryNames = {},
): Description {
  const result = v.safeParse(schema, withKnownSides(parseYaml(yaml, file), others));
  const refuse = (mistakes: readonly string[]): never => {
    throw new SyntaxError(`Cannot read "${file}": ${mistakes.join("; ")}`);
  };
  if (!result.success) return refuse(result.issues.map(mistake));
  const fields = Object.entries(result.output.fields).map(([name, value]): [string, FieldDescription] => [
    name,
    typeof value === "string" ? { file: value, order: 0, constant: false } : value,
  ]);
  const description = { ...result.output, fields: Object.fromEntries(fields) };
  const mistakes = disagreements(description);
  return mistakes.length > 0 ? refuse(mistakes) : description;
}

/** First and last of a range. */
function endsOf(range: string): readonly [number, number] {
  const [first = 0, last = first] = range.split("-").map(Number);
  return [first, last];
}

/** How many trajectories a range or list names. */
function countOf(chosen: string | readonly number[]): number {
  if (typeof chosen !== "string") return chosen.length;
  const [first, last] = endsOf(chosen);
  return last - first + 1;
}

/** Trajectories of a range or list. */
export function trajectoriesOf(chosen: string | readonly number[]): number[] {
  if (typeof chosen !== "string") return [...chosen];
  const [first] = endsOf(chosen);
  return Array.from({ length: countOf(chosen) }, (_, i) => first + i);
}
