// Forms of an answer, and which one a request accepts.

import { Refusal } from "../refusal.ts";

/** A form of answers. */
export type AnswerFormat = "json" | "npz" | "hdf5" | "sse" | "frames";

/** Media type of each; the first is answered where all are welcome. */
export const ANSWER_TYPES: Readonly<Record<AnswerFormat, string>> = {
  json: "application/json",
  npz: "application/x-npz",
  hdf5: "application/x-hdf5",
  sse: "text/event-stream",
  frames: "application/x-walrus-frames",
};

/** Further names of the same. */
const ALSO: Readonly<Record<string, AnswerFormat>> = {
  "application/zip": "npz",
  "application/x-hdf": "hdf5",
};

const FORMATS = Object.keys(ANSWER_TYPES) as AnswerFormat[];

/** Whether frames are sent as they are computed. */
export function isStream(format: AnswerFormat): boolean {
  return format === "sse" || format === "frames";
}

/** Weight of a range: `q=0.5`, 1 unless given. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.map((part) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(part)?.[1]).find((q) => q);
  const weight = given === undefined ? 1 : Number(given);
  return Number.isFinite(weight) ? weight : 0;
}

/** How much a media type is wanted by a list of ranges: the closest range counts. */
function wanted(
  type: string,
  ranges: readonly { readonly range: string; readonly weight: number }[],
): number {
  const wide = `${type.split("/")[0]}/*`;
  for (const name of [type, wide, "*/*"]) {
    const found = ranges.find(({ range }) => range === name);
    if (found) return found.weight;
  }
  return 0;
}

/**
 * The form of an answer.
 *
 * @param request its `format` in the query, else its header `accept`
 * @throws Refusal where none is accepted that there is
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const ask = (accept: string) => chooseAnswer(new Request("https://example.org", { headers: { accept } }));
 * assert.equal(ask("*" + "/*"), "json");
 * assert.equal(ask("application/x-npz;q=0.5, text/event-stream"), "sse");
 * assert.throws(() => ask("image/png"), /image\/png/);
 * ```
 */
export function chooseAnswer(request: Request): AnswerFormat {
  const named = new URL(request.url).searchParams.get("format");
  if (named !== null) {
    const format = FORMATS.find((name) => name === named || ANSWER_TYPES[name] === named) ??
      (Object.hasOwn(ALSO, named) ? ALSO[named] : undefined);
    if (format) return format;
    const words = `format is ${JSON.stringify(named.slice(0, 80))}, wanted ${FORMATS.join(", ")}`;
    throw new Refusal("not_acceptable", words);
  }
  const accept = request.headers.get("accept")?.trim() || "*/*";
  const ranges = accept.split(",").map((part) => {
    const [range = "", ...parameters] = part.split(";");
    return { range: range.trim().toLowerCase(), weight: weightOf(parameters) };
  });
  let best: { format: AnswerFormat | null; weight: number } = { format: null, weight: 0 };
  for (
    const [type, format] of [...FORMATS.map((f) => [ANSWER_TYPES[f], f] as const), ...Object.entries(ALSO)]
  ) {
    const weight = wanted(type, ranges);
    if (weight > best.weight) best = { format, weight };
  }
  if (best.format) return best.format;
  const known = Object.values(ANSWER_TYPES).join(", ");
  throw new Refusal("not_acceptable", `The request accepts ${accept.slice(0, 200)}, there are ${known}`);
}
